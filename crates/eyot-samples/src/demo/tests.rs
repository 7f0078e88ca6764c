//! The built-in server as a client sees it: lines in, lines out.

mod client;
mod legacy;
mod modern;
mod schema;

use std::io::{self, Write as _};

use eyot::types::{Era, Revision};
use serde_json::{Value, json};

use self::client::{Client, failure_text, text};

/// Runs a test with one ready client of each revision.
fn for_each_revision(test: impl Fn(Client)) {
    Revision::SUPPORTED.iter().for_each(|&revision| test(Client::ready(revision)));
}

/// Runs a test with one ready client of each era.
fn for_each_era(test: impl Fn(Client, Era)) {
    for revision in [Revision::LATEST_LEGACY, Revision::MODERN] {
        test(Client::ready(revision), revision.era());
    }
}

#[test]
fn lists_name_everything_there_is() {
    for_each_revision(|mut client| {
        let names = |list: &Value| -> Vec<String> {
            let list = list.as_array().unwrap().iter();
            list.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
        };
        let tools = client.ask("tools/list", json!({}));
        assert_eq!(names(&tools["tools"]), ["echo", "add", "count", "ask_name", "log", "touch"]);
        let resources = client.ask("resources/list", json!({}));
        assert_eq!(names(&resources["resources"]), ["greeting"]);
        let templates = client.ask("resources/templates/list", json!({}));
        assert_eq!(templates["resourceTemplates"], json!([]));
        let prompts = client.ask("prompts/list", json!({}));
        assert_eq!(names(&prompts["prompts"]), ["introduce"]);
        client.end();
    });
}

#[test]
fn tools_answer_at_once() {
    for (tool, arguments, expected) in [
        ("echo", json!({ "text": "hey", "more": [1] }), "hey"),
        ("echo", json!({ "text": "a\u{2028}\n\"b\"" }), "a\u{2028}\n\"b\""),
        ("add", json!({ "a": 2, "b": 40 }), "42"),
        ("add", json!({ "a": 0.5, "b": 1 }), "1.5"),
        ("add", json!({ "a": i64::MAX, "b": 1 }), "9223372036854775808"),
        ("add", json!({ "a": 1e308, "b": 1e308 }), "inf"),
        ("count", json!({ "to": 0 }), "Counted to 0."),
        ("log", json!({ "level": "debug", "text": "psst" }), "ok"),
        ("touch", json!({}), "Touched. Everyone who subscribed is told."),
    ] {
        for_each_era(|client, era| {
            let mut client = client;
            if era == Era::Legacy {
                client.ask("logging/setLevel", json!({ "level": "emergency" }));
            }
            assert_eq!(client.call_text(tool, &arguments), expected);
            client.end();
        });
    }
}

#[test]
fn wrong_arguments_are_told_to_the_model() {
    for (tool, arguments, expected) in [
        ("echo", json!({}), "\"text\" is a required property"),
        ("add", json!({ "a": 1, "b": "2" }), "/b: \"2\" is not of type \"number\""),
        ("count", json!({}), "\"to\" is a required property"),
        ("count", json!({ "to": 1_001 }), "/to: 1001 is greater than the maximum of 1000"),
        ("count", json!({ "to": 1, "delay_ms": 10_001 }), "/delay_ms: 10001 is greater than"),
        ("log", json!({ "level": "loud", "text": "" }), "/level: \"loud\" is not one of"),
    ] {
        for_each_era(|mut client, _| {
            let said = failure_text(&client.call(tool, &arguments));
            assert!(said.contains(expected), "{said}");
            client.end();
        });
    }
}

