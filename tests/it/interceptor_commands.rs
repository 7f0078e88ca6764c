//! `eyot interceptors`, run by a shell.

use std::collections::BTreeSet;
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
async fn the_plans_of_a_file_are_shown_for_both_sides_in_their_order() {
    let program = program().to_str().unwrap();
    let far = json!({ "command": [program, "interceptors", "serve"], "boundary": "upstream" });
    let guard = json!({ "secrets": {}, "arguments": true });
    let settings = file(&json!({ "guard": guard, "servers": { "far": far } }).to_string());
    let plan = ["--json", "interceptors", "plan", "--interceptors"];
    let path = settings.path().to_str().unwrap();
    let plans = eyot(&[&plan[..], &[path, "--event", "tools/call"]].concat()).await.json();
    let names = |side: &str, phase: usize| {
        let steps = plans[side][phase]["steps"].as_array().unwrap().iter();
        steps.map(|it| it["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mutators = ["far/guard/secrets", "guard/secrets"];
    assert_eq!(names("upstream", 0), [mutators[0], mutators[1], "guard/arguments"]);
    assert_eq!(names("upstream", 1), ["guard/injection", mutators[0], mutators[1]]);
    assert_eq!(plans["downstream"], json!([]));

    let guard = json!({ "secrets": {}, "arguments": true });
    let at_clients = file(&json!({ "guard": guard, "boundary": "downstream" }).to_string());
    let path = at_clients.path().to_str().unwrap();
    let plans = eyot(&[&plan[..], &[path, "--event", "tools/call"]].concat()).await.json();
    assert_eq!(plans["downstream"][0]["steps"][0]["name"], "guard/arguments", "it arrives");
    let missing = eyot(&[&plan[..], &["nowhere.yaml"]].concat()).await;
    assert_eq!(missing.code, 2);
}

/// The file that `cargo xtask intercepted` puts before every program.
#[tokio::test]
async fn the_file_that_tests_run_with_once_more_has_ten_steps() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ten-steps");
    let text = fs::read_to_string(format!("{folder}/interceptors.yaml")).unwrap();
    let settings = file(&text.replace("{here}", folder));
    let path = settings.path().to_str().unwrap();
    let plans = eyot(&["--json", "interceptors", "plan", "--interceptors", path]).await.json();
    let events = plans["upstream"].as_array().unwrap();
    let steps = events.iter().flat_map(|it| it["steps"].as_array().unwrap());
    let names: BTreeSet<_> = steps.map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 10, "{names:?}");
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
