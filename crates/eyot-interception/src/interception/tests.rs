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
        replaced = interception.replace(&large, &nothing, None) => replaced.unwrap(),
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
        let problems = interception.replace(&settings(other), &nothing, None).await.unwrap_err();
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
        let problems = interception.replace(&broken, &nothing, None).await.unwrap_err();
        assert_eq!(problems[0].server.as_deref(), Some("b"));
        assert!(denies(&a).await, "what is right in a file that is wrong is not applied either");
        let broken = with_own(json!({}), &[("a", bound(30)), ("c", json!({ "rules": ["no"] }))]);
        assert!(interception.replace(&broken, &nothing, None).await.is_err());
        assert!(denies(&a).await && interception.of_server("c").is_none());
        let next = with_own(json!({}), &[("a", bound(30)), ("c", bound(3))]);
        interception.replace(&next, &nothing, None).await.unwrap();
        assert!(!denies(&a).await, "the handle that a layer has got follows");
        assert!(denies(&interception.of_server("c").unwrap()).await);
        assert!(interception.of_server("b").is_none());
        // What has come later follows as well.
        let next = with_own(json!({}), &[("c", bound(30))]);
        let c = interception.of_server("c").unwrap();
        interception.replace(&next, &nothing, None).await.unwrap();
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
        let started = Interception::start(&on_call(more), &nothing, &runtime()).await;
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
    let calling = Interception::start(&with("calling.yaml"), &rules, &runtime()).await;
    assert_eq!(calling.unwrap_err()[0].message, unknown);
    let started = Interception::start(&with("staging.yaml"), &rules, &runtime()).await;
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

#[tokio::test]
async fn rules_of_one_server_call_what_it_names_and_what_there_is_for_all() {
    let named = |name: &str| {
        let server = json!({ "url": "http://127.0.0.1:9/mcp", "optional": true, "on_call": true });
        json!({ "servers": { name: server } })
    };
    let calling = |mut more: serde_json::Value| {
        more["rules"] = json!(["calling.yaml"]);
        more
    };
    let start = async |all: serde_json::Value, own: &[(&str, serde_json::Value)]| {
        Interception::start(&with_own(all, own), &rules, &runtime()).await.map(drop)
    };
    assert!(start(named("a"), &[("one", calling(json!({})))]).await.is_ok());
    assert!(start(json!({}), &[("one", calling(named("a")))]).await.is_ok());
    let of_another = [("one", calling(json!({}))), ("other", named("a"))];
    let problems = start(json!({}), &of_another).await.unwrap_err();
    assert_eq!(problems[0].server.as_deref(), Some("one"));
    let missing = "calling.yaml:4:39: error: there is no interceptor `a/b`: there is none";
    assert_eq!(problems[0].message, missing);
    // What is for all calls nothing of one server.
    assert!(start(calling(json!({})), &[("one", named("a"))]).await.is_err());
}

#[tokio::test]
async fn a_server_that_rules_have_chosen_can_go_while_they_stay() {
    let staging = settings(json!({ "boundary": "downstream", "rules": ["staging.yaml"] }));
    let (interception, driver) = Interception::start(&staging, &rules, &runtime()).await.unwrap();
    let gone = ["live".to_owned()];
    tokio::select! {
        () = driver.run() => unreachable!("it runs as long as its runtime"),
        replaced = interception.replace(&staging, &rules, Some(&gone)) => replaced.unwrap(),
    }
    assert!(interception.check_servers(&gone).is_err());
}
