"""The features of the matrix: those of the protocol, by the ids of `cargo xtask matrix`.

A feature that returns a list of names has lost these on the way: they are what the bridge itself
names in the metadata of the answer.
"""

import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from features import Features, Peer, feature
from report import contains, equal

LOSSES = "io.eyot/bridge-losses"
PAGE = "https://example.org/page"
RESOURCE_NOT_FOUND = -32002
INVALID_PARAMS = -32602
URL_REQUIRED = -32042

# A result that interceptors have seen belongs to one client, and to now: it may not be kept.
IS_INTERCEPTED = "EYOT_INTERCEPTORS" in os.environ


def lost(result: dict, name: str) -> list[str]:
    """Fails unless the answer says itself that this is lost."""
    contains(" ".join(result.get("_meta", {}).get(LOSSES, [])), name)
    return [name]


def code_of(error: Exception) -> int:
    """The code of a JSON-RPC error of either SDK; anything else is raised again."""
    if not hasattr(error, "error"):
        raise error
    return error.error.code


class Options:
    """What the runner wants: `[--feature ID]… SERVER URL`, or `SERVER -- COMMAND ARGUMENTS`.

    `EYOT_KEY` in the environment is the bearer token for the URL.
    """

    def __init__(self, arguments: list[str]) -> None:
        self.only: list[str] = []
        while arguments[0] == "--feature":
            _, feature, *arguments = arguments
            self.only.append(feature)
        self.server, *self.target = arguments
        key = os.environ.get("EYOT_KEY")
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}


class Inventive(Peer):
    """Answers every question in a way that tells which it was."""

    def answer(self, asked: dict) -> dict | None:
        if asked.get("mode") == "url":
            return None
        fields = asked["requestedSchema"]["properties"]
        said = f"<{asked['message'].removesuffix('?')}>"
        return {it: said for it in ("name", "colour") if it in fields}

    def pages(self) -> list[dict]:
        """The pages that it was asked to visit."""
        return [it for it in self.asked if it.get("mode") == "url"]


class Cell(Features):
    """One cell: a client of one era and a server. What differs between eras is said by the clients."""

    peer: Inventive
    #: Whether the server was made for the revision 2026-07-28.
    is_modern_server = False
    name: str
    not_found_code: int

    async def about(self) -> tuple[str, dict, str | None]:
        """The server's name, capabilities and instructions."""
        raise NotImplementedError

    def listening(self, **wanted: object) -> AbstractAsyncContextManager[Callable[[str], Awaitable[None]]]:
        """Listens for changes; what it gives waits for one."""
        raise NotImplementedError

    async def page(self, method: Callable, **cursor: str) -> dict:
        return await self.wired(method(**cursor))

    async def refused(self, asking: Awaitable) -> int:
        """The code with which a request is refused."""
        try:
            await asking
        except Exception as error:
            return code_of(error)
        raise AssertionError("it was not refused")

    async def check_change(self, kind: str, tool: str, **arguments: object) -> None:
        """Changes something, and is told."""
        async with self.listening(kind=kind) as told:
            await self.call(tool, **arguments)
            await told(kind)

    async def content(self, kind: str) -> dict:
        """The first block of this type in what the server shows."""
        raise NotImplementedError


class Several(Cell):
    """A cell in which several clients are tried at once."""

    #: Opens another connection to the server.
    connect: Callable[[], AbstractAsyncContextManager[object]]

    async def one_of_many(self, mark: str) -> None:
        """Calls, with this mark in them, of one client among others."""
        raise NotImplementedError

    @feature
    async def clients_at_once(self) -> None:
        async def client(number: int) -> None:
            async with self.connect() as client:
                other = type(self)(client, self.peer)

                async def one(call: int) -> None:
                    await other.one_of_many(f"client {number}, call {call}")

                await self.calls(one, 4)
                await other.calls(one, 4)

        await self.calls(client, 8)


