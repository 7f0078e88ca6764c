//! Plans that are begun with and replaced.

use std::path::Path;
use std::sync::Arc;

use eyot_interceptors::{Decision, Origin, Phase};
use eyot_service::{Limits, Peer};
use eyot_types::Era;
use serde_json::json;

use super::*;

fn nothing(path: &Path) -> Result<String, String> {
    Err(format!("{} is not there", path.display()))
}

fn runtime() -> Runtime {
    Runtime::new(Default::default(), Default::default(), Arc::new(Limits::default()))
}

fn settings(json: serde_json::Value) -> Settings {
    serde_json::from_value(json).unwrap()
}

async fn is_denied(plan: &LivePlan) -> bool {
    let origin = Origin::of_client(Peer::ourselves(Era::Modern));
    let payload = r#"{"content":[]}"#;
    let plan = plan.interceptors().plan();
    let outcome = plan.apply("tools/call", Phase::Response, payload, &origin).await.unwrap();
    outcome.decision == Decision::Deny
}

#[tokio::test]
async fn steps_stand_where_the_settings_say_and_are_replaced_there() {
    let small = json!({ "boundary": "downstream", "guard": { "response_bytes_max": 3 } });
    let started = Interception::start(settings(small), &nothing, &runtime()).await;
    let (interception, driver) = started.unwrap();
    assert!(is_denied(&interception.downstream).await);
    assert!(!is_denied(&interception.upstream).await);
    let large =
        settings(json!({ "boundary": "downstream", "guard": { "response_bytes_max": 30 } }));
    tokio::select! {
        () = driver.run() => unreachable!("it runs as long as its runtime"),
        replaced = interception.replace(&large, &nothing, None) => replaced.unwrap(),
    }
    assert!(!is_denied(&interception.downstream).await);
}

#[tokio::test]
async fn a_boundary_and_servers_are_not_changed_while_the_program_runs() {
    let started = Interception::start(Settings::default(), &nothing, &runtime()).await;
    let (interception, _driver) = started.unwrap();
    for other in
        [json!({ "boundary": "downstream" }), json!({ "servers": { "a": { "url": "http://a" } } })]
    {
        let problems = interception.replace(&settings(other), &nothing, None).await.unwrap_err();
        assert!(problems[0].message.contains("by a restart only"), "{problems:?}");
    }
}

#[tokio::test]
async fn a_server_has_one_place() {
    for server in [json!({}), json!({ "url": "http://a", "command": ["b"] })] {
        let both = settings(json!({ "servers": { "a": server } }));
        let problems = Interception::start(both, &nothing, &runtime()).await.unwrap_err();
        assert_eq!(problems[0].member.as_deref(), Some("servers.a"));
    }
}

#[tokio::test]
async fn what_the_rule_of_a_call_says_is_not_said_of_its_server() {
    let on_call = |more: serde_json::Value| {
        let mut server = json!({ "url": "http://127.0.0.1:9/mcp", "on_call": true });
        server.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        settings(json!({ "servers": { "a": server } }))
    };
    let one = |it: serde_json::Value| json!({ "interceptors": { "one": it } });
    for (more, place) in [
        (json!({ "boundary": "downstream" }), "servers.a.boundary"),
        (one(json!({ "mode": "audit" })), "servers.a.interceptors.one.mode"),
        (one(json!({ "fail_open": true })), "servers.a.interceptors.one.fail_open"),
        (one(json!({ "priority": 1 })), "servers.a.interceptors.one.priority"),
    ] {
        let started = Interception::start(on_call(more), &nothing, &runtime()).await;
        assert_eq!(started.unwrap_err()[0].member.as_deref(), Some(place));
    }
}

/// The rules of these names, which choose a server, or call an interceptor of no server.
fn rules(path: &Path) -> Result<String, String> {
    let action = match path.to_str().unwrap() {
        "calling.yaml" => "call: a/b",
        "staging.yaml" => "route: staging",
        _ => "route: live",
    };
    let rule = format!("{{name: r, match: {{tool: x}}, {action}}}");
    Ok(format!("version: 1\ndefault: allow\nrules:\n  - {rule}"))
}

#[tokio::test]
async fn what_rules_name_is_held_against_what_there_is_at_the_start_and_when_they_change() {
    let with = |file: &str| settings(json!({ "boundary": "downstream", "rules": [file] }));
    let unknown = "calling.yaml:4:39: error: there is no interceptor `a/b`: there is none";
    let calling = Interception::start(with("calling.yaml"), &rules, &runtime()).await;
    assert_eq!(calling.unwrap_err()[0].message, unknown);
    let started = Interception::start(with("staging.yaml"), &rules, &runtime()).await;
    let (interception, driver) = started.unwrap();
    let servers = ["staging".to_owned()];
    assert!(interception.check_servers(&servers).is_ok());
    let other = ["live".to_owned()];
    let missing = "staging.yaml:4:40: error: there is no server `staging`: there are `live`";
    assert_eq!(interception.check_servers(&other).unwrap_err()[0].message, missing);
    let changes = async {
        let replace =
            async |file: &str, servers| interception.replace(&with(file), &rules, servers).await;
        let refused = replace("calling.yaml", Some(&servers[..])).await.unwrap_err();
        assert_eq!(refused[0].message, unknown);
        let refused = replace("live.yaml", Some(&servers[..])).await.unwrap_err();
        assert!(refused[0].message.starts_with("live.yaml:4:40: error: there is no server `live`"));
        // What was refused is not in force.
        assert!(interception.check_servers(&servers).is_ok());
        replace("live.yaml", Some(&other[..])).await.unwrap();
        assert!(interception.check_servers(&servers).is_err());
        replace("staging.yaml", None).await.unwrap();
    };
    tokio::select! {
        () = driver.run() => unreachable!("it runs as long as its runtime"),
        () = changes => {}
    }
}
