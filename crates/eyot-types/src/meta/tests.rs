//! What is read of `_meta`, and what is refused.

use eyot_jsonrpc::ScanLimits;

use super::*;

fn request(meta: &str) -> Message {
    let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{"_meta":{meta}}}}}"#);
    Message::parse(text.into(), &ScanLimits::default()).unwrap()
}

const MODERN: &str = r#"{
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name":"n","version":"1"},
    "io.modelcontextprotocol/clientCapabilities": {"roots":{}},
    "io.modelcontextprotocol/logLevel": "notice",
    "progressToken": 7,
    "com.example/x": [1]
}"#;

#[test]
fn the_protocols_members_are_found_and_others_ignored() {
    let request = request(MODERN);
    let meta = RequestMeta::of(&request).unwrap();
    assert!(matches!(meta.protocol_version, Some(Cow::Borrowed("2026-07-28"))));
    assert_eq!(meta.client_info.unwrap(), r#"{"name":"n","version":"1"}"#);
    assert_eq!(meta.client_capabilities.unwrap(), r#"{"roots":{}}"#);
    assert_eq!(meta.log_level, Some(LogLevel::Notice));
    let required = meta.required().unwrap();
    assert_eq!(required.protocol_version, "2026-07-28");
    assert_eq!(required.client_capabilities, r#"{"roots":{}}"#);
}

#[test]
fn the_keys_are_those_of_the_constants() {
    let text = format!(
        r#"{{"{PROTOCOL_VERSION}":"v","{CLIENT_INFO}":1,"{CLIENT_CAPABILITIES}":2,
            "{LOG_LEVEL}":"info","{PROGRESS_TOKEN}":3}}"#
    );
    let request = request(&text);
    let meta = RequestMeta::of(&request).unwrap();
    assert_eq!(meta.protocol_version.as_deref(), Some("v"));
    assert_eq!(meta.client_info.unwrap(), "1");
    assert_eq!(meta.client_capabilities.unwrap(), "2");
    assert_eq!(meta.log_level, Some(LogLevel::Info));
}

#[test]
fn legacy_metadata_is_no_error_until_modern_members_are_required() {
    let request = request(r#"{"progressToken":"a"}"#);
    let meta = RequestMeta::of(&request).unwrap();
    assert!(meta.protocol_version.is_none());
    assert!(meta.required().is_err());
    assert!(RequestMeta::default().required().is_err());
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    let required = |meta: RequestMeta<'_>| meta.required().map(|_| ());
    let error = RequestMeta::of(&request(text)).and_then(required).unwrap_err();
    assert_eq!((error.code, &*error.message), (codes::INVALID_PARAMS, expected));
}

#[test]
fn a_missing_member_is_named() {
    check_refused(
        "{}",
        "Invalid params: _meta lacks the required \"io.modelcontextprotocol/protocolVersion\"",
    );
    check_refused(
        r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#,
        "Invalid params: _meta lacks the required \"io.modelcontextprotocol/clientCapabilities\"",
    );
}

#[test]
fn a_member_of_the_wrong_type_is_refused() {
    check_refused(
        r#"{"io.modelcontextprotocol/protocolVersion":"v",
            "io.modelcontextprotocol/clientCapabilities":[]}"#,
        "Invalid params: _meta[\"io.modelcontextprotocol/clientCapabilities\"] is not an object",
    );
    check_refused(
        r#"{"io.modelcontextprotocol/protocolVersion":7}"#,
        "Invalid params: _meta: invalid type: integer `7`, expected a string at line 1 column 1",
    );
}
