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
