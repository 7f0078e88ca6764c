//! `eyot interceptors`, run by a shell.

use std::fs;

use serde_json::{Value, json};

use crate::commands::{Ran, eyot};
use crate::support::program::program;

/// Runs a command about the interceptors that the program serves itself, on a pipe.
async fn interceptors(args: &[&str]) -> Ran {
    let program = program().to_str().unwrap();
    let server = ["--", program, "interceptors", "serve"];
    eyot(&[&["--json", "interceptors"], args, &server].concat()).await
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    file
}

/// A made-up key, whose parts alone are none.
fn key() -> String {
    ["AKIA", "5MZXN8QRF3WBY6OE"].concat()
}

#[tokio::test]
async fn what_the_program_serves_is_listed_and_planned_and_asked() {
    let listed = interceptors(&["list", "--event", "prompts/list"]).await.json();
    let names = listed["interceptors"].as_array().unwrap().iter().map(|it| it["name"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["guard/secrets", "guard/hidden"]);

    let planned = interceptors(&["plan", "--event", "tools/call"]).await.json();
    let steps = |at: usize| {
        let steps = planned["plan"][at]["steps"].as_array().unwrap().iter();
        steps.map(|it| it["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(steps(0), ["guard/secrets"]);
    assert_eq!(steps(1), ["guard/injection", "guard/secrets"]);

    let payload = file(&json!({ "name": "send", "arguments": { "text": key() } }).to_string());
    let payload = payload.path().to_str().unwrap();
    let args = ["invoke", "--event", "tools/call", "--phase", "request", "--payload", payload];
    let said = interceptors(&[&args[..], &["guard/secrets"]].concat()).await.json();
    assert_eq!(said["modified"], true, "{said}");
    assert!(!said["payload"].to_string().contains(&key()), "{said}");
    let unknown = interceptors(&[&args[..], &["guard/none"]].concat()).await;
    assert_eq!(unknown.code, 1);
}

#[tokio::test]
async fn cases_that_fail_and_files_that_are_wrong_are_told_apart() {
    let case = |expected: Value| {
        let payload = json!({ "name": "send", "arguments": { "text": key() } });
        json!({ "name": "keys", "event": "tools/call", "phase": "request", "payload": payload,
            "expect": expected })
    };
    let run = async |text: String| {
        let file = file(&text);
        interceptors(&["test", file.path().to_str().unwrap()]).await
    };
    let good = case(json!({ "decision": "allow", "without": [key()] }));
    let bad = case(json!({ "decision": "deny" }));
    let passed = run(json!([good]).to_string()).await;
    assert_eq!((passed.code, &passed.json()["failed"]), (0, &json!(0)));
    let failed = run(json!([good, bad]).to_string()).await;
    assert_eq!(failed.code, 1);
    assert!(failed.err.contains("1 of 2 cases failed"), "{}", failed.err);
    assert_eq!(failed.json()["cases"][1]["problem"], "it is allowed");
    let wrong = run("- event: tools/call\n  phase: both\n".to_owned()).await;
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains(":1:3: "), "{}", wrong.err);
}
