"""A legacy client: PyPI `mcp` 1.x against the features of `server-everything`.

Usage: client_py1.py URL
"""

import sys
from functools import partial

import anyio
from mcp import ClientSession, types
from mcp.client.streamable_http import streamable_http_client
from pydantic import AnyUrl

from report import Report, contains, equal

DYNAMIC_TEXT = "demo://resource/dynamic/text/"


class Peer:
    """The client's side of a session: it answers the server's questions and takes notes."""

    def __init__(self) -> None:
        self.logged = anyio.Event()
        self.updated = anyio.Event()
        self.updated_uri = ""

    async def sample(
        self, _context: object, params: types.CreateMessageRequestParams
    ) -> types.CreateMessageResult:
        question = params.messages[0].content
        text = types.TextContent(type="text", text=f"sampled <{question.text}>")
        return types.CreateMessageResult(role="assistant", content=text, model="a-model")

    async def elicit(self, _context: object, _params: types.ElicitRequestParams) -> types.ElicitResult:
        return types.ElicitResult(action="accept", content={"name": "Ada", "integer": 7})

    async def roots(self, _context: object) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri="file:///islands", name="islands")])

    async def log(self, _params: types.LoggingMessageNotificationParams) -> None:
        self.logged.set()

    async def notice(self, message: object) -> None:
        if isinstance(message, types.ServerNotification) and isinstance(
            message.root, types.ResourceUpdatedNotification
        ):
            self.updated_uri = str(message.root.params.uri)
            self.updated.set()


class Features:
    """One method per feature; its name is the name in the report."""

    def __init__(self, session: ClientSession, peer: Peer) -> None:
        self.session = session
        self.peer = peer

    async def call(self, tool: str, **arguments: object) -> str:
        result = await self.session.call_tool(tool, arguments)
        equal(result.isError, False)
        return "\n".join(it.text for it in result.content if it.type == "text")

    async def ping(self) -> None:
        await self.session.send_ping()

    async def tools(self) -> None:
        tools = {it.name for it in (await self.session.list_tools()).tools}
        wanted = {
            "echo",
            "get-sum",
            "get-roots-list",
            "trigger-sampling-request",
            "trigger-elicitation-request",
        }
        equal(wanted - tools, set())

    async def call_echo(self) -> None:
        equal(await self.call("echo", message="hello ✓"), "Echo: hello ✓")

    async def call_unknown(self) -> None:
        result = await self.session.call_tool("no-such-tool", {})
        equal(result.isError, True)

    async def structured_content(self) -> None:
        result = await self.session.call_tool("get-structured-content", {"location": "New York"})
        equal(result.structuredContent["temperature"], 33)

    async def concurrent_calls(self) -> None:
        async def one(number: int) -> None:
            equal(await self.call("echo", message=f"call {number}"), f"Echo: call {number}")

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(one, number)

    async def resources(self) -> None:
        resources = (await self.session.list_resources()).resources
        read = await self.session.read_resource(resources[0].uri)
        equal(str(read.contents[0].uri), str(resources[0].uri))

    async def templates(self) -> None:
        templates = (await self.session.list_resource_templates()).resourceTemplates
        contains(" ".join(it.uriTemplate for it in templates), DYNAMIC_TEXT + "{resourceId}")
        read = await self.session.read_resource(AnyUrl(DYNAMIC_TEXT + "7"))
        contains(read.contents[0].text, "Resource 7")

    async def prompts(self) -> None:
        prompts = {it.name for it in (await self.session.list_prompts()).prompts}
        equal({"simple-prompt", "args-prompt"} - prompts, set())
        prompt = await self.session.get_prompt("args-prompt", {"city": "Paris"})
        equal(prompt.messages[0].content.text, "What's weather in Paris?")

    async def completion(self) -> None:
        reference = types.PromptReference(type="ref/prompt", name="completable-prompt")
        completed = await self.session.complete(reference, {"name": "department", "value": "S"})
        equal(completed.completion.values, ["Sales", "Support"])

    async def progress(self) -> None:
        steps: list[float] = []

        async def step(done: float, _total: float | None, _message: str | None) -> None:
            steps.append(done)

        arguments = {"duration": 0.5, "steps": 5}
        await self.session.call_tool("trigger-long-running-operation", arguments, progress_callback=step)
        equal(steps, [1, 2, 3, 4, 5])

    async def logging(self) -> None:
        await self.session.set_logging_level("debug")
        await self.call("toggle-simulated-logging")
        await self.peer.logged.wait()
        await self.call("toggle-simulated-logging")

    async def sampling(self) -> None:
        contains(await self.call("trigger-sampling-request", prompt="why?", maxTokens=10), "why?>")

    async def elicitation(self) -> None:
        contains(await self.call("trigger-elicitation-request"), "- Name: Ada")

    async def roots(self) -> None:
        contains(await self.call("get-roots-list"), "file:///islands")

    async def subscription(self) -> None:
        uri = AnyUrl(DYNAMIC_TEXT + "1")
        await self.session.subscribe_resource(uri)
        await self.call("toggle-subscriber-updates")
        await self.peer.updated.wait()
        equal(self.peer.updated_uri, str(uri))
        await self.call("toggle-subscriber-updates")
        await self.session.unsubscribe_resource(uri)

    async def cancel(self) -> None:
        running = anyio.Event()
        # The session numbers its requests one by one and keeps the next number here.
        request_id = self.session._request_id

        async def step(*_: object) -> None:
            running.set()

        async def call() -> None:
            arguments = {"duration": 60, "steps": 300}
            await self.session.call_tool("trigger-long-running-operation", arguments, progress_callback=step)
            raise AssertionError("the cancelled call was answered")

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await running.wait()
            params = types.CancelledNotificationParams(requestId=request_id, reason="enough")
            await self.session.send_notification(
                types.ClientNotification(types.CancelledNotification(params=params))
            )
            await self.call_echo()
            group.cancel_scope.cancel()
        await self.ping()


FEATURES = [
    Features.ping,
    Features.tools,
    Features.call_echo,
    Features.call_unknown,
    Features.structured_content,
    Features.concurrent_calls,
    Features.resources,
    Features.templates,
    Features.prompts,
    Features.completion,
    Features.progress,
    Features.logging,
    Features.sampling,
    Features.elicitation,
    Features.roots,
    Features.subscription,
    Features.cancel,
]


async def run(url: str, report: Report) -> None:
    peer = Peer()
    async with (
        streamable_http_client(url) as (reader, writer, _),
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
        await run(sys.argv[1], report)
    except Exception as error:
        report.fail("session", error)
    report.exit()


anyio.run(main)
