//! What an asker shows of a payload and of its hooks.

use eyot_service::Peer;
use eyot_types::Era;
use serde_json::json;

use crate::subject::Subject;
use crate::{Descriptor, Hook, InvokeParams, Origin, Phase, Seen};

#[test]
fn the_id_of_a_session_is_not_told() {
    let origin = Origin::of_client(Peer::ourselves(Era::Modern)).in_session("secret");
    let subject = Subject::part(r#"{"n":12345678901234567890123}"#);
    let seen = Seen { event: "tools/call".into(), phase: Phase::Request, subject, origin };
    let asked = serde_json::to_string(&InvokeParams::asking("one", &seen.view()).unwrap()).unwrap();
    assert!(asked.contains(r#""payload":{"n":12345678901234567890123}"#), "{asked}");
    assert!(!asked.contains("secret"), "{asked}");
}

#[test]
fn hooks_are_confined_to_what_is_allowed() {
    let hooks = json!([
        { "events": ["tools/*", "prompts/get"], "phase": "request" },
        { "events": ["*"], "phase": "response" },
    ]);
    let descriptor = json!({ "name": "one", "type": "validation", "hooks": hooks });
    let declared: Descriptor = serde_json::from_value(descriptor).unwrap();
    let confined = |events: &[&str]| {
        let allowed = [Hook::new(Phase::Request, events.iter().copied())];
        let hooks = declared.clone().confined_to(&allowed).hooks;
        hooks.into_iter().map(|it| (it.phase, it.events)).collect::<Vec<_>>()
    };
    let only = |events: &[&str]| {
        vec![(Phase::Request, events.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())]
    };
    assert_eq!(confined(&["tools/call", "tools/list"]), only(&["tools/call", "tools/list"]));
    assert_eq!(confined(&["*"]), only(&["tools/*", "prompts/get"]));
    assert!(confined(&["roots/list"]).is_empty());
}
