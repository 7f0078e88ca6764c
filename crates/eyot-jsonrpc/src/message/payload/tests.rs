//! Messages with other payloads.

use crate::{Id, Message, ScanLimits};

fn parse(text: &str) -> Message {
    Message::parse(text.to_owned().into(), &ScanLimits::default()).unwrap()
}

#[test]
fn what_stands_around_a_payload_keeps_its_bytes_and_the_new_id_stays() {
    let message = parse(r#"{"id":1, "x":[ ],"params":{"name":"a"},"method":"m","jsonrpc":"2.0"}"#);
    let changed =
        message.with_id(Id::from_number(7)).with_payload(&[r#"{"name":"#, r#""b"}"#]).unwrap();
    let expected = r#"{"id":7, "x":[ ],"params":{"name":"b"},"method":"m","jsonrpc":"2.0"}"#;
    assert_eq!(changed.to_bytes(), expected);
    assert_eq!(changed.name().as_deref(), Some("b"));
}

#[test]
fn results_errors_and_missing_params_are_replaced_alike() {
    for (text, payload, expected) in [
        (r#"{"jsonrpc":"2.0","id":1,"result":[1]}"#, "2", r#"{"jsonrpc":"2.0","id":1,"result":2}"#),
        (
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#,
            r#"{"code":2,"message":"a"}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":2,"message":"a"}}"#,
        ),
        (
            r#"{"jsonrpc":"2.0","method":"m"}"#,
            "{}",
            r#"{"jsonrpc":"2.0","method":"m","params":{}}"#,
        ),
    ] {
        assert_eq!(parse(text).with_payload(&[payload]).unwrap().to_bytes(), expected);
    }
}

#[test]
fn a_payload_that_the_scan_refuses_makes_no_message() {
    let message = parse(r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{}}"#);
    for payload in ["", "1", r#"{"name":1,"name":2}"#, r#"{},"id":2"#, "{}}"] {
        assert!(message.with_payload(&[payload]).is_err(), "{payload}");
    }
}

/// Long values before, behind and around what is changed, with things in them that a scan notes.
#[test]
fn long_values_that_stay_are_known_and_all_else_is_scanned() {
    let long =
        |what: &str| format!("{{\"text\":\"{}{what}\",\"list\":[1,{{}}]}}", "x".repeat(2_000));
    for (what, put) in
        [("", "2"), ("\u{2028}", "2"), ("", "\"\u{2029}\""), ("", "\n2"), ("\",\n\"a\":\"", "2")]
    {
        let (one, other) = (long(what), long("é"));
        let params = format!(
            r#"{{"first":{one},"name":"a","old":1,"arguments":{other},"_meta":{{"progressToken":5}}}}"#
        );
        let message =
            parse(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{params}}}"#));
        let payload = message.params().unwrap();
        let (before, old) = payload.split_at(payload.find("1,\"arg").unwrap());
        let changed = message.with_payload(&[before, put, old.strip_prefix('1').unwrap()]).unwrap();
        let text = params.replace("\"old\":1", &format!("\"old\":{put}"));
        let expected = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{text}}}"#);
        assert_eq!(changed.to_bytes(), expected);
        let anew = parse(&expected);
        assert_eq!(format!("{:?}", changed.envelope()), format!("{:?}", anew.envelope()));
        assert_eq!(changed.arguments(), Some(&*other));
    }
}

#[test]
fn a_long_value_is_read_where_it_is_no_value_any_more() {
    let long = format!("\"{}\"", "x".repeat(2_000));
    let message =
        parse(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{"a":{long},"b":2}}}}"#));
    let payload = message.params().unwrap();
    let (before, from_value) = payload.split_at(payload.find(&long).unwrap());
    for put in ["\"", "{\"c\":", "1,", "["] {
        assert!(message.with_payload(&[before, put, from_value]).is_err(), "{put}");
    }
    let inner = message.with_payload(&[before, "{\"c\":", from_value, "}"]).unwrap();
    assert_eq!(inner.params().unwrap().len(), payload.len() + 6);
}

#[test]
fn long_values_of_a_result_that_stay_are_known() {
    let long = format!("[{{\"type\":\"text\",\"text\":\"{}\"}}]", "x".repeat(2_000));
    let text = format!(
        r#"{{"jsonrpc":"2.0","id":1,"result":{{"content":{long},"resultType":"complete","b":2}}}}"#
    );
    let message = parse(&text);
    let result = message.result().unwrap();
    let (before, after) = result.rsplit_once("2").unwrap();
    let changed = message.with_payload(&[before, "3", after]).unwrap();
    let anew = parse(&text.replace("\"b\":2", "\"b\":3"));
    assert_eq!(format!("{:?}", changed.envelope()), format!("{:?}", anew.envelope()));
    assert_eq!(changed.result(), anew.result());
}
