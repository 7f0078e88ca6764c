"""What the Python clients share, for every SDK and every server."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from types import ModuleType

import anyio
from pydantic import BaseModel

from report import Report, equal


def wire(model: BaseModel) -> dict:
    """A message of either SDK under the names that its members have on the wire."""
    return model.model_dump(by_alias=True, mode="json", exclude_none=True)


class Peer:
    """What the client answers to the server, and hears from it."""

    def __init__(self, types: ModuleType, answers: Mapping[str, object]) -> None:
        self.types = types
        self.answers = answers
        self.asked: list[dict] = []
        self.logged: list[object] = []
        self.notices: list[dict] = []
        self._heard = anyio.Event()

    def callbacks(self) -> dict[str, Callable]:
        """The handlers, under the names that both SDKs have for them."""
        return {
            "elicitation_callback": self.elicit,
            "sampling_callback": self.sample,
            "list_roots_callback": self.roots,
            "logging_callback": self.log,
            "message_handler": self.notice,
        }

    def answer(self, asked: dict) -> dict:
        """Fills what is known of the fields that are asked for."""
        fields = asked["requestedSchema"]["properties"]
        return {it: self.answers[it] for it in fields if it in self.answers}

    async def elicit(self, _context: object, params: BaseModel) -> BaseModel:
        self.asked.append(wire(params))
        return self.types.ElicitResult(action="accept", content=self.answer(self.asked[-1]))

    async def sample(self, _context: object, params: BaseModel) -> BaseModel:
        question = params.messages[0].content
        text = self.types.TextContent(type="text", text=f"sampled <{question.text}>")
        return self.types.CreateMessageResult(role="assistant", content=text, model="a-model")

    async def roots(self, _context: object) -> BaseModel:
        root = self.types.Root(uri="file:///islands", name="islands")
        return self.types.ListRootsResult(roots=[root])

    async def log(self, params: BaseModel) -> None:
        self.logged.append(params.data)
        self._heard.set()

    async def notice(self, message: object) -> None:
        """Of PyPI `mcp` 1.x it is a wrapper around the notification."""
        notification = getattr(message, "root", message)
        if hasattr(notification, "method"):
            self.notices.append(wire(notification))
            self._heard.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until it has heard enough."""
        while not condition():
            self._heard = anyio.Event()
            await self._heard.wait()

    async def told(self, method: str, **params: object) -> None:
        """Waits for a notification of this method with these among its parameters."""

        def is_it(notice: dict) -> bool:
            return notice["method"] == method and params.items() <= notice.get("params", {}).items()

        await self.until(lambda: any(is_it(it) for it in self.notices))


def feature(method: Callable) -> Callable:
    """Marks a method as a feature that is tried; its name is the name in the report."""
    method.is_feature = True
    return method


class Features:
    """One method per feature. `client` is an SDK's object that sends requests."""

    def __init__(self, client: object, peer: Peer) -> None:
        self.client = client
        self.peer = peer

    async def check(self, report: Report, only: Collection[str] = ()) -> None:
        """Tries every feature, those of the base first, in the order in which they stand there."""
        names = [it for cls in reversed(type(self).__mro__) for it in vars(cls)]
        for name in dict.fromkeys(names):
            is_wanted = not only or name in only
            if is_wanted and getattr(getattr(self, name), "is_feature", False):
                await report.check(name, getattr(self, name))

    async def wired(self, asking: Awaitable[BaseModel]) -> dict:
        """An answer under the names that its members have on the wire."""
        return wire(await asking)

    async def result(self, tool: str, **arguments: object) -> dict:
        """What a tool answers, failed or not."""
        return await self.wired(self.client.call_tool(tool, arguments))

    async def call(self, tool: str, **arguments: object) -> str:
        """The text that a tool answers."""
        result = await self.result(tool, **arguments)
        equal(result["isError"], False)
        return "\n".join(it["text"] for it in result["content"] if it["type"] == "text")

    async def steps(self, tool: str, **arguments: object) -> list[float]:
        """The progress that a tool reports."""
        steps: list[float] = []

        async def step(done: float, _total: float | None, _message: str | None) -> None:
            steps.append(done)

        await self.client.call_tool(tool, arguments, progress_callback=step)
        return steps

    async def calls(self, one: Callable, count: int = 20) -> None:
        """Does as many of these at once; each gets its number."""
        async with anyio.create_task_group() as group:
            for number in range(count):
                group.start_soon(one, number)

    async def cancelled(self, tool: str, arguments: dict, cancel: Callable, after: Callable) -> None:
        """Runs a tool until it reports progress, cancels it, and goes on with `after`."""
        running = anyio.Event()

        async def step(*_: object) -> None:
            running.set()

        async def call() -> None:
            await self.client.call_tool(tool, arguments, progress_callback=step)
            raise AssertionError("the cancelled call was answered")

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await running.wait()
            await cancel(group)
            await after()
            group.cancel_scope.cancel()


class Echoing(Features):
    """The features of a server with a tool that says what it is told."""

    @feature
    async def call_echo(self) -> None:
        equal(await self.call("echo", message="hello ✓"), "Echo: hello ✓")

    @feature
    async def concurrent_calls(self) -> None:
        async def one(number: int) -> None:
            equal(await self.call("echo", message=f"call {number}"), f"Echo: call {number}")

        await self.calls(one)