class Small(Several):
    """`server_legacy.mjs` and `server_modern.mjs`, which have the same tools, resources and prompts."""

    note = "note://welcome"

    async def content(self, kind: str) -> dict:
        shown = await self.result("show")
        return next(it for it in shown["content"] if it["type"] == kind)

    async def one_of_many(self, mark: str) -> None:
        equal(await self.call("echo", message=mark), f"Echo: {mark}")
        await self.greet(mark)

    async def greet(self, mark: str, tool: str = "greet") -> None:
        equal(await self.call(tool, mark=mark), f"{mark} is <Who is {mark}>.")

    @feature
    async def handshake(self) -> None:
        name, _, _ = await self.about()
        equal(name, self.name)

    @feature
    async def capabilities(self) -> None:
        _, able, _ = await self.about()
        equal(able["tools"], {"listChanged": True})
        equal(able["prompts"], {"listChanged": True})
        equal(able["resources"], {"subscribe": True, "listChanged": True})
        equal((able["completions"], able["logging"]), ({}, {}))

    @feature
    async def instructions(self) -> None:
        _, _, instructions = await self.about()
        equal(instructions, "Ask for a name.")

    @feature
    async def tools_list(self) -> None:
        listed = await self.page(self.client.list_tools)
        add = next(it for it in listed["tools"] if it["name"] == "add")
        equal(add["inputSchema"]["required"], ["a", "b"])
        equal(add["outputSchema"]["properties"]["sum"], {"type": "number"})

    @feature
    async def pagination(self) -> None:
        first = await self.page(self.client.list_resource_templates)
        second = await self.page(self.client.list_resource_templates, cursor=first["nextCursor"])
        pages = [it["resourceTemplates"] for it in (first, second)]
        equal([it["name"] for page in pages for it in page], ["greeting", "farewell"])
        equal(second.get("nextCursor"), None)

    @feature
    async def tools_call(self) -> None:
        equal(await self.call("echo", message="hello ✓"), "Echo: hello ✓")

    @feature
    async def tool_error(self) -> None:
        failed = await self.result("fail")
        equal(failed["isError"], True)
        contains(failed["content"][0]["text"], "on purpose")

    @feature
    async def unknown_tool(self) -> None:
        """The SDK of the legacy server answers with a failed result, the other with an error."""
        if self.is_modern_server:
            equal(await self.refused(self.result("no-such-tool")), INVALID_PARAMS)
        else:
            equal((await self.result("no-such-tool"))["isError"], True)

    @feature
    async def structured_content(self) -> None:
        equal((await self.result("add", a=2, b=3))["structuredContent"], {"sum": 5})

    @feature
    async def content_text(self) -> None:
        equal((await self.content("text"))["text"], "A text.")

    @feature
    async def content_image(self) -> None:
        equal((await self.content("image"))["mimeType"], "image/png")

    @feature
    async def content_audio(self) -> None:
        contains((await self.content("audio"))["data"], "UklGR")

    @feature
    async def content_link(self) -> None:
        equal((await self.content("resource_link"))["uri"], self.note)

    @feature
    async def content_resource(self) -> None:
        equal((await self.content("resource"))["resource"]["text"], "Welcome ashore.")

    @feature
    async def resources_list(self) -> None:
        listed = await self.page(self.client.list_resources)
        equal([it["uri"] for it in listed["resources"]], [self.note])

    @feature
    async def resources_read(self) -> None:
        read = await self.wired(self.client.read_resource(self.note))
        equal(read["contents"][0]["text"], "Welcome ashore.")

    @feature
    async def resource_templates(self) -> None:
        listed = await self.page(self.client.list_resource_templates)
        equal(listed["resourceTemplates"][0]["uriTemplate"], "note://{name}/greeting")
        read = await self.wired(self.client.read_resource("note://Ada/greeting"))
        equal(read["contents"][0]["text"], "Welcome, Ada.")

    @feature
    async def resource_not_found(self) -> None:
        uri = "note://nothing" if self.is_modern_server else "note://nobody/greeting"
        equal(await self.refused(self.client.read_resource(uri)), self.not_found_code)

    @feature
    async def subscription(self) -> None:
        async with self.listening(kind="note", uri=self.note) as told:
            await self.call("change_note")
            await told("note")

    @feature
    async def tools_changed(self) -> None:
        await self.check_change("tools", "change_tools")

    @feature
    async def prompts_changed(self) -> None:
        await self.check_change("prompts", "change_prompts")

    @feature
    async def resources_changed(self) -> None:
        await self.check_change("resources", "change_resources")

    @feature
    async def prompts_list(self) -> None:
        listed = await self.page(self.client.list_prompts)
        equal([it["name"] for it in listed["prompts"]], ["greeting"])

    @feature
    async def prompts_get(self) -> None:
        prompt = await self.wired(self.client.get_prompt("greeting", {"name": "Ada"}))
        equal(prompt["messages"][0]["content"]["text"], "Greet Ada.")

    @feature
    async def completion(self) -> None:
        reference = self.peer.types.PromptReference(type="ref/prompt", name="greeting")
        completed = await self.client.complete(reference, {"name": "name", "value": "Ad"})
        equal(completed.completion.values, ["Ada", "Adam"])

    @feature
    async def logging(self) -> None:
        await self.want_logs()
        await self.call("say_logs")
        equal(self.peer.logged, ["loud"])

    async def want_logs(self) -> None:
        """Says that it wants to hear what is at least `info`, if it has not said so already."""

    @feature
    async def progress(self) -> None:
        equal(await self.steps("slow_progress", steps=5, step_ms=50), [1, 2, 3, 4, 5])

    @feature
    async def cancellation(self) -> None:
        await self.cancel("slow_progress", {"steps": 1000, "step_ms": 50})

    async def cancel(self, tool: str, arguments: dict) -> None:
        raise NotImplementedError

    async def heard_cancelled(self) -> None:
        """The server itself says that it has heard of it."""
        equal(await self.call("await_cancelled"), "cancelled")

    @feature
    async def elicitation_form(self) -> None:
        await self.greet("Ada")
        if not self.is_modern_server:
            await self.greet("Eve", "greet_on_session")

    @feature
    async def elicitation_url(self) -> None:
        equal(await self.call("visit"), "accept")
        page = self.peer.pages()[-1]
        equal(page["url"], PAGE)
        self.check_page(page)

    def check_page(self, page: dict) -> None:
        """What a question on a web page has besides, in the era of the client."""

    @feature
    async def sampling(self) -> None:
        equal(await self.call("think", subject="why?"), "sampled <why?>")

    @feature
    async def roots(self) -> None:
        equal(await self.call("where"), "file:///islands")

    @feature
    async def many_questions(self) -> None:
        equal(await self.call("ask_all"), "<Who is all>, sampled <why?>, file:///islands")

    @feature
    async def rounds(self) -> None:
        await self.acquaint("Ada")

    async def acquaint(self, mark: str) -> None:
        """A call that asks twice."""
        liked = f"<Which colour does {mark} like>"
        equal(await self.call("acquaint", mark=mark), f"{mark} is <Who is {mark}> and likes {liked}.")

    @feature
    async def concurrent_calls(self) -> None:
        """Every call gets its own answers."""

        async def one(number: int) -> None:
            await self.acquaint(f"number {number}")
            message = f"call {number}"
            equal(await self.call("echo", message=message), f"Echo: {message}")

        await self.calls(one)


