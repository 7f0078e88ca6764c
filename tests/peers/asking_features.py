"""The features of `server_asking.mjs`, a legacy server, for Python clients of either era."""

from collections.abc import Callable

import anyio

from features import Echoing, Peer, feature
from report import equal

# Longer than the server waits without a sign of life.
SLOW_SECONDS = 4
SLOW = "slow"


class Acquainted(Peer):
    """Gives every mark its own name, and every name its own colour."""

    def answer(self, asked: dict) -> dict:
        who = asked["message"].removeprefix("Who is ").removesuffix("?")
        name = asked["message"].removeprefix("Which colour does ").removesuffix(" like?")
        fields = asked["requestedSchema"]["properties"]
        return {"colour": f"colour of {name}"} if "colour" in fields else {"name": f"name of {who}"}


class Hesitant(Acquainted):
    """Thinks long about some questions."""

    async def elicit(self, context: object, params: object) -> object:
        if SLOW in params.message:
            await anyio.sleep(SLOW_SECONDS)
        return await super().elicit(context, params)


def greeted(mark: str) -> str:
    return f"Hello, name of {mark}!"


def quoted(mark: str) -> str:
    return f"Sampled: sampled <What is {mark}?>"


def enumerated(_mark: str) -> str:
    return "Roots: file:///islands"


def coloured(mark: str) -> str:
    return f"Hello, name of {mark}, who likes colour of name of {mark}!"


ON_CALL = {
    "elicit_on_call": greeted,
    "sample_on_call": quoted,
    "roots_on_call": enumerated,
    "elicit_twice": coloured,
}
ON_SESSION = {
    "elicit_on_session": greeted,
    "sample_on_session": quoted,
    "roots_on_session": enumerated,
}


class Asking(Echoing):
    """Calls in the middle of which the server asks: each gets the answers to its own questions."""

    async def ask(self, tools: dict[str, Callable], count: int) -> None:
        """Calls these in turn, so many at once."""
        names = list(tools)

        async def one(number: int) -> None:
            tool = names[number % len(names)]
            mark = f"number {number}"
            equal(await self.call(tool, mark=mark), tools[tool](mark))

        await self.calls(one, count)

    @feature
    async def each_question_on_the_call(self) -> None:
        for tool, wanted in ON_CALL.items():
            equal(await self.call(tool, mark="Ada"), wanted("Ada"))

    # Before twenty at once: only now a proxy learns that questions of this server do not say which
    # call they are of, and lets the calls of one session take turns.
    @feature
    async def each_question_on_the_session(self) -> None:
        for tool, wanted in ON_SESSION.items():
            equal(await self.call(tool, mark="Ada"), wanted("Ada"))

    @feature
    async def questions_on_twenty_calls(self) -> None:
        await self.ask(ON_CALL, 20)

    @feature
    async def questions_of_twenty_calls_on_the_session(self) -> None:
        await self.ask(ON_SESSION, 20)

    @feature
    async def questions_of_every_kind(self) -> None:
        await self.ask(ON_CALL | ON_SESSION, 20)


class AskingSlowly(Asking):
    """Before a bridge: it announces a user who takes longer than the server waits."""

    @feature
    async def slow_user_on_the_call(self) -> None:
        equal(await self.call("wait_on_call", mark=SLOW), greeted(SLOW))

    @feature
    async def slow_user_on_the_session(self) -> None:
        equal(await self.call("wait_on_session", mark=SLOW), greeted(SLOW))
