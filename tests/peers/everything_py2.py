"""PyPI `mcp` 2.x in either era against `eyot everything`.

Usage: everything_py2.py MODE URL
       everything_py2.py MODE -- COMMAND ARGUMENTS

MODE is `legacy` or `2026-07-28`.
"""

import sys

import mcp_types as types
from mcp import Client, StdioServerParameters

from everything_features import ANSWERS, WATCHED, Everything
from features import Peer, feature
from report import Report, equal, run

LEGACY = "legacy"
EVENTS = {
    "test_trigger_tool_change": "ToolsListChanged",
    "test_trigger_prompt_change": "PromptsListChanged",
    "test_update_resource": "ResourceUpdated",
}


class Legacy(Everything):
    """As a legacy client."""

    @feature
    async def version(self) -> None:
        equal(self.client.protocol_version, "2025-11-25")


class Modern(Everything):
    """As a modern client, which wants its log messages with every call and listens for changes."""

    async def want_logs(self) -> None:
        pass

    @feature
    async def version(self) -> None:
        equal(self.client.protocol_version, "2026-07-28")

    @feature
    async def changes(self) -> None:
        filters = {
            "tools_list_changed": True,
            "prompts_list_changed": True,
            "resource_subscriptions": [WATCHED],
        }
        async with self.client.listen(**filters) as subscription:
            events = aiter(subscription)
            for tool, name in EVENTS.items():
                await self.call(tool)
                equal(type(await anext(events)).__name__, name)


async def session(report: Report) -> None:
    mode, server, *command = sys.argv[1:]
    if server == "--":
        server = StdioServerParameters(command=command[0], args=command[1:])
    peer = Peer(types, ANSWERS)
    async with Client(server, mode=mode, log_level="info", **peer.callbacks()) as client:
        features = Legacy if mode == LEGACY else Modern
        await features(client, peer).check(report)


run(session)
