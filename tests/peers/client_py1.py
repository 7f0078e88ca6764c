"""A legacy client: PyPI `mcp` 1.x against the features of `server-everything`.

Usage: client_py1.py URL
"""

import sys
from functools import partial

from mcp import types

import sdk1
from features import Echoing, Peer, feature
from report import contains, equal, run

DYNAMIC_TEXT = "demo://resource/dynamic/text/"
LONG = "trigger-long-running-operation"


class ServerEverything(sdk1.Legacy, Echoing):
    """The features of `server-everything`."""

    @feature
    async def tools(self) -> None:
        tools = {it.name for it in (await self.client.list_tools()).tools}
        wanted = {
            "echo",
            "get-sum",
            "get-roots-list",
            "trigger-sampling-request",
            "trigger-elicitation-request",
        }
        equal(wanted - tools, set())

    @feature
    async def call_unknown(self) -> None:
        equal((await self.result("no-such-tool"))["isError"], True)

    @feature
    async def structured_content(self) -> None:
        result = await self.result("get-structured-content", location="New York")
        equal(result["structuredContent"]["temperature"], 33)

    @feature
    async def resources(self) -> None:
        resources = (await self.client.list_resources()).resources
        read = await self.client.read_resource(resources[0].uri)
        equal(str(read.contents[0].uri), str(resources[0].uri))

    @feature
    async def templates(self) -> None:
        templates = (await self.client.list_resource_templates()).resourceTemplates
        contains(" ".join(it.uriTemplate for it in templates), DYNAMIC_TEXT + "{resourceId}")
        read = await self.client.read_resource(DYNAMIC_TEXT + "7")
        contains(read.contents[0].text, "Resource 7")

    @feature
    async def prompts(self) -> None:
        prompts = {it.name for it in (await self.client.list_prompts()).prompts}
        equal({"simple-prompt", "args-prompt"} - prompts, set())
        prompt = await self.client.get_prompt("args-prompt", {"city": "Paris"})
        equal(prompt.messages[0].content.text, "What's weather in Paris?")

    @feature
    async def completion(self) -> None:
        reference = types.PromptReference(type="ref/prompt", name="completable-prompt")
        completed = await self.client.complete(reference, {"name": "department", "value": "S"})
        equal(completed.completion.values, ["Sales", "Support"])

    @feature
    async def progress(self) -> None:
        equal(await self.steps(LONG, duration=0.5, steps=5), [1, 2, 3, 4, 5])

    @feature
    async def logging(self) -> None:
        await self.client.set_logging_level("debug")
        await self.call("toggle-simulated-logging")
        await self.peer.until(lambda: self.peer.logged)
        await self.call("toggle-simulated-logging")

    @feature
    async def sampling(self) -> None:
        contains(await self.call("trigger-sampling-request", prompt="why?", maxTokens=10), "why?>")

    @feature
    async def elicitation(self) -> None:
        contains(await self.call("trigger-elicitation-request"), "- Name: Ada")

    @feature
    async def roots(self) -> None:
        contains(await self.call("get-roots-list"), "file:///islands")

    @feature
    async def subscription(self) -> None:
        uri = DYNAMIC_TEXT + "1"
        await self.client.subscribe_resource(uri)
        await self.call("toggle-subscriber-updates")
        await self.peer.told("notifications/resources/updated", uri=uri)
        await self.call("toggle-subscriber-updates")
        await self.client.unsubscribe_resource(uri)

    @feature
    async def cancel(self) -> None:
        await self.cancel_next(LONG, {"duration": 60, "steps": 300}, self.call_echo)
        await self.ping()


peer = Peer(types, {"name": "Ada", "integer": 7})
run(partial(sdk1.check, sys.argv[1:], peer, ServerEverything))
