"""A legacy server with the experimental tasks of 2025-11-25: PyPI `mcp` 1.x.

Usage: server_py1_tasks.py stdio
       server_py1_tasks.py http PORT     (prints `listening URL`)
"""

import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import anyio
import uvicorn
from mcp import types
from mcp.server.experimental.task_context import ServerTaskContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import CallToolResult, TextContent
from starlette.applications import Starlette
from starlette.routing import Mount

from ready import say_when_ready

FORM = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


def result(text: str, is_error: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], isError=is_error)


async def row(task: ServerTaskContext) -> CallToolResult:
    await task.update_status("rowing")
    return result("across")


async def greet(task: ServerTaskContext) -> CallToolResult:
    first = await task.elicit("Who are you?", FORM)
    second = await task.elicit(f"And your friend, {first.content['name']}?", FORM)
    return result(f"Hello, {first.content['name']} and {second.content['name']}!")


async def leak(_task: ServerTaskContext) -> CallToolResult:
    return result("it leaks", is_error=True)


async def drift(_task: ServerTaskContext) -> CallToolResult:
    await anyio.sleep(3600)
    return result("never")


TOOLS = {"row": (row, "optional"), "greet": (greet, "required"), "leak": (leak, "required"),
         "drift": (drift, "required")}


def make_server() -> Server:
    server = Server("server-py1-tasks")
    server.experimental.enable_tasks()

    @server.list_tools()
    async def list_tools() -> list[types.Tool]:
        return [
            types.Tool(
                name=name,
                inputSchema={"type": "object"},
                execution=types.ToolExecution(taskSupport=support),
            )
            for name, (_, support) in TOOLS.items()
        ]

    @server.call_tool()
    async def call_tool(name: str, _arguments: dict) -> CallToolResult | types.CreateTaskResult:
        work, support = TOOLS[name]
        experimental = server.request_context.experimental
        experimental.validate_task_mode(support)
        if not experimental.is_task:
            return result("at once")
        return await experimental.run_task(work)

    return server


async def on_a_pipe() -> None:
    server = make_server()
    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())


def over_http(port: int) -> None:
    server = make_server()
    manager = StreamableHTTPSessionManager(server)

    @asynccontextmanager
    async def running(_app: Starlette) -> AsyncIterator[None]:
        # The SDK ends the tasks of all sessions with the first session that ends, unless the
        # tasks do not live in a session.
        support = server.experimental.task_support
        async with manager.run(), support.run():
            support.run = nullcontext
            yield

    app = Starlette(routes=[Mount("/mcp", app=manager.handle_request)], lifespan=running)
    url = f"http://127.0.0.1:{port}/mcp/"
    threading.Thread(target=say_when_ready, args=[url], daemon=True).start()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if sys.argv[1] == "stdio":
    anyio.run(on_a_pipe)
else:
    over_http(int(sys.argv[2]))
