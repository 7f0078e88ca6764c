//! Servers that say what no revision has: one odd part does not cost the whole, in both directions
//! of the bridge, and what is held against a tool's schema needs no list that a client has read.

use serde_json::{Value, json};

use crate::legacy_to_modern::{discover, done};
use crate::support::{
    Habits, Proxy, Session, Stage, Upstream, initialize, modern_ask, modern_request,
    patient_limits, send, tool_text,
};

/// Elements that are odd, by the list that they are in, and whether anything is left of them.
fn odd_elements() -> Vec<(&'static str, &'static str, Value, bool)> {
    let schema = || json!({ "type": "object" });
    vec![
        ("tools/list", "tools", json!({ "name": "odd" }), true),
        ("tools/list", "tools", json!({ "name": "odd", "inputSchema": true }), true),
        ("tools/list", "tools", json!({ "inputSchema": schema() }), false),
        (
            "tools/list",
            "tools",
            json!({ "name": "odd", "inputSchema": schema(), "annotations": [], "icons": "i",
                "_meta": [], "title": 5, "outputSchema": "x" }),
            true,
        ),
        ("prompts/list", "prompts", json!({ "name": "odd", "arguments": [null] }), true),
        ("prompts/list", "prompts", json!("odd"), false),
        ("resources/list", "resources", json!({ "uri": "odd:", "size": "7" }), true),
        ("resources/list", "resources", json!({ "name": "odd" }), false),
        (
            "resources/templates/list",
            "resourceTemplates",
            json!({ "uriTemplate": "odd:{x}", "mimeType": 1 }),
            true,
        ),
        ("resources/templates/list", "resourceTemplates", json!(7), false),
    ]
}

/// An element that every revision has.
fn good(list: &str) -> Value {
    match list {
        "tools" => json!({ "name": "good", "inputSchema": { "type": "object" } }),
        "prompts" => json!({ "name": "good" }),
        "resources" => json!({ "uri": "good:", "name": "good" }),
        _ => json!({ "uriTemplate": "good:{x}", "name": "good" }),
    }
}

/// Holds a list that came over the bridge against what was sent.
#[track_caller]
fn check(answer: &Value, list: &str, odd: &Value, is_kept: bool) {
    let items = answer["result"][list].as_array().unwrap_or_else(|| panic!("{odd}: {answer}"));
    assert_eq!(items.iter().filter(|it| **it == good(list)).count(), 2, "{odd}: {answer}");
    assert_eq!(items.len(), if is_kept { 3 } else { 2 }, "{odd}: {answer}");
    let losses = answer["result"]["_meta"]["io.eyot/bridge-losses"].to_string();
    assert!(losses.contains("malformed"), "{odd}: {answer}");
}

#[tokio::test]
async fn a_modern_client_gets_the_good_elements_of_a_legacy_server() {
    let habits = Habits::new();
    let mut upstream = Upstream::with(&habits).await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), |_| {}).await;
    for (method, list, odd, is_kept) in odd_elements() {
        let asking = modern_ask(&modern_request(1, method, json!({})));
        let answering = async {
            let items = json!([good(list), odd, good(list)]);
            upstream.expect(method).await.result(json!({ list: items, "ttlMs": "x" })).await;
        };
        let (answer, ()) = tokio::join!(send(proxy.address, &asking), answering);
        check(&answer.json(), list, &odd, is_kept);
    }
}

#[tokio::test]
async fn a_legacy_client_gets_the_good_elements_of_a_modern_server() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let (session, ()) =
        tokio::join!(Session::open(proxy.address, "2025-11-25"), discover(&mut upstream));
    for (method, list, odd, is_kept) in odd_elements() {
        let asking = json!({ "jsonrpc": "2.0", "id": 1, "method": method });
        let answering = async {
            let items = json!([good(list), odd, good(list)]);
            let result = json!({ "resultType": "complete", "ttlMs": "x", list: items });
            upstream.expect(method).await.result(result).await;
        };
        let (answer, ()) = tokio::join!(session.send(&asking), answering);
        check(&answer.json(), list, &odd, is_kept);
    }
}

#[tokio::test]
async fn results_of_tools_are_read_piece_by_piece_and_one_that_is_none_says_that_it_has_run() {
    let habits = Habits::new();
    let mut upstream = Upstream::with(&habits).await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), |_| {}).await;
    let text = json!({ "type": "text", "text": "a" });
    for (result, expected) in [
        (json!({ "structuredContent": { "a": 1 } }), json!([])),
        (json!({ "content": null, "isError": "true" }), json!([])),
        (
            json!({ "content": [text, { "type": "text" }, 5, text], "_meta": [] }),
            json!([text, text]),
        ),
        (json!({ "content": "a" }), json!([text])),
        (
            json!({ "content": [{ "type": "hologram" }], "_meta": 5 }),
            json!([{ "type": "hologram" }]),
        ),
    ] {
        let asking = modern_ask(&modern_request(1, "tools/call", json!({ "name": "t" })));
        let answering = async { upstream.expect("tools/call").await.result(result.clone()).await };
        let (answer, ()) = tokio::join!(send(proxy.address, &asking), answering);
        let answer = answer.json();
        assert_eq!(answer["result"]["content"], expected, "{result}: {answer}");
        assert_eq!(answer["result"]["structuredContent"], result["structuredContent"]);
    }
    let asking = modern_ask(&modern_request(1, "tools/call", json!({ "name": "t" })));
    let answering = async { upstream.expect("tools/call").await.result(json!("none")).await };
    let (answer, ()) = tokio::join!(send(proxy.address, &asking), answering);
    let error = &answer.json()["error"];
    assert_eq!(error["data"]["outcome"], "ran", "{error}");
    assert_eq!(error["data"]["retryable"], false, "{error}");
}

