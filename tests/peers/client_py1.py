"""A legacy client: PyPI `mcp` 1.x, against every feature of the servers of the matrix.

Usage: client_py1.py [--feature ID]… SERVER URL
       client_py1.py [--feature ID]… SERVER -- COMMAND ARGUMENTS

SERVER is one of those at the end of this script.
"""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from mcp import ClientSession, types

import sdk1
from features import feature, wire
from matrix_features import (
    IS_INTERCEPTED,
    RESOURCE_NOT_FOUND,
    URL_REQUIRED,
    Adding,
    AddingAndAsking,
    Cell,
    Inventive,
    Options,
    SmallLegacy,
    SmallModern,
    lost,
)
from reference_features import LONG, TEXT, Reference
from report import contains, equal, run

METHODS = {
    "tools": "notifications/tools/list_changed",
    "prompts": "notifications/prompts/list_changed",
    "resources": "notifications/resources/list_changed",
    "note": "notifications/resources/updated",
}


class Legacy(sdk1.Legacy, Cell):
    """How a legacy client does what every client does."""

    not_found_code = RESOURCE_NOT_FOUND

    async def about(self) -> tuple[str, dict, str | None]:
        said = self.initialized
        return said.serverInfo.name, wire(said.capabilities), said.instructions

    @asynccontextmanager
    async def listening(
        self, kind: str, uri: str | None = None
    ) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
        if kind == "note":
            await self.client.subscribe_resource(uri)
        self.peer.notices.clear()

        async def told(kind: str) -> None:
            await self.peer.told(METHODS[kind], **({"uri": uri} if uri else {}))

        yield told
        if kind == "note":
            await self.client.unsubscribe_resource(uri)

    async def want_logs(self) -> None:
        await self.client.set_logging_level("info")

    async def cancel(self, tool: str, arguments: dict) -> None:
        await self.cancel_next(tool, arguments, self.heard_cancelled)

    def check_page(self, page: dict) -> None:
        """The identifier is the server's, or the bridge's where the server has none."""
        contains(" ".join(page), "elicitationId")


class ToLegacy(Legacy, SmallLegacy):
    """Before a server of its own era."""

    async def execution(self, listed: dict) -> None:
        equal(listed["tools"][0]["execution"], {"taskSupport": "forbidden"})

    async def need_page(self, visitor: str) -> None:
        equal(await self.refused(self.result("need_page", visitor=visitor)), URL_REQUIRED)
        equal(await self.call("need_page", visitor=visitor), f"{visitor} was there.")

    @feature
    async def elicitation_complete(self) -> None:
        await self.call("visit")
        identifier = self.peer.pages()[-1]["elicitationId"]
        await self.peer.told("notifications/elicitation/complete", elicitationId=identifier)

    @feature
    async def tasks(self) -> None:
        equal(await as_task(self.client, "toil", mark="Ada"), "Ada is done.")

    @feature
    async def roots_changed(self) -> None:
        await self.client.send_roots_list_changed()
        equal(await self.call("await_roots_changed"), "changed")


class ToExtension(sdk1.Legacy):
    """Before `eyot everything`, whose tasks are those of the extension."""

    @feature
    async def tasks(self) -> None:
        contains(await as_task(self.client, "slow_compute", seconds=1, label="Ada"), "Ada took 1")


async def as_task(client: ClientSession, tool: str, **arguments: object) -> str:
    """Calls a tool as a task, polls it to its end, and fetches its text."""
    created = await client.experimental.call_tool_as_task(tool, arguments)
    equal(created.task.status, "working")
    task = created.task.taskId
    statuses = [it.status async for it in client.experimental.poll_task(task)]
    equal(statuses[-1], "completed")
    result = await client.experimental.get_task_result(task, types.CallToolResult)
    return result.content[0].text


class ToModern(Legacy, SmallModern):
    """Before a server of the modern era."""

    async def numbers(self, result: dict) -> list[str]:
        equal(result["structuredContent"], {"result": [1, 2, 3]})
        return lost(result, "any_structured_content")

    async def hints(self, listed: dict) -> list[str]:
        equal(listed.get("ttlMs"), None)
        return ["cache_hints"] if IS_INTERCEPTED else lost(listed, "cache_hints")


class ToReference(Legacy, Reference):
    """Before the reference server, with a session to itself."""

    @feature
    async def logging(self) -> None:
        await self.client.set_logging_level("debug")
        await self.call("toggle-simulated-logging")
        await self.peer.until(lambda: self.peer.logged)
        await self.call("toggle-simulated-logging")

    @feature
    async def subscription(self) -> None:
        async with self.listening(kind="note", uri=TEXT + "1") as told:
            await self.call("toggle-subscriber-updates")
            await told("note")
            await self.call("toggle-subscriber-updates")

    @feature
    async def resources_changed(self) -> None:
        await self.check_change("resources", "gzip-file-as-resource", name="a.gz", data="data:,a")

    async def heard_cancelled(self) -> None:
        """The server does not say so, but it answers others."""
        await self.tools_call()

    @feature
    async def cancellation(self) -> None:
        await self.cancel(LONG, {"duration": 60, "steps": 300})


class ToAdding(Legacy, Adding):
    """Before a server with an old SDK."""


class ToAddingAndAsking(Legacy, AddingAndAsking):
    """Before a server with an SDK of its own age."""


SERVERS = {
    "server-legacy": ToLegacy,
    "server-modern": ToModern,
    "server-everything": ToReference,
    "server-py1": ToAddingAndAsking,
    "server-py1-old": ToAdding,
    "eyot-everything": ToExtension,
}
options = Options(sys.argv[1:])
tried = {"headers": options.headers, "only": options.only}
run(partial(sdk1.check, options.target, Inventive(types, {}), SERVERS[options.server], **tried))
