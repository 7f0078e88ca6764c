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
