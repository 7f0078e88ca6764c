"""One line per feature and one exit code for all, for the Python clients."""

import os
import signal
import sys
from collections.abc import Awaitable, Callable

import anyio

# A peer that hangs fails here, before the program that started it loses patience.
ALL_SECONDS_MAX = 120
FEATURE_SECONDS_MAX = 30


class Report:
    """What worked so far."""

    def __init__(self) -> None:
        self.failed = 0
        signal.signal(signal.SIGALRM, _give_up)
        signal.alarm(ALL_SECONDS_MAX)

    async def check(self, name: str, feature: Callable[[], Awaitable[list[str] | None]]) -> bool:
        """Tries one feature, says how it went, and returns whether it went well.

        A feature may return what the bridge says that it has lost of it.
        """
        try:
            with anyio.fail_after(FEATURE_SECONDS_MAX):
                lost = await feature()
        except Exception as error:
            self.fail(name, error)
            return False
        print(f"lost {name}: {' '.join(lost)}" if lost else f"ok {name}", flush=True)
        return True

    def fail(self, name: str, error: BaseException) -> None:
        """Says that a feature does not work, and why, on one line."""
        self.failed += 1
        print(f"FAIL {name}: {_reason(error)}", flush=True)

    def exit(self) -> None:
        """Ends the process with the verdict."""
        sys.exit(1 if self.failed else 0)


def run(session: Callable[[Report], Awaitable[None]]) -> None:
    """Runs a session, which reports, and ends the process with the verdict."""
    report = Report()

    async def whole() -> None:
        try:
            await session(report)
        except Exception as error:
            report.fail("session", error)

    anyio.run(whole)
    report.exit()


def equal(found: object, wanted: object) -> None:
    """Fails unless both are equal."""
    if found != wanted:
        raise AssertionError(f"found {found!r}, wanted {wanted!r}")


def contains(text: str, part: str) -> None:
    """Fails unless the part is in the text."""
    if part not in text:
        raise AssertionError(f"no {part!r} in {text!r}")


def _reason(error: BaseException) -> str:
    """The innermost errors: task groups wrap what happened inside of them."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_reason(it) for it in error.exceptions)
    return " ".join(f"{type(error).__name__}: {error}".split())[:400]


def _give_up(*_: object) -> None:
    print(f"FAIL all: not finished after {ALL_SECONDS_MAX} seconds", flush=True)
    os._exit(1)