class SmallLegacy(Small):
    """`server_legacy.mjs`, for what only legacy servers have."""

    name = "server-legacy"

    @feature
    async def tool_execution(self) -> list[str] | None:
        return await self.execution(await self.page(self.client.list_tools))

    async def execution(self, listed: dict) -> list[str] | None:
        raise NotImplementedError

    @feature
    async def url_required(self) -> None:
        await self.need_page("Ada")

    async def need_page(self, visitor: str) -> None:
        raise NotImplementedError


class SmallModern(Small):
    """`server_modern.mjs`, for what only modern servers have."""

    name = "server-modern"
    is_modern_server = True

    @feature
    async def any_structured_content(self) -> list[str] | None:
        return await self.numbers(await self.result("numbers"))

    async def numbers(self, result: dict) -> list[str] | None:
        raise NotImplementedError

    @feature
    async def cache_hints(self) -> list[str] | None:
        return await self.hints(await self.page(self.client.list_prompts))

    async def hints(self, listed: dict) -> list[str] | None:
        raise NotImplementedError


class Adding(Several):
    """`server_py1.py`, which has few features, but transports of its own."""

    name = "server-py1"

    @feature
    async def handshake(self) -> None:
        name, _, _ = await self.about()
        equal(name, self.name)

    @feature
    async def tools_list(self) -> None:
        tools = {it["name"] for it in (await self.page(self.client.list_tools))["tools"]}
        equal({"add", "count", "greet", "think"} - tools, set())

    @feature
    async def tools_call(self) -> None:
        equal(await self.call("add", a=2, b=3), "5")

    @feature
    async def progress(self) -> None:
        equal(await self.steps("count", steps=5), [1, 2, 3, 4, 5])

    @feature
    async def sampling(self) -> None:
        equal(await self.call("think", question="why?"), "sampled <why?>")

    async def one_of_many(self, mark: str) -> None:
        equal(await self.call("think", question=mark), f"sampled <{mark}>")


class AddingAndAsking(Adding):
    """The same server with an SDK that knows elicitation."""

    @feature
    async def elicitation_form(self) -> None:
        equal(await self.call("greet"), "Hello, <Who are you>!")
