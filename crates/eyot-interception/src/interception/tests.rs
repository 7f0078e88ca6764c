//! Plans that are begun with and replaced.

use std::path::Path;
use std::sync::Arc;

use eyot_interceptors::{Decision, Origin, Phase};
use eyot_service::{Limits, Peer};
use eyot_session::LogLimits;
use eyot_store_memory::MemoryStore;
use eyot_types::Era;
use serde_json::json;

use super::*;
use crate::settings::Settings;

fn nothing(path: &Path) -> Result<String, String> {
    Err(format!("{} is not there", path.display()))
}

fn runtime() -> Runtime {
    Runtime::new(Default::default(), Default::default(), Arc::new(Limits::default()))
}

/// Settings for all servers.
fn settings(json: serde_json::Value) -> ProxySettings {
    serde_json::from_value::<Settings>(json).unwrap().into()
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
    let started = Interception::start(&settings(small), &nothing, &runtime()).await;
    let (interception, driver) = started.unwrap();
    assert!(is_denied(&interception.all.downstream).await);
    assert!(!is_denied(&interception.all.upstream).await);
    let large =
        settings(json!({ "boundary": "downstream", "guard": { "response_bytes_max": 30 } }));
    tokio::select! {
        () = driver.run() => unreachable!("it runs as long as its runtime"),
        replaced = interception.replace(&large, &nothing) => replaced.unwrap(),
    }
    assert!(!is_denied(&interception.all.downstream).await);
}

#[tokio::test]
async fn what_cannot_be_changed_while_the_program_runs_is_refused() {
    let started = Interception::start(&ProxySettings::default(), &nothing, &runtime()).await;
    let (interception, _driver) = started.unwrap();
    for other in [
        json!({ "boundary": "downstream" }),
        json!({ "servers": { "a": { "url": "http://a" } } }),
        json!({ "deny_as_result": true }),
        json!({ "run_timeout": "1s" }),
    ] {
        let problems = interception.replace(&settings(other), &nothing).await.unwrap_err();
        assert!(problems[0].message.contains("by a restart only"), "{problems:?}");
    }
}

#[tokio::test]
async fn a_server_has_one_place() {
    for server in [json!({}), json!({ "url": "http://a", "command": ["b"] })] {
        let both = settings(json!({ "servers": { "a": server } }));
        let problems = Interception::start(&both, &nothing, &runtime()).await.unwrap_err();
        assert_eq!(problems[0].member.as_deref(), Some("servers.a"));
    }
}

/// Settings for all, and for single servers.
fn with_own(all: serde_json::Value, own: &[(&str, serde_json::Value)]) -> ProxySettings {
    let own = own.iter().map(|(name, it)| {
        ((*name).to_owned(), serde_json::from_value::<Settings>(it.clone()).unwrap())
    });
    ProxySettings { own: own.collect(), ..settings(all) }
}

fn bound(bytes: u64) -> serde_json::Value {
    json!({ "guard": { "response_bytes_max": bytes } })
}

async fn denies(interceptors: &Interceptors) -> bool {
    let origin = Origin::of_client(Peer::ourselves(Era::Modern));
    let plan = interceptors.plan();
    let applied = plan.apply("tools/call", Phase::Response, r#"{"content":[]}"#, &origin);
    applied.await.unwrap().decision == Decision::Deny
}

#[tokio::test]
async fn plans_of_servers_come_go_and_change_with_the_settings_or_not_at_all() {
    let first = with_own(json!({}), &[("a", bound(3)), ("b", bound(30))]);
    let (interception, driver) = Interception::start(&first, &nothing, &runtime()).await.unwrap();
    let change = async {
        let [a, b] = ["a", "b"].map(|it| interception.of_server(it).unwrap());
        assert!(denies(&a).await && !denies(&b).await);
        let broken = with_own(json!({}), &[("a", bound(30)), ("b", json!({ "rules": ["no"] }))]);
        let problems = interception.replace(&broken, &nothing).await.unwrap_err();
        assert_eq!(problems[0].server.as_deref(), Some("b"));
        assert!(denies(&a).await, "what is right in a file that is wrong is not applied either");
        let broken = with_own(json!({}), &[("a", bound(30)), ("c", json!({ "rules": ["no"] }))]);
        assert!(interception.replace(&broken, &nothing).await.is_err());
        assert!(denies(&a).await && interception.of_server("c").is_none());
        let next = with_own(json!({}), &[("a", bound(30)), ("c", bound(3))]);
        interception.replace(&next, &nothing).await.unwrap();
        assert!(!denies(&a).await, "the handle that a layer has got follows");
        assert!(denies(&interception.of_server("c").unwrap()).await);
        assert!(interception.of_server("b").is_none());
        // What has come later follows as well.
        let next = with_own(json!({}), &[("c", bound(30))]);
        let c = interception.of_server("c").unwrap();
        interception.replace(&next, &nothing).await.unwrap();
        assert!(!denies(&c).await);
    };
    tokio::select! {
        () = driver.run() => unreachable!("it runs as long as its runtime"),
        () = change => {}
    }
}

#[tokio::test]
async fn a_server_has_of_all_how_plans_are_run_and_decides_about_hidden_characters_alone() {
    let all = json!({ "deny_as_result": true });
    let own = [("a", json!({ "guard": { "hidden": "off" } }))];
    let settings = with_own(all, &own);
    let (_, of_a) = settings.every().nth(1).unwrap();
    assert_eq!(of_a.deny_as_result, Some(true));
    let (interception, _driver) =
        Interception::start(&settings, &nothing, &runtime()).await.unwrap();
    assert!(interception.of_server("a").unwrap().plan().is_empty());
    let mut config = ProxyConfig::new(Arc::new(MemoryStore::new(LogLimits::default())));
    interception.apply(&mut config);
    assert!(config.downstream_interceptors.is_none(), "there can be no step");
    assert_eq!(config.upstream_interceptors.len(), 1);
}
