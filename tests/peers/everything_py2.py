"""PyPI `mcp` 2.x in either era against `eyot everything`.

Usage: everything_py2.py MODE URL
       everything_py2.py MODE -- COMMAND ARGUMENTS

MODE is `legacy` or `2026-07-28`.
"""

import json
import sys
from functools import partial

import anyio
import mcp_types as types
from mcp import Client, StdioServerParameters

from report import Report, contains, equal

LEGACY = "legacy"
WATCHED = "test://watched-resource"
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
        fields = params.requested_schema["properties"]
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
        if method := getattr(message, "method", None):
            self.notices.append(method)
            self.noticed.set()


class Features:
    """One method per feature; its name is the name in the report."""

    def __init__(self, client: Client, peer: Peer, mode: str) -> None:
        self.client = client
        self.peer = peer
        self.mode = mode

    async def call(self, tool: str, **arguments: object) -> str:
        result = await self.client.call_tool(tool, arguments)
        equal(result.is_error, False)
        return result.content[0].text

    async def version(self) -> None:
        equal(self.client.protocol_version, "2025-11-25" if self.mode == LEGACY else self.mode)

    async def tools(self) -> None:
        tools = {it.name: it for it in (await self.client.list_tools()).tools}
        schema = tools["json_schema_2020_12_tool"].input_schema
        equal(schema["$defs"]["address"]["$anchor"], "addressDef")
        equal(schema["else"], {"required": ["email"]})

    async def content(self) -> None:
        equal(await self.call("test_simple_text"), "This is a simple text response for testing.")
        for tool, kinds in {
            "test_image_content": ["image"],
            "test_audio_content": ["audio"],
            "test_embedded_resource": ["resource"],
            "test_multiple_content_types": ["text", "image", "resource"],
        }.items():
            result = await self.client.call_tool(tool, {})
            equal([it.type for it in result.content], kinds)

    async def errors(self) -> None:
        result = await self.client.call_tool("test_error_handling", {})
        equal(result.is_error, True)
        contains(result.content[0].text, "intentionally")
        result = await self.client.call_tool("json_schema_2020_12_tool", {"name": "Ada"})
        equal(result.is_error, True)
        contains(result.content[0].text, "email")

    async def schema(self) -> None:
        text = await self.call("json_schema_2020_12_tool", name="Ada", email="ada@example.org")
        contains(text, "ada@example.org")

    async def mirrored_argument(self) -> None:
        await self.client.list_tools()
        for region in ["eu-north", "Åland", " padded "]:
            equal(await self.call("test_x_mcp_header", region=region), f"Region: {region}")

    async def progress(self) -> None:
        steps: list[float] = []

        async def step(done: float, _total: float | None, _message: str | None) -> None:
            steps.append(done)

        await self.client.call_tool("test_tool_with_progress", {}, progress_callback=step)
        equal(steps, [0, 50, 100])

    async def logging(self) -> None:
        if self.mode == LEGACY:
            await self.client.set_logging_level("info")
        await self.call("test_tool_with_logging")
        equal(self.peer.logged, ["Tool execution started", "Tool processing data", "Tool execution completed"])

    async def sampling(self) -> None:
        equal(await self.call("test_sampling", prompt="why?"), "LLM response: sampled <why?>")

    async def elicitation(self) -> None:
        said = await self.call("test_elicitation", message="Who are you?")
        equal(json.loads(said.partition("content=")[2]), {"username": "ada", "email": "ada@example.org"})
        equal(self.peer.asked[-1].message, "Who are you?")
        contains(await self.call("test_streaming_elicitation"), "action=accept")

    async def forms(self) -> None:
        await self.call("test_elicitation_sep1034_defaults")
        fields = self.peer.asked[-1].requested_schema["properties"]
        equal(list(fields), ["name", "age", "score", "status", "verified"])
        equal([it["default"] for it in fields.values()], ["John Doe", 30, 95.5, "active", True])
        await self.call("test_elicitation_sep1330_enums")
        fields = self.peer.asked[-1].requested_schema["properties"]
        equal(fields["legacyEnum"]["enumNames"], ["One", "Two", "Three"])

    async def rounds(self) -> None:
        wanted = {
            "elicitation": "Hello, Ada!",
            "sampling": "The model said: sampled <What is the capital of France?>",
            "list_roots": "Roots: file:///islands",
            "request_state": "state-ok",
            "multiple_inputs": "sampled <Write a greeting.> Ada, of 1 roots",
            "multi_round": "Ada likes green.",
            "capabilities": "Thank you.",
        }
        for tool, text in wanted.items():
            equal(await self.call(ROUNDS + tool), text)

    async def resources(self) -> None:
        resources = {it.uri for it in (await self.client.list_resources()).resources}
        equal(resources, {"test://static-text", "test://static-binary", WATCHED})
        read = (await self.client.read_resource("test://static-text")).contents[0]
        equal((read.mime_type, read.text), ("text/plain", "This is the content of the static text resource."))
        read = (await self.client.read_resource("test://static-binary")).contents[0]
        contains(read.blob, "iVBORw0KGgo")

    async def templates(self) -> None:
        templates = (await self.client.list_resource_templates()).resource_templates
        equal([it.uri_template for it in templates], ["test://template/{id}/data"])
        read = (await self.client.read_resource("test://template/123/data")).contents[0]
        equal(json.loads(read.text), {"id": "123", "templateTest": True, "data": "Data for ID: 123"})

    async def unknown_resource(self) -> None:
        try:
            await self.client.read_resource("test://nothing")
        except Exception as error:
            contains(str(error), "not found")
        else:
            raise AssertionError("nothing was read")

    async def prompts(self) -> None:
        prompt = await self.client.get_prompt("test_prompt_with_arguments", {"arg1": "a", "arg2": "b"})
        equal(prompt.messages[0].content.text, "Prompt with arguments: arg1='a', arg2='b'")
        prompt = await self.client.get_prompt("test_prompt_with_image", {})
        equal([it.content.type for it in prompt.messages], ["image", "text"])
        prompt = await self.client.get_prompt(ROUNDS + "prompt", {})
        equal(prompt.messages[0].content.text, "Context: islands")

    async def completion(self) -> None:
        reference = types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
        completed = await self.client.complete(reference, {"name": "arg1", "value": "par"})
        equal(completed.completion.values, ["paris", "park", "party"])

    async def changes(self) -> None:
        if self.mode == LEGACY:
            await self.client.subscribe_resource(WATCHED)
            for tool, method in CHANGES.items():
                await self.call(tool)
                await self.told(method)
            await self.client.unsubscribe_resource(WATCHED)
            return
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
EVENTS = {
    "test_trigger_tool_change": "ToolsListChanged",
    "test_trigger_prompt_change": "PromptsListChanged",
    "test_update_resource": "ResourceUpdated",
}
FEATURES = [
    Features.version,
    Features.tools,
    Features.content,
    Features.errors,
    Features.schema,
    Features.mirrored_argument,
    Features.progress,
    Features.logging,
    Features.sampling,
    Features.elicitation,
    Features.forms,
    Features.rounds,
    Features.resources,
    Features.templates,
    Features.unknown_resource,
    Features.prompts,
    Features.completion,
    Features.changes,
    Features.reconnection,
]


async def run(mode: str, target: list[str], report: Report) -> None:
    server = target[0]
    if server == "--":
        server = StdioServerParameters(command=target[1], args=target[2:])
    peer = Peer()
    async with Client(
        server,
        mode=mode,
        elicitation_callback=peer.elicit,
        sampling_callback=peer.sample,
        list_roots_callback=peer.roots,
        logging_callback=peer.log,
        log_level="info",
        message_handler=peer.notice,
    ) as client:
        features = Features(client, peer, mode)
        for feature in FEATURES:
            await report.check(feature.__name__, partial(feature, features))


async def main() -> None:
    report = Report()
    try:
        await run(sys.argv[1], sys.argv[2:], report)
    except Exception as error:
        report.fail("session", error)
    report.exit()


anyio.run(main)
