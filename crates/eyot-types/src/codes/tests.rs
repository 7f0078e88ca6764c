//! The ranges, and the exact errors.

use eyot_jsonrpc::ErrorObject;
use serde_json::{Value, json};

use super::*;
use crate::{ClientCapabilities, ClientCapability, Era, Revision};

#[track_caller]
fn check(error: &ErrorObject, expected: &Value) {
    assert_eq!(serde_json::to_value(error).unwrap(), *expected);
}

#[test]
fn an_unsupported_version_names_what_is_supported() {
    check(
        &unsupported_version("1900-01-01", &[Revision::MODERN, Revision::LATEST_LEGACY]),
        &json!({
            "code": -32022,
            "message": "Unsupported protocol version",
            "data": { "supported": ["2026-07-28", "2025-11-25"], "requested": "1900-01-01" },
        }),
    );
}

#[test]
fn a_modern_client_before_a_legacy_server_hears_of_both_eras_and_may_fall_back() {
    check(
        &era_mismatch("2026-07-28", Era::Legacy),
        &json!({
            "code": -32600,
            "message": "Unsupported protocol version: the client speaks the modern era \
                        (2026-07-28), the server only the legacy era (2025-11-25, 2025-06-18, \
                        2025-03-26, 2024-11-05)",
            "data": {
                "supported": ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"],
                "requested": "2026-07-28",
            },
        }),
    );
}

#[test]
fn a_legacy_client_in_front_of_a_modern_server_is_told_both_eras() {
    check(
        &era_mismatch("2025-06-18", Era::Modern),
        &json!({
            "code": -32022,
            "message": "Unsupported protocol version: the client speaks the legacy era \
                        (2025-06-18), the server only the modern era (2026-07-28)",
            "data": { "supported": ["2026-07-28"], "requested": "2025-06-18" },
        }),
    );
}

#[test]
fn a_header_mismatch_reads_as_in_the_specification() {
    check(
        &header_mismatch("Mcp-Name", "value 'foo' does not match body value 'bar'"),
        &json!({
            "code": -32020,
            "message": "Header mismatch: Mcp-Name header value 'foo' does not match body value 'bar'",
        }),
    );
}

#[test]
fn a_missing_capability_is_listed() {
    check(
        &missing_capability(&ClientCapabilities::default().with(ClientCapability::Elicitation)),
        &json!({
            "code": -32021,
            "message": "Missing required client capability: elicitation",
            "data": { "requiredCapabilities": { "elicitation": {} } },
        }),
    );
}

#[test]
fn a_lost_upstream_says_what_became_of_the_call() {
    check(
        &upstream_lost("closed", Outcome::Unknown, false),
        &json!({
            "code": -32603,
            "message": "Upstream lost, outcome unknown",
            "data": { "reason": "closed", "outcome": "unknown", "retryable": false },
        }),
    );
    check(
        &upstream_lost("refused", Outcome::NotSent, true),
        &json!({
            "code": -32603,
            "message": "Upstream lost, request not sent",
            "data": { "reason": "refused", "outcome": "not_sent", "retryable": true },
        }),
    );
}

#[test]
fn the_outcome_is_read_as_it_was_written() {
    for outcome in [Outcome::Unknown, Outcome::NotSent] {
        assert_eq!(Outcome::of(&upstream_lost("closed", outcome, true)), Some(outcome));
    }
    assert_eq!(Outcome::of(&overloaded("in_flight_max")), Some(Outcome::NotSent));
    assert_eq!(Outcome::of(&denied("no writes")), None);
    let of_another = denied("").with_data(json!({ "outcome": "lost" }));
    assert_eq!(Outcome::of(&of_another), None);
}

#[test]
fn the_plain_errors_have_no_data() {
    check(
        &method_not_found("tools/run"),
        &json!({ "code": -32601, "message": "Method not found: tools/run" }),
    );
    check(
        &invalid_params("no name"),
        &json!({ "code": -32602, "message": "Invalid params: no name" }),
    );
    check(&denied("no writes"), &json!({ "code": 1403, "message": "Denied: no writes" }));
}

#[test]
fn overload_is_retryable() {
    check(
        &overloaded("in_flight_max"),
        &json!({
            "code": 1503,
            "message": "Overloaded: in_flight_max",
            "data": { "limit": "in_flight_max", "outcome": "not_sent", "retryable": true },
        }),
    );
}

#[test]
fn our_own_codes_are_outside_every_reserved_range() {
    for code in [DENIED, OVERLOADED] {
        assert!(!is_json_rpc_reserved(code) && !is_spec_reserved(code) && !is_legacy_sdk(code));
    }
}

#[test]
fn the_two_inner_ranges_meet_and_lie_in_the_reserved_one() {
    for code in -32_099..=-32_000 {
        assert!(is_json_rpc_reserved(code));
        assert_ne!(is_spec_reserved(code), is_legacy_sdk(code), "{code}");
    }
    for code in [-32_769, -31_999, 0] {
        assert!(!is_json_rpc_reserved(code));
    }
    for code in [-32_700, -32_600, -32_100] {
        assert!(is_json_rpc_reserved(code) && !is_spec_reserved(code) && !is_legacy_sdk(code));
    }
}

#[test]
fn only_codes_of_the_modern_era_prove_it() {
    for code in [HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION] {
        assert!(is_modern_evidence(code));
    }
    for code in [INVALID_PARAMS, METHOD_NOT_FOUND, URL_ELICITATION_REQUIRED, -32_050, DENIED] {
        assert!(!is_modern_evidence(code));
    }
}

#[test]
fn a_missing_resource_is_told_in_the_words_of_its_era() {
    let data = Some(json!({ "uri": "a:b" }));
    let legacy = resource_not_found("a:b", Revision::V2025_11_25);
    assert_eq!((legacy.code, &legacy.data), (RESOURCE_NOT_FOUND, &data));
    let modern = resource_not_found("a:b", Revision::MODERN);
    assert_eq!((modern.code, &modern.data), (INVALID_PARAMS, &data));
}
