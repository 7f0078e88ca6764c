//! What passes between two revisions of the legacy era.

use serde_json::{Value, json};

use super::*;

const OLDEST: &str = "2024-11-05";
const LATEST: &str = "2025-11-25";

fn between(client: &str, server: &str) -> LegacyRevisions {
    LegacyRevisions::between(client, server).unwrap()
}

fn result_of(message: &Message) -> Value {
    message.decode_result().unwrap()
}

#[test]
fn only_two_known_revisions_that_differ_are_joined() {
    assert_eq!(LegacyRevisions::between(LATEST, LATEST), None);
    assert_eq!(LegacyRevisions::between("2030-01-01", OLDEST), None);
    assert_eq!(LegacyRevisions::between(OLDEST, "2026-07-28"), None);
}

#[test]
fn the_client_gets_the_revision_that_it_asks_for() {
    let answered = |server: &str| {
        json!({ "protocolVersion": server, "capabilities": { "tools": {}, "tasks": {} },
            "serverInfo": { "name": "s", "version": "1" } })
    };
    for (client, server, has_tasks) in [(LATEST, OLDEST, true), (OLDEST, LATEST, false)] {
        let answer = Response::new(Id::from_number(1), &answered(server));
        let result = result_of(&between(client, server).initialized(answer));
        assert_eq!(result["protocolVersion"], client);
        assert_eq!(result["capabilities"].get("tasks").is_some(), has_tasks);
    }
}

#[test]
fn what_an_older_server_says_keeps_its_bytes() {
    let text = r#"{"content":[ {"type":"text","text":"a"} ]}"#;
    let message = Message::response_of_text(Id::from_number(1), text);
    let passed = between(LATEST, OLDEST).to_client(Some("tools/call"), message);
    assert_eq!(passed.result(), Some(text));
}

#[test]
fn what_a_newer_server_says_becomes_what_the_client_knows() {
    let result = json!({ "content": [{ "type": "audio", "data": "", "mimeType": "audio/wav" }],
        "structuredContent": { "a": 1 } });
    let message = Message::response(Id::from_number(1), &result);
    let passed = between(OLDEST, LATEST).to_client(Some("tools/call"), message);
    let passed = result_of(&passed);
    assert_eq!(passed["content"][0]["type"], "text");
    assert_eq!(passed.get("structuredContent"), None);
}

#[test]
fn an_older_server_gets_the_parts_of_a_sample_in_one() {
    let parts = json!([{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }]);
    let sample = json!({ "role": "assistant", "model": "m", "content": parts });
    let sampled = Response::new(Id::from_number(1), &sample);
    let passed = result_of(&between(LATEST, OLDEST).answer(sampled.clone()));
    assert_eq!(passed["content"]["type"], "text");
    assert_eq!(result_of(&between(OLDEST, LATEST).answer(sampled)), sample);
}

#[test]
fn an_older_server_is_asked_to_complete_without_context() {
    let params = json!({ "ref": { "type": "ref/prompt", "name": "p" },
        "argument": { "name": "a", "value": "" }, "context": { "arguments": {} } });
    let request = Request::of_text(Id::from_number(7), "completion/complete", &params.to_string());
    let passed = between(LATEST, OLDEST).request(request);
    let passed_params: Value = passed.decode_params().unwrap();
    assert_eq!((passed.id(), passed_params.get("context")), (Id::from_number(7), None));
}
