"""PyPI `mcp` 1.x, a legacy client, against `eyot everything`.

Usage: everything_py1.py URL
       everything_py1.py -- COMMAND ARGUMENTS
"""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import anyio
from mcp import ClientSession, StdioServerParameters, types
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from pydantic import AnyUrl

from report import Report, contains, equal

WATCHED = AnyUrl("test://watched-resource")
ROUNDS = "test_input_required_result_"
ANSWERS = {
    "name": "Ada",
    "color": "green",
    "ok": True,
    "context": "islands",
    "username": "ada",
    "email": "ada@example.org",
}


class Peer:
    """What the client answers to the server, and hears from it."""

    def __init__(self) -> None:
        self.logged: list[object] = []
        self.asked: list[types.ElicitRequestParams] = []
        self.notices: list[str] = []
        self.noticed = anyio.Event()

    async def elicit(self, _context: object, params: types.ElicitRequestParams) -> types.ElicitResult:
        self.asked.append(params)
        fields = params.requestedSchema["properties"]
        content = {it: ANSWERS[it] for it in fields if it in ANSWERS}
        return types.ElicitResult(action="accept", content=content)

    async def sample(
        self, _context: object, params: types.CreateMessageRequestParams
    ) -> types.CreateMessageResult:
        question = params.messages[0].content
        text = types.TextContent(type="text", text=f"sampled <{question.text}>")
        return types.CreateMessageResult(role="assistant", content=text, model="a-model")

    async def roots(self, _context: object) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri="file:///islands")])

    async def log(self, params: types.LoggingMessageNotificationParams) -> None:
        self.logged.append(params.data)

    async def notice(self, message: object) -> None:
        if isinstance(message, types.ServerNotification):
            self.notices.append(message.root.method)
            self.noticed.set()


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

    async def content(self) -> None:
        equal(await self.call("test_simple_text"), "This is a simple text response for testing.")
        result = await self.session.call_tool("test_multiple_content_types", {})
        equal([it.type for it in result.content], ["text", "image", "resource"])
        result = await self.session.call_tool("test_error_handling", {})
        equal(result.isError, True)

    async def progress(self) -> None:
        steps: list[float] = []

        async def step(done: float, _total: float | None, _message: str | None) -> None:
            steps.append(done)

        await self.session.call_tool("test_tool_with_progress", {}, progress_callback=step)
        equal(steps, [0, 50, 100])

    async def logging(self) -> None:
        await self.session.set_logging_level("info")
        await self.call("test_tool_with_logging")
        equal(len(self.peer.logged), 3)

    async def sampling(self) -> None:
        equal(await self.call("test_sampling", prompt="why?"), "LLM response: sampled <why?>")

    async def elicitation(self) -> None:
        said = await self.call("test_elicitation", message="Who are you?")
        equal(json.loads(said.partition("content=")[2]), {"username": "ada", "email": "ada@example.org"})
        await self.call("test_elicitation_sep1034_defaults")
        fields = self.peer.asked[-1].requestedSchema["properties"]
        equal(list(fields), ["name", "age", "score", "status", "verified"])

    async def rounds(self) -> None:
        equal(await self.call(ROUNDS + "elicitation"), "Hello, Ada!")
        equal(await self.call(ROUNDS + "request_state"), "state-ok")
        equal(await self.call(ROUNDS + "multi_round"), "Ada likes green.")
        said = await self.call(ROUNDS + "multiple_inputs")
        equal(said, "sampled <Write a greeting.> Ada, of 1 roots")

    async def resources(self) -> None:
        read = await self.session.read_resource(AnyUrl("test://static-text"))
        equal(read.contents[0].mimeType, "text/plain")
        read = await self.session.read_resource(AnyUrl("test://template/123/data"))
        equal(json.loads(read.contents[0].text)["data"], "Data for ID: 123")
        try:
            await self.session.read_resource(AnyUrl("test://nothing"))
        except Exception as error:
            contains(str(error), "not found")
        else:
            raise AssertionError("nothing was read")

    async def prompts(self) -> None:
        prompt = await self.session.get_prompt("test_prompt_with_arguments", {"arg1": "a", "arg2": "b"})
        equal(prompt.messages[0].content.text, "Prompt with arguments: arg1='a', arg2='b'")
        prompt = await self.session.get_prompt(ROUNDS + "prompt")
        equal(prompt.messages[0].content.text, "Context: islands")

    async def completion(self) -> None:
        reference = types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
        completed = await self.session.complete(reference, {"name": "arg1", "value": "par"})
        equal(completed.completion.values, ["paris", "park", "party"])

    async def changes(self) -> None:
        await self.session.subscribe_resource(WATCHED)
        for tool, method in CHANGES.items():
            await self.call(tool)
            await self.told(method)
        await self.session.unsubscribe_resource(WATCHED)

    async def told(self, method: str) -> None:
        while method not in self.peer.notices:
            self.peer.noticed = anyio.Event()
            await self.peer.noticed.wait()

    async def reconnection(self) -> None:
        equal(await self.call("test_reconnection"), "Reconnection test completed successfully")


CHANGES = {
    "test_trigger_tool_change": "notifications/tools/list_changed",
    "test_trigger_prompt_change": "notifications/prompts/list_changed",
    "test_update_resource": "notifications/resources/updated",
}
FEATURES = [
    Features.ping,
    Features.content,
    Features.progress,
    Features.logging,
    Features.sampling,
    Features.elicitation,
    Features.rounds,
    Features.resources,
    Features.prompts,
    Features.completion,
    Features.changes,
    Features.reconnection,
]


@asynccontextmanager
async def connected(target: list[str]) -> AsyncIterator[tuple[object, object]]:
    if target[0] == "--":
        async with stdio_client(StdioServerParameters(command=target[1], args=target[2:])) as streams:
            yield streams
    else:
        async with streamable_http_client(target[0]) as (reader, writer, _):
            yield reader, writer


async def run(target: list[str], report: Report) -> None:
    peer = Peer()
    async with (
        connected(target) as (reader, writer),
        ClientSession(
            reader,
            writer,
            sampling_callback=peer.sample,
            elicitation_callback=peer.elicit,
            list_roots_callback=peer.roots,
            logging_callback=peer.log,
            message_handler=peer.notice,
        ) as session,
    ):

        async def initialize() -> None:
            equal((await session.initialize()).protocolVersion, "2025-11-25")

        if not await report.check("initialize", initialize):
            return
        features = Features(session, peer)
        for feature in FEATURES:
            await report.check(feature.__name__, partial(feature, features))


async def main() -> None:
    report = Report()
    try:
        await run(sys.argv[1:], report)
    except Exception as error:
        report.fail("session", error)
    report.exit()


anyio.run(main)
