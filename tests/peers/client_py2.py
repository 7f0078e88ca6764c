"""A modern client: PyPI `mcp` 2.x, revision 2026-07-28, against the features of `server_modern.mjs`.

Usage: client_py2.py URL
"""

import sys

import mcp_types as types
from anyio.abc import TaskGroup
from mcp import Client

from features import Peer, feature
from modern_features import LONG, NOTE, ServerModern
from report import Report, contains, equal, run


class Modern(ServerModern):
    """What only modern clients do with it."""

    @feature
    async def discover(self) -> None:
        found = await self.client.session.discover()
        contains(" ".join(found.supported_versions), "2026-07-28")

    @feature
    async def input_required(self) -> None:
        equal(await self.call("ask_name"), "Hello, Ada, who likes green!")

    @feature
    async def listen(self) -> None:
        filters = {"tools_list_changed": True, "resource_subscriptions": [NOTE]}
        async with self.client.listen(**filters) as subscription:
            events = aiter(subscription)
            await self.call("change_tools")
            equal(type(await anext(events)).__name__, "ToolsListChanged")
            await self.call("change_note")
            equal((await anext(events)).uri, NOTE)

    @feature
    async def cancel(self) -> None:
        """Over HTTP, a client of this revision cancels by closing the stream of the call."""

        async def close(group: TaskGroup) -> None:
            group.cancel_scope.cancel()

        async def nothing() -> None:
            pass

        await self.cancelled("slow_progress", LONG, close, nothing)
        await self.heard_cancelled()


async def session(report: Report) -> None:
    peer = Peer(types, {"name": "Ada", "colour": "green"})
    async with Client(sys.argv[1], mode="2026-07-28", **peer.callbacks()) as client:
        await Modern(client, peer).check(report)


run(session)
