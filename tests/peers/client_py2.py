"""A modern client: PyPI `mcp` 2.x, revision 2026-07-28, against every feature of the servers of the matrix.

Usage: client_py2.py [--feature ID]… SERVER URL
       client_py2.py [--feature ID]… SERVER -- COMMAND ARGUMENTS

SERVER is one of those at the end of this script.
"""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import anyio
import mcp_types as types
from anyio.abc import TaskGroup
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.message import SessionMessage

from features import Features, feature
from matrix_features import (
    INVALID_PARAMS,
    IS_INTERCEPTED,
    Adding,
    AddingAndAsking,
    Cell,
    Inventive,
    Options,
    SmallLegacy,
    SmallModern,
    lost,
)
from reference_features import Reference
from report import Report, contains, equal, run
from scripted_tasks import Scripted

EVENTS = {
    "tools": "ToolsListChanged",
    "prompts": "PromptsListChanged",
    "resources": "ResourcesListChanged",
    "note": "ResourceUpdated",
}


class Modern(Cell):
    """How a modern client does what every client does."""

    not_found_code = INVALID_PARAMS

    async def about(self) -> tuple[str, dict, str | None]:
        found = await self.client.session.send_discover("2026-07-28")
        contains(" ".join(found["supportedVersions"]), "2026-07-28")
        server = found["_meta"]["io.modelcontextprotocol/serverInfo"]
        return server["name"], found["capabilities"], found.get("instructions")

    @asynccontextmanager
    async def listening(
        self, kind: str, uri: str | None = None
    ) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
        wanted = {f"{kind}_list_changed": True} if uri is None else {"resource_subscriptions": [uri]}
        async with self.client.listen(**wanted) as subscription:

            async def told(kind: str) -> None:
                event = await anext(aiter(subscription))
                equal(type(event).__name__, EVENTS[kind])

            yield told

    async def cancel(self, tool: str, arguments: dict) -> None:
        """Over HTTP, a client of this revision cancels by closing the stream of the call."""

        async def close(group: TaskGroup) -> None:
            group.cancel_scope.cancel()

        async def nothing() -> None:
            pass

        await self.cancelled(tool, arguments, close, nothing)
        await self.heard_cancelled()

    def check_page(self, page: dict) -> None:
        """The revision has no identifiers of pages."""
        equal(page.get("elicitationId"), None)


class ToLegacy(Modern, SmallLegacy):
    """Before a server of the legacy era."""

    @feature
    async def tasks(self) -> None:
        equal(await scripted().as_task("toil", {"mark": "Ada"}), "Ada is done.")

    async def execution(self, listed: dict) -> list[str]:
        equal([it for it in listed["tools"] if "execution" in it], [])
        return lost(listed, "tool_execution")

    async def need_page(self, visitor: str) -> None:
        """The error becomes a round."""
        asked = len(self.peer.pages())
        equal(await self.call("need_page", visitor=visitor), f"{visitor} was there.")
        equal(len(self.peer.pages()), asked + 1)


class ToModern(Modern, SmallModern):
    """Before a server of its own era."""

    async def numbers(self, result: dict) -> None:
        equal(result["structuredContent"], [1, 2, 3])

    async def hints(self, listed: dict) -> None:
        wanted = (0, "private") if IS_INTERCEPTED else (60_000, "public")
        equal((listed["ttlMs"], listed["cacheScope"]), wanted)


class ToReference(Modern, Reference):
    """Before the reference server, where no two calls share a session."""


class ToExtension(Features):
    """Before `eyot everything`, which has the tasks extension."""

    @feature
    async def tasks(self) -> None:
        text = await scripted().as_task("slow_compute", {"seconds": 1, "label": "Ada"})
        contains(text, "Ada took 1 seconds")


def scripted() -> Scripted:
    """The client that has what the SDK has not."""
    return Scripted(options.target[0], options.headers)


class ToAdding(Modern, Adding):
    """Before a server with an old SDK."""


class ToAddingAndAsking(Modern, AddingAndAsking):
    """Before a server with a newer one."""


SERVERS = {
    "server-legacy": ToLegacy,
    "server-modern": ToModern,
    "server-everything": ToReference,
    "server-py1": ToAddingAndAsking,
    "server-py1-old": ToAdding,
    "eyot-everything": ToExtension,
}
options = Options(sys.argv[1:])


@asynccontextmanager
async def streams(url: str) -> AsyncIterator[tuple[object, object]]:
    """The two directions of a WebSocket: this SDK has none, but takes those of others."""
    from websockets.asyncio.client import connect

    async with connect(url, subprotocols=["mcp"]) as socket, anyio.create_task_group() as group:
        came, reader = anyio.create_memory_object_stream(0)
        writer, goes = anyio.create_memory_object_stream(0)

        async def read() -> None:
            async with came:
                async for text in socket:
                    message = types.jsonrpc_message_adapter.validate_json(text, by_name=False)
                    await came.send(SessionMessage(message))

        async def write() -> None:
            async with goes:
                async for it in goes:
                    await socket.send(it.message.model_dump_json(by_alias=True, exclude_unset=True))

        group.start_soon(read)
        group.start_soon(write)
        yield reader, writer
        group.cancel_scope.cancel()


@asynccontextmanager
async def connected(peer: Inventive) -> AsyncIterator[Client]:
    """A client of what the options name."""
    url = options.target[0]
    async with AsyncExitStack() as stack:
        if url == "--":
            _, command, *arguments = options.target
            target = StdioServerParameters(command=command, args=arguments)
        elif url.startswith("ws:"):
            target = streams(url)
        elif url.endswith("/sse"):
            target = sse_client(url, headers=options.headers)
        else:
            http = create_mcp_http_client(headers=options.headers)
            target = streamable_http_client(url, http_client=await stack.enter_async_context(http))
        client = Client(target, mode="2026-07-28", log_level="info", **peer.callbacks())
        yield await stack.enter_async_context(client)


async def session(report: Report) -> None:
    peer = Inventive(types, {})
    async with connected(peer) as client:
        trial = SERVERS[options.server](client, peer)
        trial.connect = partial(connected, peer)
        await trial.check(report, options.only)


run(session)
