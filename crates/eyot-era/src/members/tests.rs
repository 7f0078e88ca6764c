//! `_meta` changes, everything else stays.

use eyot_jsonrpc::{Message, ScanLimits};
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Members, may_have, with_meta};

fn request(params: &str) -> Message {
    let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    Message::parse(text.into(), &ScanLimits::default()).unwrap()
}

fn put(members: &mut Members) {
    members.insert("b".to_owned(), RawValue::from_string("2".to_owned()).unwrap());
}

#[track_caller]
fn check(params: &str, change: fn(&mut Members), expected: &str) {
    assert_eq!(with_meta(&request(params), change).unwrap(), expected);
}

#[test]
fn a_meta_is_put_in_where_there_is_none() {
    check(r#"{"name":"x"}"#, put, r#"{"_meta":{"b":2},"name":"x"}"#);
    check(r#"{ }"#, put, r#"{"_meta":{"b":2} }"#);
    let bare = Message::parse(
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#.into(),
        &ScanLimits::default(),
    );
    assert_eq!(with_meta(&bare.unwrap(), put).unwrap(), r#"{"_meta":{"b":2}}"#);
}

#[test]
fn a_member_is_put_beside_the_others_whose_bytes_stay() {
    check(
        r#"{"name" : "x", "_meta" : {"a": 1.50} , "arguments":{ "z":1e2 }}"#,
        put,
        r#"{"name" : "x", "_meta" : {"a":1.50,"b":2} , "arguments":{ "z":1e2 }}"#,
    );
}

#[test]
fn a_meta_that_is_empty_is_left_out() {
    check(r#"{"_meta":{"a":1},"name":"x"}"#, Members::clear, r#"{"name":"x"}"#);
    check(r#"{"name":"x", "_meta" : {"a":1}}"#, Members::clear, r#"{"name":"x"}"#);
    check(r#"{"_meta":{"a":1}}"#, Members::clear, "{}");
    check(r#"{"name":"_meta","_meta":{}}"#, Members::clear, r#"{"name":"_meta"}"#);
    check(r#"{"name":"x"}"#, Members::clear, r#"{"name":"x"}"#);
}

proptest! {
    #[test]
    fn whatever_stands_around_it_stays(
        before in proptest::option::of("[a-z]{1,4}"),
        after in proptest::option::of("[a-z]{1,4}"),
        had in proptest::option::of("[a-z]{0,3}"),
        is_cleared: bool,
    ) {
        let member = |name: &Option<String>, key: &str| {
            name.as_ref().map(|it| format!(r#""{key}" : "_meta\":{it}""#))
        };
        let meta = had.as_ref().map(|it| format!(r#""_meta": {{"k":"{it}"}}"#));
        let members: Vec<_> =
            [member(&before, "x"), meta, member(&after, "y")].into_iter().flatten().collect();
        let params = format!("{{{}}}", members.join(" , "));
        let changed = with_meta(&request(&params), |it| {
            if is_cleared { it.clear() } else { put(it) }
        });
        let mut expected: Value = serde_json::from_str(&params).unwrap();
        let object = expected.as_object_mut().unwrap();
        if is_cleared {
            object.remove("_meta");
        } else {
            object.entry("_meta").or_insert_with(|| serde_json::json!({}))["b"] = 2.into();
        }
        prop_assert_eq!(serde_json::from_str::<Value>(&changed.unwrap()).unwrap(), expected);
    }
}

#[test]
fn a_name_in_the_arguments_is_no_member_of_the_parameters() {
    for (params, expected) in [
        (r#"{"name":"x","task":{}}"#, true),
        (r#"{"task":{},"arguments":{"a":1},"name":"x"}"#, true),
        (r#"{"arguments":{"a":1},"name":"x","task":{}}"#, true),
        (r#"{"arguments":{"task":1},"name":"x"}"#, false),
        (r#"{"arguments":{},"name":"x"}"#, false),
        ("{}", false),
    ] {
        assert_eq!(may_have(&request(params), "\"task\""), expected, "{params}");
    }
}
