"""Prints how much memory each attack on a bound costs: `memory.py PATH_OF_EYOT`.

A row is one attack by one client with a key: what it sent, what was refused, and how far the resident
memory and the store grew. Linux; starts `eyot serve` on loopback and ends it.
"""
import http.client, http.server, json, os, re, socket, subprocess, sys, tempfile, threading, time

EYOT = sys.argv[1]
FOLDER = tempfile.mkdtemp(prefix="eyot-attacks-")
CHILD = r'''
import json, sys
def out(m): print(json.dumps(m), flush=True)
for line in sys.stdin:
    m = json.loads(line); i, p = m.get("id"), m.get("params") or {}
    if m.get("method") == "initialize":
        out({"jsonrpc": "2.0", "id": i, "result": {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}, "logging": {},
             "resources": {"subscribe": True}}, "serverInfo": {"name": "t", "version": "1"}}})
    elif m.get("method") == "tools/call":
        for n in range(p["arguments"].get("notes", 0)):
            out({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "error", "data": "x" * (4 << 20)}})
        for n in range(p["arguments"].get("questions", 0)):
            out({"jsonrpc": "2.0", "id": "q%d" % n, "method": "elicitation/create", "params": {"message": "?", "requestedSchema": {"type": "object", "properties": {}}}})
        out({"jsonrpc": "2.0", "id": i, "result": {"content": []}})
    elif i is not None and "method" in m:
        out({"jsonrpc": "2.0", "id": i, "result": {}})
'''


class Server(http.server.BaseHTTPRequestHandler):
    """A legacy server over HTTP, which only opens sessions."""
    protocol_version = "HTTP/1.1"
    log_message = lambda *_: None

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        result = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "t", "version": "1"}}
        body = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": result}).encode() if "id" in message else b""
        self.send_response(200 if body else 202)
        for name, value in {"Content-Type": "application/json", "Mcp-Session-Id": os.urandom(8).hex(), "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def do_DELETE(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
UPSTREAM = "http://127.0.0.1:%d/mcp" % server.server_port


class Eyot:
    def __init__(self, *target):
        self.store = os.path.join(FOLDER, "%d.db" % time.monotonic_ns())
        args = [EYOT, "serve", "--json", "--listen", "127.0.0.1:0", "--store", "sqlite:" + self.store,
                "--api-key", "ada=" + "a" * 40, "--api-key", "bob=" + "b" * 40, *target]
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.port = int(re.search(r":(\d+)/", json.loads(self.process.stdout.readline())["listening"]).group(1))
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.sent = self.refused = 0

    def post(self, message, headers=(), read=True):
        body = json.dumps(message).encode()
        self.sent += len(body)
        head = {"Authorization": "Bearer " + "a" * 40, "Content-Type": "application/json",
                "Accept": "application/json, text/event-stream", **dict(headers)}
        if not read:
            s = socket.create_connection(("127.0.0.1", self.port))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            lines = "".join("%s: %s\r\n" % it for it in {**head, "Host": "127.0.0.1", "Content-Length": len(body)}.items())
            s.sendall(("POST /mcp HTTP/1.1\r\n%s\r\n" % lines).encode() + body)
            return s
        try:
            self.connection.request("POST", "/mcp", body, head)
            answer = self.connection.getresponse()
            text = answer.read()
        except (http.client.HTTPException, OSError):
            self.connection.close()
            self.refused += 1
            return None
        self.refused += b'"error"' in text
        return answer

    def open(self, pad=0, **capabilities):
        answer = self.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25",
            "capabilities": capabilities, "clientInfo": {"name": "c", "version": "1"}, "_meta": {"pad": "x" * pad}}})
        session = answer and answer.headers.get("mcp-session-id")
        return {"Mcp-Session-Id": session} if session else None

    def modern(self, capabilities):
        meta = {"protocolVersion": "2026-07-28", "clientInfo": {"name": "c", "version": "1"}, "clientCapabilities": capabilities}
        params = {"_meta": {"io.modelcontextprotocol/" + k: v for k, v in meta.items()}}
        self.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params},
                  {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"})

    def resident(self):
        return next(int(l.split()[1]) for l in open("/proc/%d/status" % self.process.pid) if l.startswith("VmRSS")) >> 10

    def stored(self):
        return sum(os.path.getsize(self.store + end) for end in ("", "-wal") if os.path.exists(self.store + end)) >> 20


def attack(name, run, *target):
    eyot = Eyot(*(target or ("--", sys.executable, "-c", CHILD)))
    before, peak = eyot.resident(), 0
    kept = run(eyot)
    for _ in range(30):
        peak = max(peak, eyot.resident())
        time.sleep(0.1)
    row = (name, eyot.sent / 2**20, eyot.refused, peak - before, eyot.stored())
    print("| %-44s | %8.1f | %7d | %13d | %9d |" % row, flush=True)
    del kept
    eyot.process.kill()
    eyot.process.wait()


def sessions(pad, count):
    return lambda it: [it.open(pad) for _ in range(count)]


def subscriptions(eyot):
    head = eyot.open()
    for n in range(2600):
        eyot.post({"jsonrpc": "2.0", "id": n + 2, "method": "resources/subscribe", "params": {"uri": "file:///%d/%s" % (n, "x" * 1000)}}, head)


def calls(**arguments):
    message = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "t", "arguments": arguments}}
    return lambda it: it.post(message, it.open(elicitation={}), read=False)


print("| attack of one key                            | MiB sent | refused | MiB resident+ | MiB store |")
print("|---|---|---|---|---|")
attack("12 × initialize of 8 MiB", sessions(8 << 20, 12))
attack("2,000 × initialize of 60 KiB", sessions(60 << 10, 2000), "--upstream", UPSTREAM)
attack("24 × capabilities of 2 MiB", lambda it: [it.modern({"sampling": {"pad": str(n) + "x" * (2 << 20)}}) for n in range(24)])
attack("500 × other capabilities, upstream down", lambda it: [it.modern({"sampling": {"pad": str(n) + "x" * 3000}}) for n in range(500)],
       "--upstream", "http://127.0.0.1:9/mcp")
attack("2,600 × resources/subscribe of 1 KB", subscriptions)
attack("100 log messages of 4 MiB, nothing is read", calls(notes=100))
attack("10,000 questions in one call, nothing is read", calls(questions=10000))
