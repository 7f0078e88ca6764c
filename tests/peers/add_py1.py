"""A legacy client, PyPI `mcp` 1.x, that lets a server add.

Usage: add_py1.py URL | add_py1.py PROGRAM ARGS...
"""

import sys

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamablehttp_client


async def main(target: str, *args: str) -> None:
    if target.startswith("http"):
        connecting = streamablehttp_client(target)
    else:
        connecting = stdio_client(StdioServerParameters(command=target, args=list(args)))
    async with connecting as (reader, writer, *_), ClientSession(reader, writer) as session:
        await session.initialize()
        tools = [it.name for it in (await session.list_tools()).tools]
        result = await session.call_tool("add", {"a": 1, "b": 2})
        print(tools, result.structuredContent, flush=True)


anyio.run(main, *sys.argv[1:])
