//! Pointers into payloads, well-formed and ambiguous.

use eyot_jsonrpc::{Message, ScanLimits};

use super::*;

const PAYLOAD: &str = r#"{ "a/b": [1, {"x": "y"}], "z": null }"#;

#[test]
fn pointers_name_values_with_escapes_and_indices() {
    assert_eq!(find(PAYLOAD, "/a~1b/1/x").unwrap(), Some("\"y\""));
    assert_eq!(find(PAYLOAD, "/a~1b/0").unwrap(), Some("1"));
    assert_eq!(find(PAYLOAD, "").unwrap(), Some(PAYLOAD));
    for missing in ["/q", "/A~1b", "/a~1b/2", "/z/0", "a"] {
        assert_eq!(find(PAYLOAD, missing).unwrap(), None, "{missing}");
    }
}

#[test]
fn a_key_that_can_be_read_in_two_ways_is_no_value_but_a_failure() {
    for payload in
        [r#"{"path":1,"path":2}"#, r#"{"path":1,"PATH":2}"#, r#"{"p\u0061th":1,"path":2}"#]
    {
        let found = find(payload, "/path");
        assert!(matches!(found, Err(Failure::Ambiguous { .. })), "{payload}: {found:?}");
    }
}

#[test]
fn a_message_whose_long_members_are_passed_over_has_what_its_text_has() {
    let long = "x".repeat(1_000);
    let params = format!(
        r#"{{"arguments":{{"a":["{long}",{{"b":1}}]}},"_meta":{{"t":"{long}","T":2}},"list":[{long:?}]}}"#
    );
    let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{params}}}"#);
    let message = Message::parse(text.into(), &ScanLimits::default()).unwrap();
    let find_in = |pointer| find_in(message.members(), message.params().unwrap(), pointer);
    for pointer in
        ["", "/", "arguments", "/arguments", "/arguments/a/1/b", "/list/0", "/list/1", "/Arguments"]
    {
        let found = find_in(pointer).unwrap();
        assert_eq!(found, find(&params, pointer).unwrap(), "{pointer}");
    }
    assert!(matches!(find_in("/_meta/t"), Err(Failure::Ambiguous { .. })));
}