#[test]
fn unknown_things_are_errors() {
    let reference = |name: &str| {
        let argument = json!({ "name": "topic", "value": "" });
        json!({ "ref": { "type": "ref/prompt", "name": name }, "argument": argument })
    };
    for (method, params, code) in [
        ("tools/fly", json!({}), -32601),
        ("sampling/createMessage", json!({}), -32601),
        ("tasks/list", json!({}), -32601),
        ("tools/call", json!({ "name": "fly" }), -32602),
        ("tools/call", json!({}), -32602),
        ("tools/list", json!({ "cursor": "" }), -32602),
        ("prompts/get", json!({ "name": "fly", "arguments": { "topic": "a" } }), -32602),
        ("prompts/get", json!({ "name": "introduce" }), -32602),
        ("completion/complete", reference("fly"), -32602),
        ("resources/read", json!({}), -32602),
    ] {
        for_each_era(|mut client, _| {
            assert_eq!(client.ask(method, params.clone())["code"], code, "{method} {params}");
            client.end();
        });
    }
}

#[test]
fn an_unknown_resource_has_the_code_of_the_era() {
    for_each_era(|mut client, era| {
        let error = client.ask("resources/read", json!({ "uri": "demo://nothing" }));
        assert_eq!(error["code"], if era == Era::Legacy { -32002 } else { -32602 });
        assert_eq!(error["data"]["uri"], "demo://nothing");
        client.end();
    });
}

#[test]
fn a_prompt_is_made_and_its_topic_completed() {
    for_each_revision(|mut client| {
        let params = json!({ "name": "introduce", "arguments": { "topic": "eyots" } });
        let prompt = client.ask("prompts/get", params);
        let said = prompt["messages"][0]["content"]["text"].as_str().unwrap();
        assert!(said.starts_with("Introduce eyots"), "{said}");

        let argument = json!({ "name": "topic", "value": "s" });
        let reference = json!({ "type": "ref/prompt", "name": "introduce" });
        let params = json!({ "ref": reference, "argument": argument });
        let completion = client.ask("completion/complete", params);
        assert_eq!(completion["completion"]["values"], json!(["sessions", "subscriptions"]));
        client.end();
    });
}

#[test]
fn the_greeting_counts_its_touches() {
    for_each_revision(|mut client| {
        let read = |client: &mut Client| {
            let result = client.ask("resources/read", json!({ "uri": "demo://greeting" }));
            result["contents"][0]["text"].as_str().unwrap().to_owned()
        };
        assert_eq!(read(&mut client), "Hello from Eyot! Touched so far: 0.");
        client.call_text("touch", &json!({}));
        assert_eq!(read(&mut client), "Hello from Eyot! Touched so far: 1.");
        client.end();
    });
}

#[test]
fn counting_makes_progress_when_asked() {
    for_each_revision(|mut client| {
        let arguments = json!({ "to": 3, "delay_ms": 0 });
        let params = json!({
            "name": "count", "arguments": arguments, "_meta": { "progressToken": "p" },
        });
        let id = client.request("tools/call", params);
        for step in 1..=3 {
            let progress = client.read_notification("notifications/progress");
            let step = f64::from(step);
            assert_eq!(progress, json!({ "progressToken": "p", "progress": step, "total": 3.0 }));
        }
        assert_eq!(text(&client.read_answer(&id)), "Counted to 3.");
        assert_eq!(client.call_text("count", &arguments), "Counted to 3.", "without progress");
        client.end();
    });
}

/// A count that no test waits for.
fn endless() -> Value {
    json!({ "name": "count", "arguments": { "to": 1_000, "delay_ms": 10_000 } })
}

#[test]
fn other_calls_go_on_while_one_counts() {
    for_each_era(|mut client, _| {
        client.request("tools/call", endless());
        assert_eq!(client.call_text("echo", &json!({ "text": "hey" })), "hey");
        client.end();
    });
}

#[test]
fn a_cancelled_call_is_not_answered_and_frees_its_id() {
    for_each_era(|mut client, _| {
        let id = client.request("tools/call", endless());
        client.cancel(&id);
        client.request_as(
            &id,
            "tools/call",
            json!({ "name": "echo", "arguments": { "text": "" } }),
        );
        assert_eq!(text(&client.read_answer(&id)), "");
        client.end();
    });
}

