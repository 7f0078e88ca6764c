"""A legacy client: PyPI `mcp` 1.x against the features of `server_modern.mjs`, which is not legacy.

Usage: client_py1_bridge.py URL
"""

import sys
from functools import partial

from mcp import types

import sdk1
from features import Peer, feature
from modern_features import LONG, NOTE, ServerModern
from report import equal, run


class Inventive(Peer):
    """Gives every call another name, and the colour that belongs to the name that is told."""

    def __init__(self) -> None:
        super().__init__(types, {})
        self.named = 0

    def answer(self, asked: dict) -> dict:
        if "colour" in asked["requestedSchema"]["properties"]:
            name = asked["message"].removeprefix("Which colour do you like, ").removesuffix("?")
            return {"colour": f"colour of {name}"}
        self.named += 1
        return {"name": f"user {self.named}"}


class Bridged(sdk1.Legacy, ServerModern):
    """What Eyot makes of the server for a legacy client."""

    peer: Inventive

    @feature
    async def instructions(self) -> None:
        equal(self.initialized.serverInfo.name, "server-modern")
        equal(self.initialized.instructions, "Ask for a name.")

    @feature
    async def rounds(self) -> None:
        """Twenty calls that ask twice each: every one gets its own two answers."""
        said: list[str] = []

        async def one(_number: int) -> None:
            said.append(await self.call("ask_name"))

        first = self.peer.named + 1
        await self.calls(one)
        names = [f"user {number}" for number in range(first, first + 20)]
        equal(sorted(said), sorted(f"Hello, {it}, who likes colour of {it}!" for it in names))

    @feature
    async def changes(self) -> None:
        await self.call("change_tools")
        await self.peer.told("notifications/tools/list_changed")

    @feature
    async def subscription(self) -> None:
        await self.client.subscribe_resource(NOTE)
        await self.call("change_note")
        await self.peer.told("notifications/resources/updated", uri=NOTE)
        await self.client.unsubscribe_resource(NOTE)

    @feature
    async def cancel(self) -> None:
        await self.cancel_next("slow_progress", LONG, self.heard_cancelled)


run(partial(sdk1.check, sys.argv[1:], Inventive(), Bridged))
