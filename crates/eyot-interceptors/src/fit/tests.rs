//! Payloads with and without what they need.

use super::*;

#[test]
fn a_payload_needs_what_the_schema_of_its_operation_requires() {
    check("tools/call", Phase::Request, &Subject::part(r#"{"name":"echo"}"#)).unwrap();
    check("tools/call", Phase::Response, &Subject::part("{}")).unwrap();
    check("acme/any", Phase::Request, &Subject::part("{}")).unwrap();
    for (event, phase, payload) in [
        ("tools/call", Phase::Request, "{}"),
        ("tools/call", Phase::Request, r#"{"name":1}"#),
        ("tools/list", Phase::Response, r#"{"tools":{}}"#),
        ("acme/any", Phase::Response, "[]"),
    ] {
        assert!(check(event, phase, &Subject::part(payload)).is_err(), "{event} {payload}");
    }
}
