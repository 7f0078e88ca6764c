//! Descriptors of all dates, there and back.

use serde_json::{Value, json};

use super::*;

fn read(text: Value) -> Descriptor {
    serde_json::from_value(text).unwrap()
}

#[test]
fn defaults_are_left_out_on_the_wire() {
    let wire = json!({
        "name": "conf/allow-all",
        "type": "validation",
        "hooks": [{ "events": ["tools/call"], "phase": "request" }],
    });
    assert_eq!(serde_json::to_value(read(wire.clone())).unwrap(), wire);
}

#[test]
fn texts_of_older_dates_are_read() {
    let old = json!({
        "name": "old",
        "type": "mutation",
        "hook": { "events": ["*/request", "tools/call"], "phase": "both" },
        "mode": "enforce",
        "priorityHint": 7,
    });
    let it = read(old);
    assert_eq!(it.mode, Mode::Active);
    assert_eq!(it.priority_hint, Priority::both(7));
    let events = ["*", "tools/call"];
    let hooks = [Hook::new(Phase::Request, events), Hook::new(Phase::Response, events)];
    assert_eq!(it.hooks, hooks);
}

#[test]
fn priorities_of_two_phases_go_there_and_back() {
    let wire = json!({
        "name": "it", "type": "mutation", "hooks": [],
        "priorityHint": { "request": -5, "response": 5 }, "mode": "audit", "failOpen": true,
    });
    assert_eq!(serde_json::to_value(read(wire.clone())).unwrap(), wire);
}
