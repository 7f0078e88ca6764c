"""A modern client that is scripted: no SDK has the tasks extension of 2026-07-28 yet."""

import json

import anyio
from mcp.shared._httpx_utils import create_mcp_http_client

from report import equal

EXTENSION = "io.modelcontextprotocol/tasks"
REVISION = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": REVISION,
    "io.modelcontextprotocol/clientInfo": {"name": "scripted", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {"extensions": {EXTENSION: {}}},
}
HEADERS = {
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": REVISION,
}


class Scripted:
    """Asks with exact messages."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.url = url
        self.headers = HEADERS | headers

    async def as_task(self, tool: str, arguments: dict) -> str:
        """Calls a tool, finds that it has become a task, and waits for its text."""
        async with create_mcp_http_client(headers=self.headers) as http:
            created = await self.ask(http, "tools/call", tool, {"name": tool, "arguments": arguments})
            equal((created["resultType"], created["status"]), ("task", "working"))
            task = created["taskId"]
            found = created
            while found["status"] == "working":
                await anyio.sleep(min(created.get("pollIntervalMs", 100), 200) / 1000)
                found = await self.ask(http, "tasks/get", task, {"taskId": task})
        equal(found["status"], "completed")
        return found["result"]["content"][0]["text"]

    async def ask(self, http: object, method: str, name: str, params: dict) -> dict:
        """The result of a request that is about `name`."""
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": META}}
        headers = {"Mcp-Method": method, "Mcp-Name": name}
        response = await http.post(self.url, json=message, headers=headers)
        text = response.text
        if response.headers["content-type"].startswith("text/event-stream"):
            text = [it for it in text.splitlines() if it.startswith("data: {")][-1].removeprefix("data: ")
        answer = json.loads(text)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]
