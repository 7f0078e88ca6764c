"""The features of `eyot everything`, for Python clients of either era."""

import json

from features import Features, feature
from report import contains, equal

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
CHANGES = {
    "test_trigger_tool_change": "notifications/tools/list_changed",
    "test_trigger_prompt_change": "notifications/prompts/list_changed",
    "test_update_resource": "notifications/resources/updated",
}


class Everything(Features):
    """What clients of both eras can do with it."""

    async def want_logs(self) -> None:
        """Says which log messages it wants, in the way of its era."""
        await self.client.set_logging_level("info")

    async def read(self, uri: str) -> dict:
        return (await self.wired(self.client.read_resource(uri)))["contents"][0]

    async def messages(self, name: str, arguments: dict) -> list[dict]:
        return (await self.wired(self.client.get_prompt(name, arguments)))["messages"]

    def fields(self) -> dict:
        """Those that were asked for last."""
        return self.peer.asked[-1]["requestedSchema"]["properties"]

    @feature
    async def tools(self) -> None:
        listed = await self.wired(self.client.list_tools())
        tools = {it["name"]: it for it in listed["tools"]}
        schema = tools["json_schema_2020_12_tool"]["inputSchema"]
        equal(schema["$defs"]["address"]["$anchor"], "addressDef")
        equal(schema["else"], {"required": ["email"]})

    @feature
    async def content(self) -> None:
        equal(await self.call("test_simple_text"), "This is a simple text response for testing.")
        for tool, kinds in {
            "test_image_content": ["image"],
            "test_audio_content": ["audio"],
            "test_embedded_resource": ["resource"],
            "test_multiple_content_types": ["text", "image", "resource"],
        }.items():
            equal([it["type"] for it in (await self.result(tool))["content"]], kinds)

    @feature
    async def errors(self) -> None:
        result = await self.result("test_error_handling")
        equal(result["isError"], True)
        contains(result["content"][0]["text"], "intentionally")
        result = await self.result("json_schema_2020_12_tool", name="Ada")
        equal(result["isError"], True)
        contains(result["content"][0]["text"], "email")

    @feature
    async def schema(self) -> None:
        text = await self.call("json_schema_2020_12_tool", name="Ada", email="ada@example.org")
        contains(text, "ada@example.org")

    @feature
    async def mirrored_argument(self) -> None:
        await self.client.list_tools()
        for region in ["eu-north", "Åland", " padded "]:
            equal(await self.call("test_x_mcp_header", region=region), f"Region: {region}")

    @feature
    async def progress(self) -> None:
        equal(await self.steps("test_tool_with_progress"), [0, 50, 100])

    @feature
    async def logging(self) -> None:
        await self.want_logs()
        await self.call("test_tool_with_logging")
        wanted = ["Tool execution started", "Tool processing data", "Tool execution completed"]
        equal(self.peer.logged, wanted)

    @feature
    async def sampling(self) -> None:
        equal(await self.call("test_sampling", prompt="why?"), "LLM response: sampled <why?>")

    @feature
    async def elicitation(self) -> None:
        said = await self.call("test_elicitation", message="Who are you?")
        equal(json.loads(said.partition("content=")[2]), {"username": "ada", "email": "ada@example.org"})
        equal(self.peer.asked[-1]["message"], "Who are you?")
        contains(await self.call("test_streaming_elicitation"), "action=accept")

    @feature
    async def forms(self) -> None:
        await self.call("test_elicitation_sep1034_defaults")
        equal(list(self.fields()), ["name", "age", "score", "status", "verified"])
        equal([it["default"] for it in self.fields().values()], ["John Doe", 30, 95.5, "active", True])
        await self.call("test_elicitation_sep1330_enums")
        equal(self.fields()["legacyEnum"]["enumNames"], ["One", "Two", "Three"])

    @feature
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

    @feature
    async def resources(self) -> None:
        listed = await self.wired(self.client.list_resources())
        uris = {it["uri"] for it in listed["resources"]}
        equal(uris, {"test://static-text", "test://static-binary", WATCHED})
        read = await self.read("test://static-text")
        equal(read["mimeType"], "text/plain")
        equal(read["text"], "This is the content of the static text resource.")
        contains((await self.read("test://static-binary"))["blob"], "iVBORw0KGgo")

    @feature
    async def templates(self) -> None:
        listed = await self.wired(self.client.list_resource_templates())
        templates = [it["uriTemplate"] for it in listed["resourceTemplates"]]
        equal(templates, ["test://template/{id}/data"])
        read = json.loads((await self.read("test://template/123/data"))["text"])
        equal(read, {"id": "123", "templateTest": True, "data": "Data for ID: 123"})

    @feature
    async def unknown_resource(self) -> None:
        try:
            await self.read("test://nothing")
        except Exception as error:
            contains(str(error), "not found")
        else:
            raise AssertionError("nothing was read")

    @feature
    async def prompts(self) -> None:
        said = await self.messages("test_prompt_with_arguments", {"arg1": "a", "arg2": "b"})
        equal(said[0]["content"]["text"], "Prompt with arguments: arg1='a', arg2='b'")
        said = await self.messages("test_prompt_with_image", {})
        equal([it["content"]["type"] for it in said], ["image", "text"])
        said = await self.messages(ROUNDS + "prompt", {})
        equal(said[0]["content"]["text"], "Context: islands")

    @feature
    async def completion(self) -> None:
        reference = self.peer.types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
        completed = await self.client.complete(reference, {"name": "arg1", "value": "par"})
        equal(completed.completion.values, ["paris", "park", "party"])

    @feature
    async def changes(self) -> None:
        await self.client.subscribe_resource(WATCHED)
        for tool, method in CHANGES.items():
            await self.call(tool)
            await self.peer.told(method)
        await self.client.unsubscribe_resource(WATCHED)

    @feature
    async def reconnection(self) -> None:
        equal(await self.call("test_reconnection"), "Reconnection test completed successfully")
