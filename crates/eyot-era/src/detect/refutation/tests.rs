//! What ends the belief that a server is modern.

use eyot_jsonrpc::{ErrorObject, Id, Message};
use serde_json::json;

use super::{Asked, Carrier, EraMode, is_legacy_answer, is_legacy_fault};

fn refused(code: i64) -> Message {
    Message::error_response(Some(Id::from_number(1)), &ErrorObject::new(code, "no"))
}

fn casts_doubt(code: i64, mode: EraMode) -> bool {
    is_legacy_answer(&refused(code), Asked::Call, mode)
}

#[test]
fn a_refusal_for_want_of_a_session_casts_doubt() {
    let auto = |code| casts_doubt(code, EraMode::Auto);
    assert!([-32600, -32601, -32000, -32001].into_iter().all(auto));
    assert!(![-32602, -32603, -32700, -32020, -32022, 1503].into_iter().any(auto));
    let result = Message::response(Id::from_number(1), &json!({}));
    assert!(!is_legacy_answer(&result, Asked::Call, EraMode::Auto));
}

#[test]
fn a_method_that_a_pinned_server_lacks_is_not_blamed_on_the_pin() {
    assert!(!casts_doubt(-32601, EraMode::Modern));
    assert!(casts_doubt(-32600, EraMode::Modern));
}

#[test]
fn any_refusal_of_the_discovery_is_of_a_legacy_server() {
    for mode in [EraMode::Auto, EraMode::Modern] {
        assert!(is_legacy_answer(&refused(-32602), Asked::Discovery, mode));
        assert!(!is_legacy_answer(&refused(-32022), Asked::Discovery, mode));
    }
}

#[test]
fn a_broken_connection_is_of_a_legacy_server_where_nothing_but_the_discovery_was_sent_to_a_child() {
    assert!(is_legacy_fault(false, Asked::Discovery, Carrier::Pipe));
    assert!(!is_legacy_fault(false, Asked::Call, Carrier::Pipe));
    for asked in [Asked::Discovery, Asked::Call] {
        assert!(is_legacy_fault(true, asked, Carrier::Http));
        assert!(!is_legacy_fault(false, asked, Carrier::Http));
    }
}
