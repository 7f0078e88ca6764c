"""A legacy client with the tasks of 2025-11-25: PyPI `mcp` 1.x against `eyot everything`, whose
tasks are those of the extension.

Usage: client_py1_tasks.py URL
"""

import sys
from functools import partial

import anyio
from mcp import types
from mcp.shared.exceptions import McpError

import sdk1
from features import Peer, feature
from report import contains, equal, run


class Tasks(sdk1.Legacy):
    """What Eyot makes of the extension for a legacy client."""

    async def begin(self, tool: str, **arguments: object) -> str:
        created = await self.client.experimental.call_tool_as_task(tool, arguments)
        equal(created.task.status, "working")
        return created.task.taskId

    async def finish(self, task: str) -> types.CallToolResult:
        return await self.client.experimental.get_task_result(task, types.CallToolResult)

    async def status(self, task: str) -> str:
        return (await self.client.experimental.get_task(task)).status

    async def text(self, tool: str, **arguments: object) -> str:
        result = await self.finish(await self.begin(tool, **arguments))
        equal(result.isError, False)
        related = result.meta["io.modelcontextprotocol/related-task"]
        equal(list(related), ["taskId"])
        return result.content[0].text

    @feature
    async def capabilities(self) -> None:
        tasks = self.initialized.capabilities.tasks
        equal(tasks.requests.tools.call is not None, True)
        equal(tasks.cancel is not None, True)
        equal(tasks.list, None)

    @feature
    async def support(self) -> None:
        tools = (await self.client.list_tools()).tools
        support = {it.name: it.execution.taskSupport for it in tools}
        equal((support["greet"], support["slow_compute"]), ("optional", "optional"))

    @feature
    async def work(self) -> None:
        contains(await self.text("slow_compute", seconds=1, label="work"), "work took 1 seconds")

    @feature
    async def polling(self) -> None:
        task = await self.begin("slow_compute", seconds=2)
        seen = [it.status async for it in self.client.experimental.poll_task(task)]
        equal((seen[0], seen[-1]), ("working", "completed"))

    @feature
    async def answer_at_once(self) -> None:
        equal(await self.text("greet", name="Ada"), "Hello, Ada!")

    @feature
    async def questions(self) -> None:
        equal(await self.text("confirm_delete", filename="a.txt"), "Deleted a.txt")
        equal(await self.text("multi_input"), "Ada is 36 years old")
        equal(await self.text("test_tool_with_task"), "The work of Ada is done")

    @feature
    async def twenty_at_once(self) -> None:
        """Every task asks its own question and gets its own answer."""

        async def one(number: int) -> None:
            name = f"{number}.txt"
            equal(await self.text("confirm_delete", filename=name), f"Deleted {name}")

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(one, number)

    @feature
    async def failures(self) -> None:
        task = await self.begin("failing_job")
        result = await self.finish(task)
        equal((result.isError, await self.status(task)), (True, "failed"))
        task = await self.begin("protocol_error_job")
        try:
            await self.finish(task)
        except McpError as error:
            contains(str(error), "always breaks down")
        else:
            raise AssertionError("no error")
        equal(await self.status(task), "failed")

    @feature
    async def cancelling(self) -> None:
        task = await self.begin("slow_compute", seconds=600)
        cancelled = await self.client.experimental.cancel_task(task)
        equal((cancelled.taskId, cancelled.status), (task, "cancelled"))
        equal(await self.status(task), "cancelled")
        await self.refused(self.client.experimental.cancel_task(task), -32602)
        await self.refused(self.client.experimental.get_task("nobody's"), -32602)

    async def refused(self, asking: object, code: int) -> None:
        try:
            await asking
        except McpError as error:
            equal(error.error.code, code)
        else:
            raise AssertionError("not refused")


peer = Peer(types, {"confirm": True, "name": "Ada", "age": 36})
run(partial(sdk1.check, sys.argv[1:], peer, Tasks))
