//! What only legacy clients see.

use eyot::types::Revision;
use serde_json::{Value, json};

use super::client::{Client, failure_text, text};

fn client() -> Client {
    Client::ready(Revision::LATEST_LEGACY)
}

#[test]
fn the_handshake_agrees_on_a_legacy_revision() {
    for (asked, expected) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let mut client = Client::new(Revision::LATEST_LEGACY);
        let params = client.initialize_params(asked);
        let result = client.ask("initialize", params);
        assert_eq!(result["protocolVersion"], expected);
        assert_eq!(result["serverInfo"]["name"], "eyot-demo");
        assert_eq!(result["capabilities"]["resources"]["subscribe"], true);
        client.end();
    }
}

#[test]
fn only_ping_comes_before_the_handshake_and_the_handshake_only_once() {
    let mut client = Client::new(Revision::LATEST_LEGACY);
    assert_eq!(client.ask("ping", json!({})), json!({}));
    assert_eq!(client.ask("tools/list", json!({}))["code"], -32600);
    assert_eq!(client.ask("initialize", json!({}))["code"], -32602);
    let params = client.initialize_params("2025-11-25");
    client.ask("initialize", params.clone());
    assert_eq!(client.ask("initialize", params)["code"], -32600);
    client.end();
}

#[test]
fn modern_methods_are_not_found() {
    for method in ["server/discover", "subscriptions/listen"] {
        let mut client = client();
        assert_eq!(client.ask(method, json!({}))["code"], -32601);
        client.end();
    }
}

#[test]
fn results_have_no_modern_members() {
    let mut client = client();
    let result = client.ask("tools/list", json!({}));
    let members: Vec<_> = result.as_object().unwrap().keys().collect();
    assert_eq!(members, ["tools"]);
    client.end();
}

#[test]
fn a_log_message_is_seen_from_the_level_on_that_was_set() {
    let mut client = client();
    let params = json!({ "name": "log", "arguments": { "level": "info", "text": "hey" } });
    for (level, is_seen) in [(None, true), (Some("info"), true), (Some("notice"), false)] {
        if let Some(level) = level {
            client.ask("logging/setLevel", json!({ "level": level }));
        }
        let id = client.request("tools/call", params.clone());
        if is_seen {
            let message = client.read_notification("notifications/message");
            assert_eq!(message, json!({ "level": "info", "logger": "demo", "data": "hey" }));
        }
        assert_eq!(text(&client.read_answer(&id)), "ok");
    }
    assert_eq!(client.ask("logging/setLevel", json!({ "level": "loud" }))["code"], -32602);
    client.end();
}

#[test]
fn a_subscriber_hears_of_touches_until_it_unsubscribes() {
    let mut client = client();
    let greeting = json!({ "uri": "demo://greeting" });
    assert_eq!(client.ask("resources/subscribe", json!({ "uri": "a:b" }))["code"], -32002);
    assert_eq!(client.ask("resources/subscribe", greeting.clone()), json!({}));
    assert_eq!(client.touch(1), std::slice::from_ref(&greeting));
    client.ask("resources/unsubscribe", greeting);
    client.touch(0);
    client.end();
}

/// Calls `ask_name`; gives the id of the call, and the question.
#[track_caller]
fn ask_name(client: &mut Client) -> (String, Value) {
    let id = client.request("tools/call", json!({ "name": "ask_name" }));
    let question = client.read();
    assert_eq!(question["method"], "elicitation/create");
    (id, question)
}

#[test]
fn the_user_is_asked_while_the_call_goes_on() {
    let accept = |content: Value| json!({ "action": "accept", "content": content });
    for (member, answer, expected) in [
        ("result", accept(json!({ "name": "Ada" })), Ok("Hello, Ada!")),
        ("result", json!({ "action": "decline" }), Ok("Hello, whoever you are!")),
        ("result", json!({ "action": "cancel" }), Ok("Hello, whoever you are!")),
        ("error", json!({ "code": -1, "message": "no" }), Err("no")),
    ] {
        for revision in [Revision::V2025_06_18, Revision::V2025_11_25] {
            let mut client = Client::ready(revision);
            let (id, question) = ask_name(&mut client);
            client.respond(&question, member, &answer);
            let result = client.read_answer(&id);
            match expected {
                Ok(expected) => assert_eq!(text(&result), expected),
                Err(part) => assert!(failure_text(&result).contains(part), "{result}"),
            }
            client.end();
        }
    }
}

#[test]
fn each_answer_reaches_the_call_that_asked() {
    let mut client = client();
    let (first, second) = (ask_name(&mut client), ask_name(&mut client));
    for ((id, question), name) in [(second, "Bea"), (first, "Ada")] {
        let answer = json!({ "action": "accept", "content": { "name": name } });
        client.respond(&question, "result", &answer);
        client.respond(&question, "result", &answer);
        assert_eq!(text(&client.read_answer(&id)), format!("Hello, {name}!"));
    }
    client.end();
}

#[test]
fn an_answer_that_makes_no_sense_is_asked_for_again() {
    for answer in [json!({ "action": "accept", "content": {} }), json!({ "action": "accept" })] {
        let mut client = client();
        let (id, question) = ask_name(&mut client);
        client.respond(&question, "result", &answer);
        let again = client.read();
        assert_eq!(again["params"], question["params"]);
        assert_ne!(again["id"], question["id"]);
        client.respond(&again, "result", &json!({ "action": "decline" }));
        assert_eq!(text(&client.read_answer(&id)), "Hello, whoever you are!");
        client.end();
    }
}

#[test]
fn a_client_that_cannot_ask_is_told_so() {
    let lacks = "the client does not have the capability `elicitation`";
    for (revision, capabilities, expected) in [
        (Revision::V2025_11_25, json!({}), lacks),
        (Revision::V2025_11_25, json!({ "elicitation": { "url": {} } }), lacks),
        (Revision::V2025_03_26, json!({ "elicitation": {} }), "2025-03-26"),
    ] {
        let mut client = Client::ready_with(revision, capabilities);
        let said = failure_text(&client.call("ask_name", &json!({})));
        assert!(said.contains(expected), "{said}");
        client.end();
    }
}

#[test]
fn a_batch_is_served_in_the_one_revision_that_has_them() {
    let ping = |id: u64| json!({ "jsonrpc": "2.0", "id": id, "method": "ping" });
    let mut client = Client::ready(Revision::V2025_03_26);
    client.send_line(&json!([ping(7), ping(8)]).to_string());
    for id in ["7", "8"] {
        let line = client.read_line();
        assert_eq!(line, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#));
    }
    client.end();
}
