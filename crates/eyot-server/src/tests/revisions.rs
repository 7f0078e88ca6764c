//! One handler, and what older revisions get of it.

use eyot_types::{CallToolResult, ContentBlock};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::peer::Peer;
use crate::{CallContext, HandlerResult, Json, NoArguments, Server, tool};

/// A server whose results need the latest revision.
fn latest() -> Server {
    #[derive(Serialize, JsonSchema)]
    struct Count(u32);
    let count = tool("count", |_: NoArguments, _| async move { Json(Count(3)) });
    let media = tool("media", |_: NoArguments, _| async move {
        CallToolResult::new(vec![
            ContentBlock::audio(b"wav", "audio/wav"),
            ContentBlock::resource_link("file:///a", "a"),
        ])
    });
    let ask = tool("ask", |_: NoArguments, call: CallContext| async move {
        let roots = call.list_roots().await?;
        let params = eyot_types::ElicitParams::url("Sign in", "https://sign.example");
        let _signed = call.elicit_with(params).await?;
        HandlerResult::Ok(format!("{} roots", roots.roots.len()))
    });
    Server::builder("latest", "1").tool(count).tool(media).tool(ask).build().unwrap()
}

async fn call(revision: &str, name: &str) -> Value {
    let mut peer = Peer::of_revision(&latest(), revision, json!({})).await;
    peer.request("tools/call", json!({ "name": name })).await["result"].clone()
}

#[tokio::test]
async fn structured_content_is_an_object_where_only_objects_are_known() {
    let mut modern = Peer::modern(&latest(), json!({}));
    let answer = modern.ask("tools/call", json!({ "name": "count" })).await;
    assert_eq!(answer["result"]["structuredContent"], 3, "{answer}");
    let result = call("2025-11-25", "count").await;
    assert_eq!(result["structuredContent"], json!({ "result": 3 }), "{result}");
    let result = call("2025-03-26", "count").await;
    assert_eq!(result.get("structuredContent"), None, "{result}");
    assert_eq!(result["content"][0]["text"], "3");
}

#[tokio::test]
async fn a_list_describes_what_its_revision_will_get() {
    let mut peer = Peer::of_revision(&latest(), "2025-11-25", json!({})).await;
    let answer = peer.request("tools/list", json!({})).await;
    let schema = &answer["result"]["tools"][0]["outputSchema"];
    assert_eq!(schema["type"], "object", "{answer}");
    assert!(schema["properties"]["result"].is_object());
    let mut peer = Peer::of_revision(&latest(), "2025-03-26", json!({})).await;
    let answer = peer.request("tools/list", json!({})).await;
    assert_eq!(answer["result"]["tools"][0].get("outputSchema"), None, "{answer}");
}

#[tokio::test]
async fn content_that_a_revision_does_not_know_becomes_a_text() {
    let result = call("2024-11-05", "media").await;
    let kinds: Vec<_> =
        result["content"].as_array().unwrap().iter().map(|it| &it["type"]).collect();
    assert_eq!(kinds, ["text", "text"], "{result}");
    let result = call("2025-06-18", "media").await;
    assert_eq!(result["content"][1]["type"], "resource_link", "{result}");
}

#[tokio::test]
async fn a_question_that_a_revision_cannot_carry_fails_its_call_with_a_reason() {
    let capabilities = json!({ "roots": {}, "elicitation": { "url": {} } });
    let mut peer = Peer::of_revision(&latest(), "2025-06-18", capabilities).await;
    peer.start(1, "tools/call", json!({ "name": "ask" })).await;
    let question = peer.next().await;
    assert_eq!(question["method"], "roots/list", "{question}");
    peer.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "roots": [] } })).await;
    let answer = peer.next().await;
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("revision 2025-06-18 cannot ask this"), "{text}");
}

#[tokio::test]
async fn a_page_for_the_user_has_an_id_where_its_revision_wants_one() {
    let capabilities = json!({ "roots": {}, "elicitation": { "url": {} } });
    let mut peer = Peer::of_revision(&latest(), "2025-11-25", capabilities).await;
    peer.start(1, "tools/call", json!({ "name": "ask" })).await;
    let question = peer.next().await;
    peer.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "roots": [] } })).await;
    let question = peer.next().await;
    assert_eq!(question["params"]["mode"], "url", "{question}");
    assert!(question["params"]["elicitationId"].is_string(), "{question}");
}