#[test]
fn an_id_belongs_to_one_call_at_a_time() {
    for_each_era(|mut client, _| {
        let id = client.request("tools/call", endless());
        client.request_as(&id, "prompts/list", json!({}));
        assert_eq!(client.read_answer(&id)["code"], -32600);
        client.end();
    });
}

#[test]
fn open_calls_have_a_limit() {
    for_each_era(|mut client, _| {
        let ids: Vec<_> = (0..1_024).map(|_| client.request("tools/call", endless())).collect();
        let error = client.ask("tools/call", endless());
        assert_eq!(error["code"], 1503);
        assert_eq!(error["data"]["limit"], "running requests");
        client.cancel(&ids[0]);
        client.request("tools/call", endless());
        client.end();
    });
}

#[test]
fn ids_are_returned_as_they_were_written() {
    for_each_era(|mut client, era| {
        let method = if era == Era::Legacy { "ping" } else { "prompts/list" };
        for id in ["0", "-7", "18446744073709551616", r#""a""#, r#""\u0061""#, r#""""#] {
            client.request_as(id, method, json!({}));
            let line = client.read_line();
            assert!(line.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{id},"#)), "{line}");
        }
        client.end();
    });
}

#[test]
fn lines_that_are_no_message_are_refused_and_skipped() {
    for (line, code) in [
        ("{", -32700),
        ("hello", -32700),
        ("[]", -32600),
        ("7", -32600),
        (r#"{"jsonrpc":"2.0"}"#, -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, -32600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
    ] {
        for_each_era(|mut client, _| {
            client.send_line(line);
            assert_eq!(client.read()["error"]["code"], code, "{line}");
            assert_eq!(client.call_text("echo", &json!({ "text": "on" })), "on");
            client.end();
        });
    }
}

#[test]
fn blank_lines_unknown_notifications_and_stray_answers_are_ignored() {
    for_each_era(|mut client, _| {
        client.send_line("");
        client.send_line(" \t\r");
        client.notify("notifications/fly", &json!({}));
        client.cancel("99");
        client.notify("notifications/cancelled", &json!({ "requestId": null }));
        client.send_line(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
        client.send_line(r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#);
        client.end();
    });
}

#[test]
fn a_line_beyond_the_limit_is_refused_and_skipped() {
    let mut client = Client::ready(Revision::LATEST_LEGACY);
    client.send_line(&" ".repeat(17 << 20));
    let error = client.read()["error"].clone();
    assert_eq!(error["code"], -32600, "{error}");
    assert_eq!(client.ask("ping", json!({})), json!({}));
    client.end();
}

#[test]
fn both_eras_fit_on_one_pipe() {
    let mut client = Client::ready(Revision::LATEST_LEGACY);
    client.ask("resources/subscribe", json!({ "uri": "demo://greeting" }));
    let line = json!({
        "jsonrpc": "2.0", "id": "modern", "method": "subscriptions/listen", "params": {
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            },
            "notifications": { "resourceSubscriptions": ["demo://greeting"] },
        },
    });
    client.send_line(&line.to_string());
    let acknowledged = client.read_line();
    assert!(acknowledged.contains("notifications/subscriptions/acknowledged"), "{acknowledged}");

    let heard = client.touch(2);
    let names: Vec<_> = heard
        .iter()
        .map(|it| it["_meta"]["io.modelcontextprotocol/subscriptionId"].as_str())
        .collect();
    assert!(names.contains(&None) && names.contains(&Some("modern")), "{names:?}");
    client.end();
}

#[test]
fn a_client_that_cannot_be_written_to_ends_the_server() {
    let (input, mut client) = io::pipe().unwrap();
    let (gone, output) = io::pipe().unwrap();
    drop(gone);
    // The input stays open: only the failure can end the server.
    client.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n").unwrap();
    client::serve(input, output).unwrap();
}
