"""The features of the reference server, npm `server-everything`, by the ids of `cargo xtask matrix`."""

from features import feature
from matrix_features import Cell
from report import contains, equal

TEXT = "demo://resource/dynamic/text/"
LONG = "trigger-long-running-operation"
CONTENT = {
    "text": ("get-annotated-message", {"messageType": "success", "includeImage": True}),
    "image": ("get-annotated-message", {"messageType": "success", "includeImage": True}),
    "resource_link": ("get-resource-links", {}),
    "resource": ("get-resource-reference", {}),
}


class Reference(Cell):
    """What clients of both eras can do with it, also where no two calls share a session."""

    name = "mcp-servers/everything"

    async def content(self, kind: str) -> dict:
        tool, arguments = CONTENT[kind]
        shown = await self.result(tool, **arguments)
        return next(it for it in shown["content"] if it["type"] == kind)

    @feature
    async def handshake(self) -> None:
        name, _, _ = await self.about()
        equal(name, self.name)

    @feature
    async def capabilities(self) -> None:
        _, able, _ = await self.about()
        equal(able["tools"], {"listChanged": True})
        equal(able["resources"], {"subscribe": True, "listChanged": True})

    @feature
    async def instructions(self) -> None:
        _, _, instructions = await self.about()
        contains(instructions, "Everything Server")

    @feature
    async def tools_list(self) -> None:
        tools = {it["name"] for it in (await self.page(self.client.list_tools))["tools"]}
        asking = {"get-roots-list", "trigger-sampling-request", "trigger-elicitation-request"}
        equal(({"echo", "get-sum"} | asking) - tools, set())

    @feature
    async def tools_call(self) -> None:
        equal(await self.call("echo", message="hello ✓"), "Echo: hello ✓")

    @feature
    async def unknown_tool(self) -> None:
        equal((await self.result("no-such-tool"))["isError"], True)

    @feature
    async def structured_content(self) -> None:
        result = await self.result("get-structured-content", location="New York")
        equal(result["structuredContent"]["temperature"], 33)

    @feature
    async def content_text(self) -> None:
        equal((await self.content("text"))["annotations"]["audience"], ["user"])

    @feature
    async def content_image(self) -> None:
        equal((await self.content("image"))["mimeType"], "image/png")

    @feature
    async def content_link(self) -> None:
        contains((await self.content("resource_link"))["uri"], "demo://resource/dynamic/")

    @feature
    async def content_resource(self) -> None:
        equal((await self.content("resource"))["resource"]["uri"], TEXT + "1")

    @feature
    async def resources_list(self) -> None:
        resources = (await self.page(self.client.list_resources))["resources"]
        contains(resources[0]["uri"], "demo://resource/static/document/")

    @feature
    async def resources_read(self) -> None:
        uri = (await self.page(self.client.list_resources))["resources"][0]["uri"]
        equal((await self.wired(self.client.read_resource(uri)))["contents"][0]["uri"], uri)

    @feature
    async def resource_templates(self) -> None:
        listed = await self.page(self.client.list_resource_templates)
        templates = [it["uriTemplate"] for it in listed["resourceTemplates"]]
        contains(" ".join(templates), TEXT + "{resourceId}")
        read = await self.wired(self.client.read_resource(TEXT + "7"))
        contains(read["contents"][0]["text"], "Resource 7")

    @feature
    async def prompts_list(self) -> None:
        prompts = {it["name"] for it in (await self.page(self.client.list_prompts))["prompts"]}
        equal({"simple-prompt", "args-prompt"} - prompts, set())

    @feature
    async def prompts_get(self) -> None:
        prompt = await self.wired(self.client.get_prompt("args-prompt", {"city": "Paris"}))
        equal(prompt["messages"][0]["content"]["text"], "What's weather in Paris?")

    @feature
    async def completion(self) -> None:
        reference = self.peer.types.PromptReference(type="ref/prompt", name="completable-prompt")
        completed = await self.client.complete(reference, {"name": "department", "value": "S"})
        equal(completed.completion.values, ["Sales", "Support"])

    @feature
    async def progress(self) -> None:
        equal(await self.steps(LONG, duration=0.5, steps=5), [1, 2, 3, 4, 5])

    @feature
    async def elicitation_form(self) -> None:
        contains(await self.call("trigger-elicitation-request"), "- Name: <")

    @feature
    async def elicitation_url(self) -> None:
        url = "https://example.org/other"
        contains(await self.call("trigger-url-elicitation", url=url), "User completed")
        equal(self.peer.pages()[-1]["url"], url)

    @feature
    async def sampling(self) -> None:
        contains(await self.call("trigger-sampling-request", prompt="why?", maxTokens=10), "why?>")

    @feature
    async def roots(self) -> None:
        contains(await self.call("get-roots-list"), "file:///islands")
