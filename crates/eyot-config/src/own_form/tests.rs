//! The schema says what the reader reads.

mod page;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::schema;
use crate::config::Config;
use crate::dialect::Dialect;
use crate::lookup::Lookup;

struct Nothing;

impl Lookup for Nothing {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn file(&self, _: &str) -> Result<String, String> {
        Ok("A=1".to_owned())
    }

    fn workspace_folder(&self) -> Option<String> {
        None
    }

    fn home(&self) -> Option<String> {
        None
    }
}

/// Documents that together have every key.
fn documents() -> [Value; 2] {
    let both = json!({
        "enabled": true, "era": "auto", "affinity": "per-principal", "messageMax": "1MiB",
        "timeouts": { "connect": "1s", "call": "2m", "callTotal": "3h", "question": "4ms" },
        "tools": { "include": ["a"], "exclude": ["b"] },
        "interceptors": { "deny_as_result": true }, "rules": ["a.yaml"], "guard": { "taint": true },
    });
    let with = |more: Value| {
        let mut server = both.as_object().unwrap().clone();
        server.extend(more.as_object().unwrap().clone());
        json!({ "$schema": "x", "servers": { "s": server } })
    };
    [
        with(json!({ "command": "c", "args": ["a", 1, true], "env": { "A": "b", "B": null },
            "envFile": ".env", "cwd": "/", "transport": "stdio" })),
        with(json!({ "url": "https://h/mcp", "transport": "streamable-http",
            "headers": { "a": "b" }, "token": "t", "ca": "c", "clientCert": "d", "clientKey": "e",
            "insecureSkipVerify": false, "proxy": "http://p" })),
    ]
}

#[test]
fn every_key_of_the_schema_is_read_and_no_other() {
    let schema = schema();
    let mut used = BTreeSet::new();
    for document in documents() {
        assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&document), "{document}");
        used.extend(document["servers"]["s"].as_object().unwrap().keys().cloned());
        let text = document.to_string();
        let config = Config::read("x.json", text.as_bytes(), Some(Dialect::Eyot), &Nothing);
        assert!(config.problems.is_empty(), "{:?}", config.problems);
    }
    let known = schema["$defs"]["Server"]["properties"].as_object().unwrap();
    assert_eq!(used, known.keys().cloned().collect());
}

#[test]
fn sections_about_interceptors_stand_at_the_top_as_well() {
    let mut document = documents()[0].clone();
    let rules = json!({ "version": 1, "default": "allow", "rules": [] });
    for (key, value) in [
        ("interceptors", json!({ "boundary": "downstream", "rules": ["a.yaml"] })),
        ("rules", json!(["a.yaml", rules])),
        ("guard", json!({ "hidden": "hold", "secrets": { "forms": { "mine": "x" } } })),
        ("policy", json!({})),
    ] {
        document[key] = value;
    }
    assert!(jsonschema::validator_for(&schema()).unwrap().is_valid(&document), "{document}");
    let text = document.to_string();
    let config = Config::read("x.json", text.as_bytes(), Some(Dialect::Eyot), &Nothing);
    assert!(config.problems.is_empty(), "{:?}", config.problems);
}

#[test]
fn schema_refuses_what_the_reader_refuses() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for server in [
        json!({}),
        json!({ "command": "a", "url": "https://h" }),
        json!({ "command": "a", "era": "new" }),
        json!({ "command": "a", "args": "b" }),
        json!({ "command": "a", "policy": { "methods": ["POST"] } }),
    ] {
        let document = json!({ "servers": { "s": server } });
        assert!(!validator.is_valid(&document), "{document}");
        let text = document.to_string();
        let config = Config::read("x.json", text.as_bytes(), Some(Dialect::Eyot), &Nothing);
        assert!(config.server("s").is_err(), "{document}");
    }
}

#[test]
fn a_key_for_servers_of_another_kind_is_wrong_in_the_schema_and_for_the_reader() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let [command, url] = documents();
    let members = |it: &Value| it["servers"]["s"].as_object().unwrap().clone();
    let (command, url) = (members(&command), members(&url));
    let pairs = [("command", &command, &url), ("url", &url, &command)];
    for (kind, own, other) in pairs {
        let foreign = other.iter().filter(|(key, _)| !own.contains_key(*key) && *key != "command");
        for (key, value) in foreign.filter(|(key, _)| *key != "url") {
            let document = json!({ "servers": { "s": { kind: own[kind], key: value } } });
            assert!(!validator.is_valid(&document), "{document}");
            let text = document.to_string();
            let config = Config::read("x.json", text.as_bytes(), Some(Dialect::Eyot), &Nothing);
            assert!(
                config.problems.iter().any(|it| it.message.contains("is not applied")),
                "{document}"
            );
        }
    }
}
