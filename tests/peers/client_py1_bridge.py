"""A legacy client: PyPI `mcp` 1.x against the features of `server_modern.mjs`, which is not legacy.

Usage: client_py1_bridge.py URL
"""

import sys
from functools import partial

import anyio
from mcp import ClientSession, McpError, types
from mcp.client.streamable_http import streamable_http_client
from pydantic import AnyUrl

from report import Report, contains, equal

NOTE = "note://welcome"


class Peer:
    """The client's side of a session: it answers the server's questions and takes notes."""

    def __init__(self) -> None:
        self.asked = 0
        self.updated = anyio.Event()
        self.tools_changed = anyio.Event()

    async def elicit(self, _context: object, params: types.ElicitRequestParams) -> types.ElicitResult:
        """Gives every call another name, and the colour that belongs to the name that is told."""
        if "colour" in params.requestedSchema["properties"]:
            name = params.message.removeprefix("Which colour do you like, ").removesuffix("?")
            return types.ElicitResult(action="accept", content={"colour": f"colour of {name}"})
        self.asked += 1
        return types.ElicitResult(action="accept", content={"name": f"user {self.asked}"})

    async def notice(self, message: object) -> None:
        if not isinstance(message, types.ServerNotification):
            return
        if isinstance(message.root, types.ResourceUpdatedNotification):
            equal(str(message.root.params.uri), NOTE)
            self.updated.set()
        if isinstance(message.root, types.ToolListChangedNotification):
            self.tools_changed.set()


class Features:
    """One method per feature; its name is the name in the report."""

    def __init__(self, session: ClientSession, peer: Peer) -> None:
        self.session = session
        self.peer = peer

    async def call(self, tool: str, **arguments: object) -> str:
        result = await self.session.call_tool(tool, arguments)
        equal(result.isError, False)
        return result.content[0].text

    async def ping(self) -> None:
        await self.session.send_ping()

    async def tools(self) -> None:
        tools = {it.name for it in (await self.session.list_tools()).tools}
        equal({"echo", "add", "slow_progress", "ask_name"} - tools, set())

    async def call_echo(self) -> None:
        equal(await self.call("echo", message="hello ✓"), "Echo: hello ✓")

    async def call_unknown(self) -> None:
        try:
            result = await self.session.call_tool("no-such-tool", {})
        except McpError as error:
            contains(str(error), "no-such-tool")
        else:
            equal(result.isError, True)

    async def structured_content(self) -> None:
        result = await self.session.call_tool("add", {"a": 2, "b": 3})
        equal(result.structuredContent, {"sum": 5})

    async def concurrent_calls(self) -> None:
        async def one(number: int) -> None:
            equal(await self.call("echo", message=f"call {number}"), f"Echo: call {number}")

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(one, number)

    async def rounds(self) -> None:
        """Twenty calls that ask twice each: every one gets its own two answers."""
        said: list[str] = []

        async def one() -> None:
            said.append(await self.call("ask_name"))

        first = self.peer.asked + 1
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(one)
        names = [f"user {number}" for number in range(first, first + 20)]
        equal(sorted(said), sorted(f"Hello, {it}, who likes colour of {it}!" for it in names))

    async def resources(self) -> None:
        resources = (await self.session.list_resources()).resources
        equal([str(it.uri) for it in resources], [NOTE])
        read = await self.session.read_resource(AnyUrl(NOTE))
        equal(read.contents[0].text, "Welcome ashore.")

    async def prompts(self) -> None:
        equal([it.name for it in (await self.session.list_prompts()).prompts], ["greeting"])
        prompt = await self.session.get_prompt("greeting", {"name": "Ada"})
        equal(prompt.messages[0].content.text, "Greet Ada.")

    async def progress(self) -> None:
        steps: list[float] = []

        async def step(done: float, _total: float | None, _message: str | None) -> None:
            steps.append(done)

        await self.session.call_tool("slow_progress", {"steps": 5}, progress_callback=step)
        equal(steps, [1, 2, 3, 4, 5])

    async def changes(self) -> None:
        await self.call("change_tools")
        await self.peer.tools_changed.wait()

    async def subscription(self) -> None:
        await self.session.subscribe_resource(AnyUrl(NOTE))
        await self.call("change_note")
        await self.peer.updated.wait()
        await self.session.unsubscribe_resource(AnyUrl(NOTE))

    async def cancel(self) -> None:
        running = anyio.Event()
        # The session numbers its requests one by one and keeps the next number here.
        request_id = self.session._request_id

        async def step(*_: object) -> None:
            running.set()

        async def call() -> None:
            arguments = {"steps": 1000, "step_ms": 50}
            await self.session.call_tool("slow_progress", arguments, progress_callback=step)
            raise AssertionError("the cancelled call was answered")

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await running.wait()
            params = types.CancelledNotificationParams(requestId=request_id, reason="enough")
            await self.session.send_notification(
                types.ClientNotification(types.CancelledNotification(params=params))
            )
            # The server itself says that it has heard of it.
            equal(await self.call("await_cancelled"), "cancelled")
            group.cancel_scope.cancel()


FEATURES = [
    Features.ping,
    Features.tools,
    Features.call_echo,
    Features.call_unknown,
    Features.structured_content,
    Features.concurrent_calls,
    Features.rounds,
    Features.resources,
    Features.prompts,
    Features.progress,
    Features.changes,
    Features.subscription,
    Features.cancel,
]


async def run(url: str, report: Report) -> None:
    peer = Peer()
    async with (
        streamable_http_client(url) as (reader, writer, _),
        ClientSession(
            reader, writer, elicitation_callback=peer.elicit, message_handler=peer.notice
        ) as session,
    ):

        async def initialize() -> None:
            initialized = await session.initialize()
            equal(initialized.protocolVersion, "2025-11-25")
            equal(initialized.serverInfo.name, "server-modern")
            equal(initialized.instructions, "Ask for a name.")

        if not await report.check("initialize", initialize):
            return
        features = Features(session, peer)
        for feature in FEATURES:
            await report.check(feature.__name__, partial(feature, features))


async def main() -> None:
    report = Report()
    try:
        await run(sys.argv[1], report)
    except Exception as error:
        report.fail("session", error)
    report.exit()


anyio.run(main)
