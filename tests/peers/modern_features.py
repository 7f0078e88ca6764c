"""The features of `server_modern.mjs`, for Python clients of either era."""

from features import Echoing, feature
from report import contains, equal

NOTE = "note://welcome"
# Long enough to be cancelled.
LONG = {"steps": 1000, "step_ms": 50}


class ServerModern(Echoing):
    """What clients of both eras can do with it."""

    @feature
    async def tools(self) -> None:
        tools = {it.name for it in (await self.client.list_tools()).tools}
        equal({"echo", "add", "slow_progress", "ask_name"} - tools, set())

    @feature
    async def call_unknown(self) -> None:
        try:
            result = await self.result("no-such-tool")
        except Exception as error:
            contains(str(error), "no-such-tool")
        else:
            equal(result["isError"], True)

    @feature
    async def structured_content(self) -> None:
        equal((await self.result("add", a=2, b=3))["structuredContent"], {"sum": 5})

    @feature
    async def resources(self) -> None:
        resources = (await self.client.list_resources()).resources
        equal([str(it.uri) for it in resources], [NOTE])
        read = await self.client.read_resource(NOTE)
        equal(read.contents[0].text, "Welcome ashore.")

    @feature
    async def prompts(self) -> None:
        equal([it.name for it in (await self.client.list_prompts()).prompts], ["greeting"])
        prompt = await self.client.get_prompt("greeting", {"name": "Ada"})
        equal(prompt.messages[0].content.text, "Greet Ada.")

    @feature
    async def progress(self) -> None:
        equal(await self.steps("slow_progress", steps=5, step_ms=50), [1, 2, 3, 4, 5])

    async def heard_cancelled(self) -> None:
        """The server itself says that it has heard of it."""
        equal(await self.call("await_cancelled"), "cancelled")
