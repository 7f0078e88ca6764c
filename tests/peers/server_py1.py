"""A legacy server: PyPI `mcp` 1.x, from 1.6 on.

Usage: server_py1.py stdio
       server_py1.py http [PORT]     (prints `listening URL`)
       server_py1.py sse [PORT]      (the transport of 2024-11-05)
       server_py1.py ws [PORT]

Without PORT it is that of the environment.
"""

import os
import sys
import threading

from mcp.server.fastmcp import Context, FastMCP
from mcp.types import SamplingMessage, TextContent
from pydantic import BaseModel

from ready import say_when_ready


class Name(BaseModel):
    name: str


def make_server(port: int) -> FastMCP:
    # Its log of requests would go to standard output.
    place = {"host": "127.0.0.1", "port": port, "log_level": "WARNING"}
    server = FastMCP("server-py1", instructions="Add numbers.", **place)

    @server.tool()
    def add(a: int, b: int) -> int:
        """Adds."""
        return a + b

    @server.tool()
    async def count(steps: int, context: Context) -> str:
        """Counts, and says how far it is."""
        for step in range(1, steps + 1):
            await context.report_progress(step, steps)
            await context.info(f"step {step}")
        return f"counted to {steps}"

    @server.tool()
    async def greet(context: Context) -> str:
        """Asks for a name."""
        answer = await context.elicit("Who are you?", Name)
        return f"Hello, {answer.data.name}!" if answer.action == "accept" else "Hello, stranger!"

    @server.tool()
    async def think(question: str, context: Context) -> str:
        """Asks the client's model."""
        content = TextContent(type="text", text=question)
        message = SamplingMessage(role="user", content=content)
        answer = await context.session.create_message([message], max_tokens=10)
        return answer.content.text

    @server.tool()
    async def where(context: Context) -> str:
        """Asks for the roots."""
        answer = await context.session.list_roots()
        return " ".join(str(root.uri) for root in answer.roots)

    @server.resource("note://welcome")
    def welcome() -> str:
        """A note."""
        return "Welcome ashore."

    @server.resource("note://{name}/greeting")
    def greeting_of(name: str) -> str:
        """A note for somebody."""
        return f"Welcome, {name}."

    @server.prompt()
    def greeting(name: str) -> str:
        """Greets."""
        return f"Greet {name}."

    return server


def serve_web_sockets(server: FastMCP, port: int) -> None:
    """The SDK's own WebSocket, which its servers have to mount themselves."""
    import uvicorn
    from mcp.server.websocket import websocket_server
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute
    from starlette.websockets import WebSocket

    async def session(socket: WebSocket) -> None:
        inner = server._mcp_server
        async with websocket_server(socket.scope, socket.receive, socket.send) as (reader, writer):
            await inner.run(reader, writer, inner.create_initialization_options())

    routes = [WebSocketRoute("/ws", session)]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=port, log_level="warning")


TRANSPORTS = {"http": ("mcp", "streamable-http"), "sse": ("sse", "sse"), "ws": ("ws", "")}
mode, *port = sys.argv[1:]
if mode == "stdio":
    make_server(0).run()
else:
    port = int(port[0] if port else os.environ["PORT"])
    path, transport = TRANSPORTS[mode]
    url = f"{'ws' if mode == 'ws' else 'http'}://127.0.0.1:{port}/{path}"
    threading.Thread(target=say_when_ready, args=[url], daemon=True).start()
    if mode == "ws":
        serve_web_sockets(make_server(port), port)
    else:
        make_server(port).run(transport)
