"""PyPI `mcp` 1.x, a legacy client: how it connects, and what only legacy clients do."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from functools import partial

from anyio.abc import TaskGroup
from mcp import ClientSession, StdioServerParameters, types
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from features import Features, Peer, feature
from report import Report, equal


@asynccontextmanager
async def streams(
    target: list[str], headers: Mapping[str, str]
) -> AsyncIterator[tuple[object, object]]:
    """The two directions of a server: a URL, of the old transport if it ends with `/sse`, or of a
    WebSocket, or `--`, a command and its arguments."""
    if target[0] == "--":
        async with stdio_client(StdioServerParameters(command=target[1], args=target[2:])) as both:
            yield both
    elif target[0].startswith("ws:"):
        # It is there only where the package was installed with WebSocket.
        from mcp.client.websocket import websocket_client

        async with websocket_client(target[0]) as both:
            yield both
    elif target[0].endswith("/sse"):
        async with sse_client(target[0], headers=dict(headers)) as both:
            yield both
    else:
        async with (
            create_mcp_http_client(headers=dict(headers)) as client,
            streamable_http_client(target[0], http_client=client) as (reader, writer, _),
        ):
            yield reader, writer


@asynccontextmanager
async def connected(
    target: list[str], headers: Mapping[str, str], peer: Peer
) -> AsyncIterator[ClientSession]:
    """A session that is open."""
    async with (
        streams(target, headers) as (reader, writer),
        ClientSession(reader, writer, **peer.callbacks()) as session,
    ):
        await session.initialize()
        yield session


async def check(
    target: list[str],
    peer: Peer,
    features: type[Features],
    report: Report,
    *,
    headers: Mapping[str, str] = {},
    only: Collection[str] = (),
) -> None:
    """Opens a session and tries every feature, or only some."""
    async with (
        streams(target, headers) as (reader, writer),
        ClientSession(reader, writer, **peer.callbacks()) as session,
    ):
        trial = features(session, peer)
        trial.connect = partial(connected, target, headers, peer)

        async def initialize() -> None:
            initialized = await session.initialize()
            equal(initialized.protocolVersion, "2025-11-25")
            trial.initialized = initialized

        if await report.check("initialize", initialize):
            await trial.check(report, only)


class Legacy(Features):
    """What every legacy server does."""

    initialized: types.InitializeResult

    @feature
    async def ping(self) -> None:
        await self.client.send_ping()

    async def cancel_next(self, tool: str, arguments: dict, after: object) -> None:
        """Cancels a call with a notification."""
        # The session numbers its requests one by one and keeps the next number here.
        request_id = self.client._request_id

        async def cancel(_group: TaskGroup) -> None:
            params = types.CancelledNotificationParams(requestId=request_id, reason="enough")
            cancelled = types.CancelledNotification(params=params)
            await self.client.send_notification(types.ClientNotification(cancelled))

        await self.cancelled(tool, arguments, cancel, after)