/// Answers each request for the list of tools with the page that it asks for.
async fn list_pages(upstream: &mut Upstream) {
    let region = json!({ "type": "string", "x-mcp-header": "Region" });
    let schema = json!({ "type": "object", "properties": { "region": region } });
    let first = json!({ "tools": [{ "name": "plain" }], "nextCursor": "2" });
    let second = json!({ "tools": [{ "name": "t", "inputSchema": schema }] });
    for page in [first, second] {
        upstream.expect("tools/list").await.result(page).await;
    }
}

#[tokio::test]
async fn headers_are_held_against_arguments_of_tools_that_no_client_has_listed() {
    for (tool, header, is_right) in [
        ("t", Some("eu"), true),
        ("t", Some("us"), false),
        ("t", None, false),
        ("plain", None, true),
        ("unknown", Some("eu"), false),
        ("unknown", None, true),
    ] {
        let habits = Habits::new();
        let mut upstream = Upstream::with(&habits).await;
        let proxy = Proxy::before_url(&upstream, patient_limits(), |_| {}).await;
        let arguments = json!({ "name": tool, "arguments": { "region": "eu" } });
        let mut asking = modern_ask(&modern_request(1, "tools/call", arguments));
        if let Some(header) = header {
            asking = asking.header("mcp-param-region", header);
        }
        let answering = async {
            list_pages(&mut upstream).await;
            if is_right {
                upstream.expect("tools/call").await.tool_text("done").await;
            }
        };
        let (answer, ()) = tokio::join!(send(proxy.address, &asking), answering);
        let (status, code) = if is_right { (200, None) } else { (400, Some(-32020)) };
        assert_eq!(answer.status, status, "{tool} {header:?}: {}", answer.text());
        assert_eq!(answer.json()["error"]["code"].as_i64(), code, "{tool} {header:?}");
    }
}

#[tokio::test]
async fn a_client_gets_the_revision_that_it_asks_for_before_a_server_of_another() {
    for (client, server, is_audio) in
        [("2025-11-25", "2024-11-05", true), ("2024-11-05", "2025-11-25", false)]
    {
        let stage = Stage::open().await;
        let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
        let opening = async {
            let mut puppet = stage.enter().await;
            let asked = puppet.expect("initialize").await;
            assert_eq!(asked["params"]["protocolVersion"], client);
            let server = json!({ "protocolVersion": server, "capabilities": { "tools": {} },
                "serverInfo": { "name": "s", "version": "1" } });
            puppet.result(&asked, server).await;
            puppet
        };
        let asking = crate::support::Ask::post(&initialize(client));
        let (answer, mut puppet) = tokio::join!(send(proxy.address, &asking), opening);
        assert_eq!(answer.json()["result"]["protocolVersion"], client, "{}", answer.text());
        let id = answer.head.header("mcp-session-id").unwrap().to_owned();
        let session = Session::known(proxy.address, &id, client);
        let audio = json!({ "type": "audio", "data": "", "mimeType": "audio/wav" });
        let answering = async {
            let asked = puppet.expect("tools/call").await;
            puppet.result(&asked, json!({ "content": [audio] })).await;
        };
        let call = crate::support::call(1, "t", json!({}));
        let (answer, ()) = tokio::join!(session.send(&call), answering);
        let kind = if is_audio { "audio" } else { "text" };
        assert_eq!(answer.json()["result"]["content"][0]["type"], kind, "{}", answer.text());
    }
}

#[tokio::test]
async fn odd_structured_content_of_a_modern_server_reaches_a_legacy_client() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let (session, ()) =
        tokio::join!(Session::open(proxy.address, "2025-11-25"), discover(&mut upstream));
    let call = crate::support::call(1, "t", json!({}));
    let answering = async {
        let result = json!({ "resultType": "complete", "structuredContent": [1] });
        upstream.expect("tools/call").await.result(result).await;
    };
    let (answer, ()) = tokio::join!(session.send(&call), answering);
    let answer = answer.json();
    assert_eq!(answer["result"]["structuredContent"], json!({ "result": [1] }), "{answer}");
    let call = crate::support::call(2, "t", json!({}));
    let answering = async { upstream.expect("tools/call").await.result(done("a")).await };
    let (answer, ()) = tokio::join!(session.send(&call), answering);
    assert_eq!(answer.json()["result"], tool_text("a"));
}
