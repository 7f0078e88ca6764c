"""A modern client, PyPI `mcp` 2.x, revision 2026-07-28, that lets a server add.

Usage: add_py2.py URL | add_py2.py PROGRAM ARGS...
"""

import sys

import anyio
from mcp import Client, StdioServerParameters


async def main(target: str, *args: str) -> None:
    is_url = target.startswith("http")
    server = target if is_url else StdioServerParameters(command=target, args=list(args))
    async with Client(server, mode="2026-07-28") as client:
        tools = [it.name for it in (await client.list_tools()).tools]
        result = await client.call_tool("add", {"a": 1, "b": 2})
        print(tools, result.structured_content, flush=True)


anyio.run(main, *sys.argv[1:])
