//! What statuses, faults and silence prove.

use super::{Carrier, Evidence, is_legacy_refusal, may_be_modern, of_fault, of_silence};

#[test]
fn authorization_overload_and_outages_prove_nothing() {
    for status in [401, 403, 429, 500, 502, 503, 504] {
        assert_eq!(
            of_fault(is_legacy_refusal(status), Carrier::Http),
            Evidence::Nothing,
            "{status}"
        );
    }
    assert_eq!(of_fault(false, Carrier::Http), Evidence::Nothing, "a broken connection");
    assert_eq!(of_silence(Carrier::Http), Evidence::Nothing);
}

#[test]
fn a_bare_refusal_proves_a_legacy_server() {
    for status in [400, 404, 405] {
        assert_eq!(
            of_fault(is_legacy_refusal(status), Carrier::Http),
            Evidence::Legacy,
            "{status}"
        );
    }
}

#[test]
fn a_child_that_is_silent_or_ends_is_legacy() {
    assert_eq!(of_silence(Carrier::Pipe), Evidence::Legacy);
    assert_eq!(of_fault(false, Carrier::Pipe), Evidence::Legacy);
}

#[test]
fn a_refusal_of_initialize_that_may_be_about_its_words_is_no_reason_to_look() {
    assert!([-32601, -32020, -32021, -32022].into_iter().all(may_be_modern));
    assert!(![-32602, -32600, -32603, -32000, 1503].into_iter().any(may_be_modern));
}
