"""A modern client: PyPI `mcp` 2.x, revision 2026-07-28, against the features of `server_modern.mjs`.

Usage: client_py2.py URL
"""

import sys
from functools import partial

import anyio
import mcp_types as types
from mcp import Client

from report import Report, contains, equal

NOTE = "note://welcome"
ANSWERS = {"name": "Ada", "colour": "green"}


async def elicit(_context: object, params: types.ElicitRequestParams) -> types.ElicitResult:
    """Answers whatever fields are asked for."""
    content = {it: ANSWERS[it] for it in params.requested_schema["properties"]}
    return types.ElicitResult(action="accept", content=content)


class Features:
    """One method per feature; its name is the name in the report."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, **arguments: object) -> str:
        result = await self.client.call_tool(tool, arguments)
        equal(result.is_error, False)
        return result.content[0].text

    async def discover(self) -> None:
        found = await self.client.session.discover()
        contains(" ".join(found.supported_versions), "2026-07-28")

    async def tools(self) -> None:
        tools = {it.name for it in (await self.client.list_tools()).tools}
        equal({"echo", "add", "slow_progress", "ask_name"} - tools, set())

    async def call_echo(self) -> None:
        equal(await self.call("echo", message="hello ✓"), "Echo: hello ✓")

    async def call_unknown(self) -> None:
        try:
            result = await self.client.call_tool("no-such-tool", {})
        except Exception as error:
            contains(str(error), "no-such-tool")
        else:
            equal(result.is_error, True)

    async def structured_content(self) -> None:
        result = await self.client.call_tool("add", {"a": 2, "b": 3})
        equal(result.structured_content, {"sum": 5})

    async def concurrent_calls(self) -> None:
        async def one(number: int) -> None:
            equal(await self.call("echo", message=f"call {number}"), f"Echo: call {number}")

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(one, number)

    async def resources(self) -> None:
        resources = (await self.client.list_resources()).resources
        equal([it.uri for it in resources], [NOTE])
        read = await self.client.read_resource(NOTE)
        equal(read.contents[0].text, "Welcome ashore.")

    async def prompts(self) -> None:
        prompts = {it.name for it in (await self.client.list_prompts()).prompts}
        equal(prompts, {"greeting"})
        prompt = await self.client.get_prompt("greeting", {"name": "Ada"})
        equal(prompt.messages[0].content.text, "Greet Ada.")

    async def progress(self) -> None:
        steps: list[float] = []

        async def step(done: float, _total: float | None, _message: str | None) -> None:
            steps.append(done)

        arguments = {"steps": 5, "step_ms": 50}
        await self.client.call_tool("slow_progress", arguments, progress_callback=step)
        equal(steps, [1, 2, 3, 4, 5])

    async def input_required(self) -> None:
        equal(await self.call("ask_name"), "Hello, Ada, who likes green!")

    async def listen(self) -> None:
        filters = {"tools_list_changed": True, "resource_subscriptions": [NOTE]}
        async with self.client.listen(**filters) as subscription:
            events = aiter(subscription)
            await self.call("change_tools")
            equal(type(await anext(events)).__name__, "ToolsListChanged")
            await self.call("change_note")
            equal((await anext(events)).uri, NOTE)

    async def cancel(self) -> None:
        running = anyio.Event()

        async def step(*_: object) -> None:
            running.set()

        async def call() -> None:
            arguments = {"steps": 1000, "step_ms": 50}
            await self.client.call_tool("slow_progress", arguments, progress_callback=step)
            raise AssertionError("the cancelled call was answered")

        # Over HTTP, a client of this revision cancels by closing the stream of the call.
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await running.wait()
            group.cancel_scope.cancel()
        equal(await self.call("await_cancelled"), "cancelled")


FEATURES = [
    Features.discover,
    Features.tools,
    Features.call_echo,
    Features.call_unknown,
    Features.structured_content,
    Features.concurrent_calls,
    Features.resources,
    Features.prompts,
    Features.progress,
    Features.input_required,
    Features.listen,
    Features.cancel,
]


async def run(url: str, report: Report) -> None:
    async with Client(url, mode="2026-07-28", elicitation_callback=elicit) as client:
        features = Features(client)
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
