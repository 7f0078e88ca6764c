//! Bodies with one message, and with many.

use bytes::Bytes;

use crate::{Id, Incoming, Message, ParseError, ScanLimits};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const NOTE: &str = r#"{"jsonrpc":"2.0","method":"n","params":{"uri":"a:b"}}"#;

fn parse(text: &str) -> Result<Incoming, ParseError> {
    Incoming::parse(Bytes::copy_from_slice(text.as_bytes()), &ScanLimits::default())
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let Ok(Incoming::Batch(messages)) = parse(text) else { panic!("no batch: {text}") };
    let written: Vec<Bytes> = messages.iter().map(Message::to_bytes).collect();
    assert_eq!(written, expected);
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    let error = parse(text).unwrap_err();
    assert_eq!((error.to_string().as_str(), error.id()), (expected, None));
}

#[test]
fn one_message_is_one_message() {
    let Ok(Incoming::One(message)) = parse(&format!(" {PING}\n")) else { panic!("no message") };
    assert_eq!(message.to_bytes(), PING);
}

#[test]
fn a_batch_is_its_messages() {
    check(&format!("[{PING}]"), &[PING]);
    check(&format!("\n[ {PING} ,\n{NOTE}\t]\r\n"), &[PING, NOTE]);
}

#[test]
fn messages_of_a_batch_are_whole_messages() {
    let Ok(Incoming::Batch(mut messages)) = parse(&format!("[{PING},\n{NOTE}]")) else {
        panic!("no batch")
    };
    let note = messages.pop().unwrap();
    assert!(note.is_single_line());
    assert_eq!((note.method().as_deref(), note.uri().as_deref()), (Some("n"), Some("a:b")));
    let ping = messages.pop().unwrap().with_id(Id::from_number(42));
    assert_eq!(ping.to_bytes(), PING.replace('1', "42"));
}

#[test]
fn messages_of_a_batch_share_its_bytes() {
    let body = Bytes::from(format!("[{PING}]"));
    let Ok(Incoming::Batch(messages)) = Incoming::parse(body.clone(), &ScanLimits::default())
    else {
        panic!("no batch")
    };
    assert_eq!(messages[0].to_bytes().as_ptr(), body.slice(1..).as_ptr());
}

#[test]
fn one_bad_message_refuses_the_batch() {
    check_refused("[]", "empty batch at byte 0");
    check_refused(" [ ] ", "empty batch at byte 1");
    check_refused(&format!("[{PING},1]"), "message that is not an object at byte 42");
    check_refused(&format!("[[{PING}]]"), "message that is not an object at byte 1");
    check_refused(&format!("[{PING}, {{}}]"), "missing member `jsonrpc` at byte 43");
    check_refused(&format!("[{{\"id\":5}},{PING}]"), "missing member `jsonrpc` at byte 1");
}

#[test]
fn a_batch_that_is_not_json_is_a_parse_error() {
    check_refused("[", "unexpected end at byte 1");
    check_refused("[,]", "unexpected byte 0x2c at byte 1");
    check_refused(&format!("[1,{PING},]"), "unexpected byte 0x5d at byte 44");
    check_refused(&format!("[{PING}]]"), "unexpected byte 0x5d at byte 42");
    check_refused(&format!("[{PING}{PING}]"), "unexpected byte 0x7b at byte 41");
}

#[test]
fn a_batch_has_a_bound() {
    let batch = |count: usize| format!("[{}]", vec![PING; count].join(","));
    check(&batch(100), &[PING; 100]);
    check_refused(&batch(101), "batch with more than 100 messages at byte 4101");
}
