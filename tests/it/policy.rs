//! The program behind an HTTP policy.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::program::{Program, program};
use crate::support::{
    Ask, Connection, Folder, Response, Session, call, initialize, modern_ask, modern_request, send,
    within,
};

/// A proxy before the server with one of everything, behind a policy.
struct Policed {
    folder: TempDir,
    program: Program,
}

impl Policed {
    async fn start(policy: &Value, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("policy.json"), policy.to_string()).unwrap();
        let mut command = Command::new(program());
        command.args(["--json", "serve", "--listen", "127.0.0.1:0", "--store", "memory:"]);
        command.args(flags).arg("--policy").arg(folder.path().join("policy.json"));
        command.arg("--").arg(program()).args(["everything", "--stdio"]);
        let program = Program::start(&mut command).await;
        Self { folder, program }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("policy.json")
    }

    async fn ask(&self, ask: &Ask) -> Response {
        send(self.program.address, ask).await
    }

    /// The status of an `initialize`.
    async fn opens(&self, change: impl Fn(Ask) -> Ask) -> u16 {
        self.ask(&change(Ask::post(&initialize("2025-11-25")))).await.status
    }

    /// Asks for a stream until the status is this one: 400 is the endpoint's, since no session is named.
    async fn until(&self, change: impl Fn(Ask) -> Ask, status: u16) {
        let asking = async {
            while self.ask(&change(Ask::get())).await.status != status {
                tokio::task::yield_now().await;
            }
        };
        within("another answer", asking).await;
    }

    fn write(&self, policy: &Value) {
        std::fs::write(self.file(), policy.to_string()).unwrap();
    }
}

