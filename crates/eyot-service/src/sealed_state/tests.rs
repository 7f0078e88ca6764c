//! What a state is good for, and what it is not.

use std::time::Duration;

use eyot_jsonrpc::{Id, Message};
use eyot_stdx::SealKeys;
use eyot_types::Era;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::SealedState;
use crate::{Peer, Principal, Reach, Transport};

const TTL: Duration = Duration::from_secs(60);

fn peer(principal: Option<&str>) -> Peer {
    let principal = principal.map(Principal::new);
    let (transport, reach) = (Transport::Http, Reach::Anybody);
    Peer { era: Era::Modern, principal, address: None, transport, reach }
}

fn request(id: u64, method: &str, params: &Value) -> Message {
    Message::request(Id::from_number(id), method, params)
}

/// What a state for Ada's call of `add` opens as, asked in another way.
fn opened(maker: &'static str, peer: &Peer, request: &Message, ttl: Duration) -> Option<String> {
    let keys = SealKeys::random();
    let ada = self::peer(Some("ada"));
    let first = self::request(1, "tools/call", &json!({ "name": "add", "arguments": { "a": 1 } }));
    let sealing = SealedState { keys: &keys, maker: "server", peer: &ada, request: &first };
    let state = sealing.seal(&"the content", ttl);
    assert!(!state.contains("content"), "a client cannot read it: {state}");
    SealedState { keys: &keys, maker, peer, request }.open(&state).ok()
}

#[test]
fn a_state_opens_for_the_next_round_of_its_call() {
    let params = json!({
        "requestState": "itself",
        "arguments": { "a": 1 },
        "name": "add",
        "inputResponses": { "k": 1 },
        "_meta": { "x": 1 },
    });
    let next = request(2, "tools/call", &params);
    assert_eq!(opened("server", &peer(Some("ada")), &next, TTL).as_deref(), Some("the content"));
}

#[test]
fn a_state_opens_for_nothing_else() {
    let same = json!({ "name": "add", "arguments": { "a": 1 } });
    let ada = peer(Some("ada"));
    let retry = request(2, "tools/call", &same);
    assert_eq!(opened("bridge", &ada, &retry, TTL), None, "another maker");
    assert_eq!(opened("server", &peer(Some("eve")), &retry, TTL), None, "another principal");
    assert_eq!(opened("server", &peer(None), &retry, TTL), None, "no principal");
    let prompt = request(2, "prompts/get", &same);
    assert_eq!(opened("server", &ada, &prompt, TTL), None, "another method");
    let other = json!({ "name": "add", "arguments": { "a": 2 } });
    let other = request(2, "tools/call", &other);
    assert_eq!(opened("server", &ada, &other, TTL), None, "other arguments");
    assert_eq!(opened("server", &ada, &retry, Duration::ZERO), None, "too late");
}

#[test]
fn a_state_is_bound_to_numbers_as_they_were_written() {
    let (keys, ada) = (SealKeys::random(), peer(Some("ada")));
    let call = |number: &str| {
        let params = format!(r#"{{"name":"add","arguments":{{"b":[ {number} ],"a":"\u0061"}}}}"#);
        Message::request(Id::from_number(1), "tools/call", &RawValue::from_string(params).unwrap())
    };
    let pairs = [
        ("18446744073709551616", "18446744073709551617"),
        ("1e300", "1.0e300"),
        ("0.1", "0.10000000000000000001"),
        ("9007199254740993", "9007199254740992"),
        ("-0", "0"),
        ("1", "1.0"),
    ];
    for (number, other) in pairs {
        let request = call(number);
        let state = SealedState { keys: &keys, maker: "server", peer: &ada, request: &request };
        let sealed = state.seal(&1, TTL);
        assert_eq!(state.open(&sealed), Ok(1));
        let request = call(other);
        let state = SealedState { request: &request, ..state };
        assert_eq!(state.open::<i32>(&sealed), Err(SealedState::refused()), "{number} {other}");
    }
}

#[test]
fn a_state_is_bound_as_those_of_earlier_versions_were() {
    let (keys, ada) = (SealKeys::random(), peer(Some("ada")));
    let params =
        json!({ "name": "add", "arguments": { "b": "é\n", "a": [1, 0.5, null] }, "_meta": 1 });
    let request = request(1, "tools/call", &params);
    let state = SealedState { keys: &keys, maker: "server", peer: &ada, request: &request };
    let mut bound = params.as_object().unwrap().clone();
    bound.remove("_meta");
    let bound = json!(["server", "ada", "tools/call", bound]).to_string();
    assert_eq!(String::from_utf8(state.binding()).unwrap(), bound);
}

#[test]
fn what_was_made_up_is_refused_with_one_error() {
    let keys = SealKeys::random();
    let (ada, call) = (peer(Some("ada")), request(1, "tools/call", &json!({ "name": "add" })));
    let state = SealedState { keys: &keys, maker: "server", peer: &ada, request: &call };
    let sealed = state.seal(&1, TTL);
    let as_text = state.open::<String>(&sealed);
    for refused in [as_text, state.open(""), state.open("AAAA"), state.open(&"A".repeat(1 << 20))] {
        assert_eq!(refused.unwrap_err(), SealedState::refused());
    }
    assert_eq!(SealedState::refused().code, -32602);
}
