//! What is a message and what is none.

mod json_test_suite;
mod properties;

use bytes::Bytes;

use crate::{INVALID_REQUEST, Kind, Message, PARSE_ERROR, ParseError, ScanLimits};

fn parse(text: &str) -> Result<Message, ParseError> {
    Message::parse(Bytes::copy_from_slice(text.as_bytes()), &ScanLimits::default())
}

#[track_caller]
fn check(text: &str, kind: Kind) {
    assert_eq!(parse(text).map(|message| message.kind()), Ok(kind), "{text}");
}

#[track_caller]
fn check_refused(text: &str, code: i64, expected: &str) {
    let error = parse(text).unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), (code, expected), "{text}");
}

/// A request with these params.
fn request(params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{params}}}"#)
}

#[test]
fn members_tell_the_kind_in_any_order() {
    check(r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#, Kind::Request);
    check(r#"{"params":{},"method":"m","id":"","jsonrpc":"2.0"}"#, Kind::Request);
    check(r#"{"jsonrpc":"2.0","method":"m","params":{}}"#, Kind::Notification);
    check(r#"{"jsonrpc":"2.0","id":1,"result":null}"#, Kind::Response);
    check(r#"{"result":{},"id":1,"jsonrpc":"2.0","x":1}"#, Kind::Response);
    check(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":""}}"#, Kind::Error);
    check(r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}"#, Kind::Error);
    check(r#"{"jsonrpc":"2.0","error":{"message":"m","code":1,"data":[]}}"#, Kind::Error);
    check(" \n{\t\"jsonrpc\" : \"2.0\" ,\r\n\"method\":\"m\" }\n", Kind::Notification);
    check(r#"{"\u006asonrpc":"2.0","\u006dethod":"tools\/call"}"#, Kind::Notification);
}

#[test]
fn text_that_is_not_json_is_a_parse_error() {
    check_refused("", PARSE_ERROR, "unexpected end at byte 0");
    check_refused(" \n", PARSE_ERROR, "unexpected end at byte 2");
    check_refused("\u{FEFF}{}", PARSE_ERROR, "byte order mark at byte 0");
    check_refused("{\"a\":1", PARSE_ERROR, "unexpected end at byte 6");
    check_refused("{\"a\":1}{", PARSE_ERROR, "unexpected byte 0x7b at byte 7");
    check_refused("{\"a\":1,}", PARSE_ERROR, "unexpected byte 0x7d at byte 7");
    check_refused("{a:1}", PARSE_ERROR, "unexpected byte 0x61 at byte 1");
    check_refused("{}\0", PARSE_ERROR, "unexpected byte 0x00 at byte 2");
    check_refused("[1,]", PARSE_ERROR, "unexpected byte 0x5d at byte 3");
    check_refused("nul", PARSE_ERROR, "unexpected end at byte 3");
    check_refused("[\"\\ud800\"]", PARSE_ERROR, "lone surrogate at byte 2");
    check_refused("[\"\t\"]", PARSE_ERROR, "control character in a string at byte 2");
    check_refused("{\"\\x\":1}", PARSE_ERROR, "unknown escape at byte 3");
    let error = Message::parse(Bytes::from_static(b"{\"\xff\":1}"), &ScanLimits::default());
    assert_eq!(error.unwrap_err().to_string(), "invalid UTF-8 at byte 2");
}

#[test]
fn text_that_is_not_json_is_a_parse_error_whatever_else_is_wrong_before() {
    check_refused(r#"{"id":true,"#, PARSE_ERROR, "unexpected end at byte 11");
    check_refused(r#"{"id":1,"id":2]"#, PARSE_ERROR, "unexpected byte 0x5d at byte 14");
    check_refused(r#"[1e999"#, PARSE_ERROR, "unexpected end at byte 6");
}

#[test]
fn json_that_is_no_object_is_an_invalid_request() {
    for text in ["1", "null", "\"{}\"", "[]", "[{}]"] {
        check_refused(text, INVALID_REQUEST, "message that is not an object at byte 0");
    }
}

#[test]
fn every_message_says_that_it_is_json_rpc_2() {
    check_refused(r#"{"method":"m"}"#, INVALID_REQUEST, "missing member `jsonrpc` at byte 0");
    for version in ["\"1.0\"", "2.0", "\"2\\u002e0\"", "null", "\"2.0 \""] {
        let text = format!(r#"{{"jsonrpc":{version},"method":"m"}}"#);
        check_refused(&text, INVALID_REQUEST, "`jsonrpc` is not \"2.0\" at byte 11");
    }
}

#[test]
fn an_id_is_a_string_or_an_integer() {
    for id in ["true", "{}", "[]", "1.5", "1.0", "1e2", "-0", "null"] {
        let text = format!(r#"{{"id":{id},"jsonrpc":"2.0","method":"m"}}"#);
        let error = parse(&text).unwrap_err();
        assert_eq!((error.code(), error.id()), (INVALID_REQUEST, None));
        assert!(error.to_string().starts_with("`id` is not a string or an integer at"), "{error}");
    }
    for id in ["0", "-7", "18446744073709551616", "\"\"", "\"\\u0000\"", "\"😀\""] {
        let message = parse(&format!(r#"{{"id":{id},"jsonrpc":"2.0","method":"m"}}"#)).unwrap();
        assert_eq!(message.id().unwrap().as_raw(), id);
    }
}

#[test]
fn an_answer_belongs_to_something() {
    let absent = r#"{"jsonrpc":"2.0","result":{}}"#;
    check_refused(absent, INVALID_REQUEST, "missing member `id` at byte 0");
    let null = r#"{"jsonrpc":"2.0","id":null,"result":{}}"#;
    check_refused(null, INVALID_REQUEST, "`id` is not a string or an integer at byte 0");
    let float = r#"{"jsonrpc":"2.0","id":1.5,"error":{"code":1,"message":""}}"#;
    check_refused(float, INVALID_REQUEST, "`id` is not a string or an integer at byte 22");
}

#[test]
fn a_method_is_a_text() {
    for method in ["1", "null", "\"\"", "{}"] {
        let text = format!(r#"{{"jsonrpc":"2.0","method":{method}}}"#);
        check_refused(&text, INVALID_REQUEST, "`method` is not a non-empty string at byte 26");
    }
}

#[test]
fn params_are_an_object() {
    for params in ["[]", "null", "1", "\"\""] {
        let expected = "`params` is not an object at byte 46";
        check_refused(&request(params), INVALID_REQUEST, expected);
    }
}

#[test]
fn a_message_is_of_one_kind_only() {
    let members = |members: &str| format!(r#"{{"jsonrpc":"2.0","id":1{members}}}"#);
    let (method, params, result) = (r#","method":"m""#, r#","params":{}"#, r#","result":{}"#);
    let error = r#","error":{"code":1,"message":"m"}"#;
    let refused = |parts: &[&str], expected: &str| {
        check_refused(&members(&parts.concat()), INVALID_REQUEST, expected);
    };
    refused(&[], "message without `method`, `result` and `error` at byte 0");
    refused(&[params], "message without `method`, `result` and `error` at byte 0");
    refused(&[method, result], "`method` beside `result` at byte 0");
    refused(&[error, method], "`method` beside `error` at byte 0");
    refused(&[result, error], "`result` beside `error` at byte 0");
    refused(&[result, params], "`params` beside `result` at byte 0");
    refused(&[params, error], "`params` beside `error` at byte 0");
}

#[test]
fn an_error_has_a_code_and_a_message() {
    let refused = |error: &str, expected: &str| {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#);
        check_refused(&text, INVALID_REQUEST, expected);
    };
    refused("null", "`error` is not an object at byte 32");
    refused("{\"message\":\"\"}", "missing member `code` at byte 0");
    refused("{\"code\":1}", "missing member `message` at byte 0");
    refused("{\"code\":1.5,\"message\":\"\"}", "`code` is not an integer of 64 bits at byte 40");
    refused("{\"code\":1e2,\"message\":\"\"}", "`code` is not an integer of 64 bits at byte 40");
    refused("{\"code\":\"1\",\"message\":\"\"}", "`code` is not an integer of 64 bits at byte 40");
    refused("{\"code\":1,\"message\":null}", "`message` is not a string at byte 52");
    refused("{\"code\":1,\"message\":\"\",\"code\":2}", "duplicate member `code` at byte 55");
    refused("{\"code\":1,\"message\":\"\",\"Data\":2}", "misspelled member `data` at byte 55");
}

#[test]
fn no_key_is_there_twice_where_somebody_routes() {
    let twice = r#"{"method":"a","\u006dethod":"b","jsonrpc":"2.0"}"#;
    check_refused(twice, INVALID_REQUEST, "duplicate member `method` at byte 14");
    let unknown = r#"{"method":"a","x":1,"jsonrpc":"2.0","x":1}"#;
    check_refused(unknown, INVALID_REQUEST, "duplicate key in `message` at byte 36");
    let refused = |params: &str, expected: &str| {
        check_refused(&request(params), INVALID_REQUEST, expected);
    };
    refused(r#"{"name":"a","name":"b"}"#, "duplicate member `name` at byte 58");
    refused(r#"{"x":{},"x":{}}"#, "duplicate key in `params` at byte 54");
    refused(r#"{"_meta":{},"_meta":{}}"#, "duplicate member `_meta` at byte 58");
    refused(r#"{"_meta":{"x":1,"x":1}}"#, "duplicate key in `_meta` at byte 62");
    let token = r#"{"_meta":{"progressToken":1,"progressToken":1}}"#;
    refused(token, "duplicate member `progressToken` at byte 74");
}

#[test]
fn no_key_looks_like_another_where_somebody_routes() {
    let method = r#"{"Method":"a","method":"b","jsonrpc":"2.0"}"#;
    check_refused(method, INVALID_REQUEST, "misspelled member `method` at byte 1");
    let refused = |params: &str, expected: &str| {
        check_refused(&request(params), INVALID_REQUEST, expected);
    };
    refused(r#"{"name":"a","Name":"b"}"#, "misspelled member `name` at byte 58");
    refused(r#"{"argument\u017f":{}}"#, "misspelled member `arguments` at byte 47");
    refused(r#"{"_META":{}}"#, "misspelled member `_meta` at byte 47");
    let prefix = r#"{"_meta":{"io.ModelContextProtocol/x":1}}"#;
    refused(prefix, "misspelled member `io.modelcontextprotocol/` at byte 56");
}

#[test]
fn deeper_objects_may_do_as_they_like() {
    check(&request(r#"{"arguments":{"Name":1,"name":2,"name":3}}"#), Kind::Request);
    check(&request(r#"{"_meta":{"x":{"a":1,"a":1}}}"#), Kind::Request);
    check(r#"{"jsonrpc":"2.0","id":1,"result":{"Id":1,"a":1,"a":2}}"#, Kind::Response);
    check(&request(r#"{"_meta":7,"name":7,"uri":[]}"#), Kind::Request);
}

#[test]
fn depth_has_a_bound() {
    let nested = |depth: usize| {
        let arrays = depth - 2;
        request(&format!(r#"{{"x":{}{}}}"#, "[".repeat(arrays), "]".repeat(arrays)))
    };
    check(&nested(64), Kind::Request);
    let expected = "nesting deeper than 64 at byte 113";
    check_refused(&nested(65), INVALID_REQUEST, expected);
    check_refused(&nested(100_000), INVALID_REQUEST, expected);
    check_refused(&"[".repeat(100_000), INVALID_REQUEST, "nesting deeper than 64 at byte 64");
    let limits = ScanLimits { depth_max: 3, ..ScanLimits::default() };
    for (params, is_accepted) in [(r#"{"_meta":{}}"#, true), (r#"{"_meta":{"x":{}}}"#, false)] {
        assert_eq!(Message::parse(request(params).into(), &limits).is_ok(), is_accepted);
    }
}

#[test]
fn keys_have_a_bound_in_every_object() {
    let object = |count: usize| {
        let members: Vec<_> = (0..count).map(|number| format!("\"k{number}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    let too_many = |text: &str| {
        let error = parse(text).unwrap_err();
        assert_eq!(error.code(), INVALID_REQUEST);
        assert!(error.to_string().starts_with("object with more than 10000 members"), "{error}");
    };
    for (params, longer) in [
        (object(10_000), object(10_001)),
        (format!("{{\"_meta\":{}}}", object(10_000)), format!("{{\"_meta\":{}}}", object(10_001))),
        (format!("{{\"x\":[{}]}}", object(10_000)), format!("{{\"x\":[{}]}}", object(10_001))),
    ] {
        check(&request(&params), Kind::Request);
        too_many(&request(&longer));
    }
}

#[test]
fn the_last_of_many_keys_is_still_compared() {
    let members: String = (0..9_000).map(|number| format!("\"k{number}\":0,")).collect();
    let text = request(&format!("{{{members}\"\\u006b5\":0}}"));
    let error = parse(&text).unwrap_err();
    assert!(error.to_string().starts_with("duplicate key in `params` at byte"), "{error}");
}

#[test]
fn ids_and_tokens_have_a_bound() {
    let text = |id: usize, token: usize| {
        let (id, token) = ("i".repeat(id - 2), "t".repeat(token - 2));
        let meta = format!(r#"{{"_meta":{{"progressToken":"{token}"}}}}"#);
        request(&meta).replacen(":1,", &format!(":\"{id}\","), 1)
    };
    check(&text(1_024, 1_024), Kind::Request);
    check_refused(&text(1_025, 9), INVALID_REQUEST, "`id` with more than 1024 bytes at byte 22");
    let expected = "`progressToken` with more than 1024 bytes at byte 75";
    check_refused(&text(4, 1_025), INVALID_REQUEST, expected);
}

#[test]
fn numbers_that_readers_disagree_on_are_refused() {
    let expected = "number out of range at byte 51";
    check_refused(&request(r#"{"x":1e400}"#), INVALID_REQUEST, expected);
    let long = format!("{{\"x\":0.{}}}", "1".repeat(100_000));
    check_refused(&request(&long), INVALID_REQUEST, "number with more than 1100 bytes at byte 51");
    check(&request(r#"{"x":1e-400,"y":123456789012345678901234567890}"#), Kind::Request);
}

#[test]
fn a_refusal_carries_the_id_that_can_be_relied_on() {
    let id = |text: &str| parse(text).unwrap_err().id().map(|id| id.to_string());
    assert_eq!(id(r#"{"id":7,"method":""}"#).as_deref(), Some("7"));
    assert_eq!(id(r#"{"method":1,"id":"a"}"#).as_deref(), Some("\"a\""));
    assert_eq!(id(r#"{"id":7,"method":"#).as_deref(), Some("7"));
    assert_eq!(id(r#"{"id":7,"id":7}"#).as_deref(), Some("7"));
    assert_eq!(id(r#"{"id":7,"id":8}"#), None);
    assert_eq!(id(r#"{"id":null,"id":7}"#), None);
    assert_eq!(id(r#"{"x":{"id":7}}"#), None);
    assert_eq!(id("[{\"id\":7}]"), None);
    assert_eq!(id(&format!("{{\"id\":\"{}\"}}", "i".repeat(2_000))), None);
}

#[test]
fn a_refusal_becomes_an_error_without_any_of_the_text() {
    let error = parse(r#"{"id":7,"secret":1,"secret":2}"#).unwrap_err().error_object();
    assert_eq!(error.code, INVALID_REQUEST);
    assert_eq!(error.message, "duplicate key in `message` at byte 19");
}
