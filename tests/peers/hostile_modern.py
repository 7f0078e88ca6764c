"""The hostile upstream of the hostile-input suite, as a server of 2026-07-28 and nothing else, on a pipe.

Usage: hostile_modern.py PATH     (of the suite's `fixtures/upstream.py`)
"""

import hashlib
import hmac
import importlib.util
import json
import secrets
import sys
from types import ModuleType

META = "io.modelcontextprotocol/"
CACHED = {
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "server/discover",
    "tools/list",
}
LEGACY = {"initialize", "logging/setLevel", "ping", "resources/subscribe", "resources/unsubscribe"}
DISCOVERED = {
    "supportedVersions": ["2026-07-28"],
    "capabilities": {"tools": {}, "resources": {}, "prompts": {}, "logging": {}, "completions": {}},
    "_meta": {f"{META}serverInfo": {"name": "hostile-modern", "version": "1"}},
}
NAME = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
INVALID_PARAMS = -32602
KEY = secrets.token_bytes(32)


def suite_upstream(path: str) -> ModuleType:
    """The suite's own upstream, which is legacy."""
    spec = importlib.util.spec_from_file_location("upstream", path)
    upstream = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(upstream)
    return upstream


def state_of(arguments: dict) -> str:
    """What is of use for a call with these arguments and for no other."""
    said = json.dumps(arguments, sort_keys=True).encode()
    return hmac.new(KEY, said, hashlib.sha256).hexdigest()


upstream = suite_upstream(sys.argv[1])


class Modern(upstream.Stdio):
    """Says what the suite's upstream says, in the words of its era."""

    def __init__(self) -> None:
        super().__init__()
        self.methods: dict[str, str] = {}

    def send(self, o: dict) -> None:
        method = self.methods.pop(json.dumps(o.get("id")), None)
        if "result" in o:
            o["result"].setdefault("resultType", "complete")
            if method in CACHED:
                o["result"].update(ttlMs=0, cacheScope="private")
        super().send(o)

    def one(self, m: object) -> None:
        if not isinstance(m, dict) or "method" not in m or "id" not in m:
            super().one(m)
            return
        number, method = m["id"], m["method"]
        if method in LEGACY:
            error = {"code": -32601, "message": "method not found"}
            self.send({"jsonrpc": "2.0", "id": number, "error": error})
            return
        self.methods[json.dumps(number)] = method
        if method == "server/discover":
            self.send({"jsonrpc": "2.0", "id": number, "result": dict(DISCOVERED)})
        else:
            super().one(m)

    def call(self, i: object, p: dict, ok: object, err: object) -> None:
        if p.get("name") == "ask":
            self.ask(p, ok, err)
        else:
            super().call(i, p, ok, err)

    def ask(self, params: dict, ok: object, err: object) -> None:
        """Returns its question instead of sending it."""
        arguments = params.get("arguments") or {}
        state, answers = params.get("requestState"), params.get("inputResponses")
        if state is None:
            form = {"message": arguments.get("text", "who?"), "requestedSchema": NAME}
            asked = {"who": {"method": "elicitation/create", "params": form}}
            ok({"resultType": "input_required", "requestState": state_of(arguments), "inputRequests": asked})
        elif not isinstance(state, str) or not hmac.compare_digest(state.encode(), state_of(arguments).encode()):
            err(INVALID_PARAMS, "invalid requestState")
        elif not isinstance(answers, dict) or not isinstance(answers.get("who"), dict):
            err(INVALID_PARAMS, "invalid inputResponses")
        else:
            upstream.ledger("ran", "ask:" + str(arguments.get("text")))
            ok(upstream.text("answer:" + json.dumps(answers["who"], sort_keys=True)))


Modern().run()
