//! What clients hear of changes, in sessions and in subscriptions.

use std::time::Duration;

use serde_json::{Value, json};

use super::{calculator, peer::Peer};
use crate::{NoArguments, Server, resource, tool};

fn noticeboard() -> Server {
    let board = resource("board:///today", |_| async move { "nothing yet" });
    let server = calculator().resource(board).resource_subscriptions();
    server.build().unwrap()
}

fn another(name: &str) -> crate::ServerTool {
    tool(name, |_: NoArguments, _| async move { "" })
}

async fn subscribe(peer: &mut Peer, id: &str, notifications: Value) -> Value {
    let params = peer.with_meta(json!({ "notifications": notifications }));
    peer.start(id, "subscriptions/listen", params).await;
    peer.next().await
}

#[tokio::test]
async fn a_subscription_says_first_what_it_will_tell_and_tells_nothing_else() {
    let server = noticeboard();
    let mut peer = Peer::modern(&server, json!({}));
    let asked = json!({ "toolsListChanged": true, "promptsListChanged": true,
        "resourceSubscriptions": ["board:///today"] });
    let first = subscribe(&mut peer, "s1", asked).await;
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged", "{first}");
    // There are no prompts, so nothing can be told of them.
    let told = json!({ "toolsListChanged": true, "resourceSubscriptions": ["board:///today"] });
    assert_eq!(first["params"]["notifications"], told);
    server.notify_prompts_changed();
    server.notify_resource_updated("board:///yesterday");
    server.notify_resource_updated("board:///today");
    let updated = peer.next().await;
    assert_eq!(updated["method"], "notifications/resources/updated", "{updated}");
    assert_eq!(updated["params"]["uri"], "board:///today");
    let id = &updated["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
    assert_eq!(id, "s1");
    server.add_tool(another("new")).unwrap();
    let changed = peer.next().await;
    assert_eq!(changed["method"], "notifications/tools/list_changed", "{changed}");
}

#[tokio::test]
async fn a_subscription_is_promised_nothing_of_resources_that_are_not_there() {
    let server = noticeboard();
    let mut peer = Peer::modern(&server, json!({}));
    let known = json!({ "resourceSubscriptions": ["board:///today"] });
    for (id, asked, told) in [
        ("s1", json!({ "resourceSubscriptions": ["board:///never"] }), json!({})),
        ("s2", json!({ "resourceSubscriptions": ["board:///never", "board:///today"] }), known),
        ("s3", json!({}), json!({})),
    ] {
        let first = subscribe(&mut peer, id, asked).await;
        assert_eq!(first["params"]["notifications"], told, "{first}");
    }
    server.notify_resource_updated("board:///never");
    server.notify_resource_updated("board:///today");
    let updated = peer.next().await;
    let id = &updated["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
    assert_eq!((&updated["params"]["uri"], id), (&json!("board:///today"), &json!("s2")));
}

#[tokio::test]
async fn the_id_of_a_subscription_is_given_back_to_the_letter() {
    for id in ["18446744073709551616", "-9223372036854775809", "18446744073709551615", "-1"] {
        let server = noticeboard();
        let mut peer = Peer::modern(&server, json!({}));
        let params = peer.with_meta(json!({ "notifications": {
            "toolsListChanged": true, "resourceSubscriptions": ["board:///today"] } }));
        peer.send_line(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"subscriptions/listen","params":{params}}}"#
        ))
        .await;
        let member = format!(r#""io.modelcontextprotocol/subscriptionId":{id}"#);
        let mut check = async |method: &str| {
            let line = peer.next_line().await;
            assert!(line.contains(&member) && line.contains(method), "{line}");
            line
        };
        check("notifications/subscriptions/acknowledged").await;
        server.notify_resource_updated("board:///today");
        let updated = check("notifications/resources/updated").await;
        assert!(updated.contains(r#""uri":"board:///today""#), "{updated}");
        server.notify_tools_changed();
        check("notifications/tools/list_changed").await;
        server.shutdown().drain();
        let last = check("complete").await;
        assert!(last.contains(&format!(r#""id":{id},"#)), "{last}");
    }
}

#[tokio::test]
async fn a_subscription_ends_with_a_result_when_the_server_drains() {
    let server = noticeboard();
    let mut peer = Peer::modern(&server, json!({}));
    subscribe(&mut peer, "s1", json!({ "toolsListChanged": true })).await;
    server.shutdown().drain();
    let last = peer.next().await;
    assert_eq!(last["id"], "s1", "{last}");
    assert_eq!(last["result"]["resultType"], "complete");
    let id = &last["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
    assert_eq!(id, "s1");
}

#[tokio::test]
async fn a_session_hears_of_lists_and_of_what_it_subscribed_to() {
    let server = noticeboard();
    let mut peer = Peer::legacy(&server, json!({})).await;
    let ask = json!({ "uri": "board:///today" });
    assert_eq!(peer.request("resources/subscribe", ask.clone()).await["result"], json!({}));
    server.notify_resource_updated("board:///today/noon");
    assert_eq!(peer.next().await["params"]["uri"], "board:///today/noon");
    assert_eq!(peer.request("resources/unsubscribe", ask).await["result"], json!({}));
    server.notify_resource_updated("board:///today");
    assert!(server.remove_tool("add"));
    assert_eq!(peer.next().await["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn a_resource_that_is_not_there_cannot_be_subscribed_to() {
    let server = noticeboard();
    let mut peer = Peer::legacy(&server, json!({})).await;
    let answer = peer.request("resources/subscribe", json!({ "uri": "board:///never" })).await;
    assert_eq!(answer["error"]["code"], -32002, "{answer}");
}

#[tokio::test(start_paused = true)]
async fn many_changes_at_once_are_told_once() {
    let server = noticeboard();
    let mut peer = Peer::modern(&server, json!({}));
    subscribe(&mut peer, "s1", json!({ "toolsListChanged": true })).await;
    for number in 0..50 {
        server.add_tool(another(&format!("t{number}"))).unwrap();
    }
    assert_eq!(peer.next().await["method"], "notifications/tools/list_changed");
    let more = tokio::time::timeout(Duration::from_secs(5), peer.next()).await;
    assert!(more.is_err(), "{more:?}");
}
