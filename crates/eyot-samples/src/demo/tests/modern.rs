//! What only modern clients see.

use eyot::types::{Revision, meta};
use serde_json::{Value, json};

use super::client::{Client, text};

fn client() -> Client {
    Client::ready(Revision::MODERN)
}

#[test]
fn discovery_says_what_the_server_is() {
    let mut client = client();
    let result = client.ask("server/discover", json!({}));
    assert_eq!(result["supportedVersions"], json!(["2026-07-28"]));
    assert_eq!(result["resultType"], "complete");
    assert_eq!(result["capabilities"]["resources"]["subscribe"], true);
    assert_eq!(result["_meta"][meta::SERVER_INFO]["name"], "eyot-demo");
    client.end();
}

#[test]
fn lists_may_be_kept_and_the_greeting_may_not() {
    let mut client = client();
    let greeting = json!({ "uri": "demo://greeting" });
    for (method, params, ttl_ms) in [
        ("server/discover", json!({}), json!(3_600_000)),
        ("tools/list", json!({}), json!(3_600_000)),
        ("resources/read", greeting, json!(0)),
        ("tools/call", json!({ "name": "touch" }), Value::Null),
    ] {
        let result = client.ask(method, params);
        assert_eq!(result["ttlMs"], ttl_ms, "{method}");
        assert_eq!(result.get("cacheScope").is_some(), !ttl_ms.is_null(), "{method}");
    }
    client.end();
}

#[test]
fn methods_of_the_initialize_era_are_not_found() {
    for method in
        ["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"]
    {
        let mut client = client();
        assert_eq!(client.ask(method, json!({}))["code"], -32601, "{method}");
        client.end();
    }
}

#[test]
fn malformed_metadata_is_refused() {
    let (version, capabilities) = (meta::PROTOCOL_VERSION, meta::CLIENT_CAPABILITIES);
    for (own, code) in [
        (json!({}), -32600),
        (json!({ capabilities: {} }), -32602),
        (json!({ version: "2026-07-28" }), -32602),
        (json!({ version: "2026-07-28", capabilities: [] }), -32602),
        (json!({ version: 7, capabilities: {} }), -32602),
        (json!({ version: "2027-01-01", capabilities: {} }), -32022),
        (json!({ version: "2025-11-25", capabilities: {} }), -32022),
    ] {
        let mut client = client();
        let params = json!({ "_meta": own });
        let message =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params });
        client.send_line(&message.to_string());
        let error = client.read()["error"].clone();
        assert_eq!(error["code"], code, "{own}");
        if code == -32022 {
            let (supported, requested) = (json!(["2026-07-28"]), &own[version]);
            assert_eq!(error["data"], json!({ "supported": supported, "requested": requested }));
        }
        client.end();
    }
}

#[test]
fn a_log_message_is_seen_when_the_request_asks_for_it() {
    let params = json!({ "name": "log", "arguments": { "level": "info", "text": "hey" } });
    for (level, is_seen) in [(None, false), (Some("info"), true), (Some("notice"), false)] {
        let mut client = client();
        if let Some(level) = level {
            client = client.with_log_level(level);
        }
        let id = client.request("tools/call", params.clone());
        if is_seen {
            assert_eq!(client.read_notification("notifications/message")["data"], "hey");
        }
        assert_eq!(text(&client.read_answer(&id)), "ok");
        client.end();
    }
}

#[test]
fn a_name_is_asked_for_in_rounds() {
    let mut client = client();
    let call = json!({ "name": "ask_name" });
    let first = client.ask("tools/call", call);
    assert_eq!(first["resultType"], "input_required");
    let question = &first["inputRequests"]["user_name"];
    assert_eq!(question["method"], "elicitation/create");
    let state = &first["requestState"];

    let accept = |name: Value| json!({ "action": "accept", "content": { "name": name } });
    for answers in [
        json!({}),
        json!({ "other": accept(json!("Ada")) }),
        json!({ "user_name": accept(json!(7)) }),
        json!({ "user_name": "Ada" }),
    ] {
        let retry = json!({ "name": "ask_name", "inputResponses": answers, "requestState": state });
        let again = client.ask("tools/call", retry);
        assert_eq!(again["resultType"], "input_required", "{answers}");
    }
    for (answer, expected) in [
        (accept(json!("Ada")), "Hello, Ada!"),
        (json!({ "action": "decline" }), "Hello, whoever you are!"),
    ] {
        let answers = json!({ "user_name": answer, "other": {} });
        let retry = json!({ "name": "ask_name", "inputResponses": answers, "requestState": state });
        let last = client.ask("tools/call", retry);
        assert_eq!(last["resultType"], "complete");
        assert_eq!(text(&last), expected);
    }
    client.end();
}

#[test]
fn an_answer_with_a_forged_state_is_refused() {
    let mut client = client();
    let answers = json!({ "user_name": { "action": "decline" } });
    let retry = json!({
        "name": "ask_name", "inputResponses": answers, "requestState": "forged",
    });
    assert_eq!(client.ask("tools/call", retry)["code"], -32602);
    client.end();
}

#[test]
fn a_question_is_still_answered_after_a_restart() {
    let mut before = client();
    let asked = before.ask("tools/call", json!({ "name": "ask_name" }));
    before.end();
    let mut after = client();
    let answers = json!({ "user_name": { "action": "accept", "content": { "name": "Ada" } } });
    let state = &asked["requestState"];
    let retry = json!({ "name": "ask_name", "inputResponses": answers, "requestState": state });
    assert_eq!(text(&after.ask("tools/call", retry)), "Hello, Ada!");
    after.end();
}

#[test]
fn a_client_that_cannot_ask_is_told_what_it_lacks() {
    let mut client = Client::ready_with(Revision::MODERN, json!({}));
    let error = client.call("ask_name", &json!({}));
    assert_eq!(error["code"], -32021);
    assert_eq!(error["data"]["requiredCapabilities"], json!({ "elicitation": { "form": {} } }));
    client.end();
}

/// Opens a subscription, and gives what was acknowledged.
#[track_caller]
fn listen(client: &mut Client, id: &str, notifications: &Value) -> Value {
    client.request_as(id, "subscriptions/listen", json!({ "notifications": notifications }));
    let acknowledged = client.read_notification("notifications/subscriptions/acknowledged");
    assert_eq!(acknowledged["_meta"][meta::SUBSCRIPTION_ID].to_string(), id);
    acknowledged["notifications"].clone()
}

#[test]
fn what_is_listened_to_is_acknowledged() {
    let greeting = json!({ "resourceSubscriptions": ["demo://greeting"] });
    for asked in [greeting, json!({})] {
        let mut client = client();
        assert_eq!(listen(&mut client, "1", &asked), asked);
        client.end();
    }
}

#[test]
fn a_listener_hears_of_touches_until_it_cancels() {
    let mut client = client();
    let greeting = json!({ "resourceSubscriptions": ["demo://greeting"] });
    listen(&mut client, r#""mine""#, &greeting);
    listen(&mut client, r#""deaf""#, &json!({}));
    let updated = client.touch(1);
    assert_eq!(updated[0]["uri"], "demo://greeting");
    assert_eq!(updated[0]["_meta"][meta::SUBSCRIPTION_ID], "mine");
    client.cancel(r#""mine""#);
    client.touch(0);
    client.end();
}