#[tokio::test]
async fn what_a_policy_allows_is_served_in_both_eras() {
    let policy = json!({ "networks": { "allow": ["127.0.0.0/8"] }, "methods": ["GET", "POST", "DELETE"],
        "paths": { "allow": ["/mcp"] }, "headers": [{ "name": "X-Debug", "forbidden": true }],
        "rates": [{ "name": "each", "by": ["address"], "requests": 1000, "per": "1m" }],
        "concurrency": [{ "name": "each", "by": ["principal"], "max": 10 }] });
    let policed = Policed::start(&policy, &[]).await;
    let session = Session::open(policed.program.address, "2025-11-25").await;
    let answer = session.send(&call(1, "test_simple_text", json!({}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.head.header("x-content-type-options"), Some("nosniff"));
    let modern = modern_request(1, "tools/list", json!({}));
    assert_eq!(policed.ask(&modern_ask(&modern)).await.status, 200);
    assert_eq!(policed.opens(|it| it.header("x-debug", "1")).await, 403);
    assert_eq!(policed.ask(&Ask::get().path("/sse")).await.status, 403);
}

#[tokio::test]
async fn other_transports_pass_a_policy_as_well() {
    let policy = json!({ "networks": { "allow": ["127.0.0.1"] },
        "rates": [{ "name": "each", "by": ["principal"], "requests": 1000, "per": "1m" }],
        "concurrency": [{ "name": "each", "by": ["address"], "max": 10 }] });
    let policed = Policed::start(&policy, &[]).await;
    let folder = Folder::with(&json!({}));
    for url in [format!("ws://{}/ws", policed.program.address), policed.program.url()] {
        let ran = folder.eyot(&["list", &url], &[], "").await;
        assert!(ran.out.contains("test_simple_text"), "{}", ran.err);
    }
    let stream = Ask::get().path("/sse");
    let mut connection = Connection::open(policed.program.address).await;
    connection.ask(&stream).await;
    let mut events = connection.begun().await.events();
    assert!(events.next().await.data.unwrap().starts_with("/messages/"));
}

#[tokio::test]
async fn a_refused_request_is_answered_before_its_body_comes() {
    let policed = Policed::start(&json!({ "methods": ["GET"] }), &[]).await;
    let mut connection = Connection::open(policed.program.address).await;
    let head = "POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
                content-length: 1000000\r\n\r\n";
    connection.send(head.as_bytes()).await;
    let answer = connection.response().await;
    assert_eq!((answer.status, answer.head.header("allow")), (405, Some("GET")));
    assert_eq!(answer.code(), 1403);
}

#[tokio::test]
async fn an_address_is_believed_from_a_trusted_proxy_alone() {
    let deny = json!({ "deny": ["203.0.113.66"] });
    let forwarded = |it: Ask| it.header("x-forwarded-for", "6.6.6.6, 203.0.113.66");
    let trusting = json!({ "networks": deny, "trusted_proxies": ["127.0.0.1"] });
    let policed = Policed::start(&trusting, &[]).await;
    assert_eq!(policed.opens(|it| it).await, 200);
    assert_eq!(policed.opens(forwarded).await, 403);
    assert_eq!(policed.opens(|it| it.header("x-forwarded-for", "unknown")).await, 400);
    let policed = Policed::start(&json!({ "networks": deny }), &[]).await;
    assert_eq!(policed.opens(forwarded).await, 200);
}

#[tokio::test]
async fn a_rate_by_principal_counts_clients_by_their_keys() {
    let policy =
        json!({ "rates": [{ "name": "each", "by": ["principal"], "requests": 2, "per": "1h" }] });
    let keys = [
        "--api-key",
        "alice=alice-has-a-long-key-too",
        "--api-key",
        "bob=bob-has-a-long-key-as-well",
    ];
    let policed = Policed::start(&policy, &keys).await;
    let as_alice = |it: Ask| it.header("authorization", "Bearer alice-has-a-long-key-too");
    let as_bob = |it: Ask| it.header("authorization", "Bearer bob-has-a-long-key-as-well");
    let ask = Ask::post(&initialize("2025-11-25"));
    // Those without a key are none of them.
    for status in [401, 401, 401] {
        assert_eq!(policed.opens(|it| it).await, status);
    }
    for status in [200, 200] {
        assert_eq!(policed.opens(as_alice).await, status);
    }
    let answer = policed.ask(&as_alice(ask)).await;
    assert_eq!((answer.status, answer.code()), (429, 1503));
    assert_eq!(answer.json()["error"]["data"]["limit"], "rates.each");
    assert_eq!(answer.head.header("retry-after"), Some("1800"));
    assert_eq!(policed.opens(as_bob).await, 200);
}

#[tokio::test]
async fn a_rate_by_tool_counts_what_the_body_has_to_agree_with() {
    let policy = json!({ "rates": [{ "name": "texts", "by": ["tool"], "tools": ["test_simple_*"],
        "requests": 1, "per": "1h" }] });
    let policed = Policed::start(&policy, &[]).await;
    let call = |name: &str| modern_ask(&modern_request(1, "tools/call", json!({ "name": name })));
    assert_eq!(policed.ask(&call("test_simple_text")).await.status, 200);
    assert_eq!(policed.ask(&call("test_simple_text")).await.status, 429);
    assert_eq!(policed.ask(&call("test_image_content")).await.status, 200);
    // Another name in the header does not help: the endpoint holds it against the body.
    let renamed = call("test_simple_text").header("mcp-name", "test_image_content");
    let answer = policed.ask(&renamed).await;
    assert_eq!((answer.status, answer.code()), (400, -32020));
    let unnamed = call("test_simple_text").without("mcp-name");
    assert_eq!(policed.ask(&unnamed).await.status, 400);
}

#[tokio::test]
async fn a_stream_takes_a_place_until_it_ends() {
    let policy = json!({ "concurrency": [{ "name": "each", "by": ["address"], "max": 1 }] });
    let policed = Policed::start(&policy, &[]).await;
    let session = Session::open(policed.program.address, "2025-11-25").await;
    let stream = session.begin(&session.get()).await;
    assert_eq!(stream.status, 200);
    let answer = policed.ask(&Ask::post(&initialize("2025-11-25"))).await;
    assert_eq!((answer.status, answer.head.header("retry-after")), (429, Some("1")));
    drop(stream);
    policed.until(|it| it, 400).await;
}

#[tokio::test]
async fn a_page_whose_origin_is_allowed_can_use_the_endpoint() {
    let policy = json!({ "cors": { "origins": ["https://app.example"] } });
    let policed = Policed::start(&policy, &[]).await;
    let answer = policed
        .ask(&Ask::post(&initialize("2025-11-25")).header("origin", "https://app.example"))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.head.header("access-control-allow-origin"), Some("https://app.example"));
    let exposed = answer.head.header("access-control-expose-headers").unwrap();
    assert!(
        exposed.contains("mcp-session-id") && exposed.contains("www-authenticate"),
        "{exposed}"
    );
    // Not even one of this machine, once there is a list.
    for origin in ["https://evil.example", "http://localhost:3000"] {
        assert_eq!(policed.opens(|it| it.header("origin", origin)).await, 403);
    }
    // A page may be allowed, and the name that it has for this server be a foreign one.
    let rebound =
        |it: Ask| it.header("origin", "https://app.example").header("host", "evil.example");
    assert_eq!(policed.opens(rebound).await, 403);
    // The list that holds now is asked, and without one the flags are.
    let of_page = |it: Ask| it.header("origin", "https://app.example");
    policed.until(of_page, 400).await;
    policed.write(&json!({ "methods": ["GET"] }));
    policed.until(of_page, 403).await;
    policed.write(&json!({ "cors": { "origins": ["https://new.example"] } }));
    policed.until(|it| it.header("origin", "https://new.example"), 400).await;
}

#[tokio::test]
async fn a_policy_is_read_again_when_its_file_changes_and_not_when_it_is_wrong() {
    let policed = Policed::start(&json!({}), &[]).await;
    policed.until(|it| it, 400).await;
    policed.write(&json!({ "methods": ["POST"] }));
    policed.until(|it| it, 405).await;
    // Each of these cannot be used; the next one that can shows that it was looked at.
    for wrong in ["{", "{\"methods\": []}", "{\"method\": [\"POST\"]}"] {
        std::fs::write(policed.file(), wrong).unwrap();
        let hangup =
            Command::new("kill").args(["-HUP", &policed.program.pid().to_string()]).status();
        assert!(hangup.await.unwrap().success());
        assert_eq!(policed.ask(&Ask::get()).await.status, 405);
    }
    policed.write(&json!({ "methods": ["GET"] }));
    policed.until(|it| it, 400).await;
}

#[tokio::test]
async fn a_policy_that_is_wrong_is_refused_with_all_its_places() {
    let text =
        "methods: [post]\nrates:\n  - name: a\n    by: [address]\n    requests: 0\n    per: 1m\n";
    let folder = Folder::new("policy.yaml", text);
    let serve = ["serve", "--store", "memory:", "--policy", "policy.yaml", "--", "true"];
    let ran = folder.eyot(&serve, &[], "").await;
    for expected in [
        "eyot: policy.yaml:1:11: error: `methods[0]`: methods are written in capitals",
        "policy.yaml:5:5: error: `rates[0].requests`: expected 1 or more",
    ] {
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
    assert_eq!(ran.code, Some(2));
    let folder = Folder::new("policy.yaml", "rates:\n  - name: a\n    by: [key]\n");
    let ran = folder.eyot(&serve, &[], "").await;
    assert!(
        ran.err.contains("policy.yaml:3:10: error: `rates[0].by[0]`: expected one of `address`"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn explain_says_which_part_refuses_a_request() {
    let text =
        "networks:\n  deny: [203.0.113.66]\nmethods: [GET]\ntrusted_proxies: ['127.0.0.1']\n";
    let folder = Folder::new("policy.yaml", text);
    let explain = ["explain", "--request", "-", "--policy", "policy.yaml", "--from", "127.0.0.1"];
    let head = "> POST /mcp HTTP/1.1\n> X-Forwarded-For: 203.0.113.66\n> Authorization: Bearer top-secret\n";
    let ran = folder.eyot(&explain, &[], head).await;
    let expected = "\
address      passes   the client is 203.0.113.66, as a trusted proxy says
networks     refuses  403 networks.deny: Denied: the network of the client is not allowed
methods      refuses  405 methods: Denied: the method of HTTP is not allowed
paths        passes   no rule
headers      passes   no rule
cors         passes   no rule
rates        passes   no rule
concurrency  passes   no rule
";
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), expected));
    assert_eq!(ran.err, "eyot: the request is refused by `networks` with 403\n");
    let ran = folder.eyot(&explain, &[], "GET /mcp HTTP/1.1\n").await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let mut explain = Vec::from(explain);
    explain.insert(0, "--json");
    let ran = folder.eyot(&explain, &[], head).await;
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&told["parts"][1]["rule"], &told["parts"][1]["status"]),
        (&json!("networks.deny"), &json!(403))
    );
    assert!(!ran.out.contains("top-secret"));
    let ran = folder.eyot(&explain, &[], "no request").await;
    assert_eq!(ran.code, Some(2));
}

#[tokio::test]
async fn the_example_of_the_guide_is_a_policy_that_says_what_the_guide_shows() {
    let guide = include_str!("../../docs/guide/policy.md");
    let (_, example) = guide.split_once("```yaml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let folder = Folder::new("policy.yaml", example);
    let explain = ["explain", "--request", "-", "--policy", "policy.yaml", "--from", "10.0.0.1"];
    let head = "> GET /mcp HTTP/1.1\n> Host: 127.0.0.1:8080\n> User-Agent: curl/8.0.0\n> Accept: */*\n\
                > X-Forwarded-For: 203.0.113.66\n>\n";
    let ran = folder.eyot(&explain, &[], head).await;
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(guide.contains(&format!("{}{}", ran.out, ran.err)), "{}{}", ran.out, ran.err);
}
