//! What is read of `_meta`, and what is refused.

use super::*;

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
    let meta = RequestMeta::decode(MODERN).unwrap();
    assert!(matches!(meta.protocol_version, Some(Cow::Borrowed("2026-07-28"))));
    assert_eq!(meta.client_info.unwrap().get(), r#"{"name":"n","version":"1"}"#);
    assert_eq!(meta.client_capabilities.unwrap().get(), r#"{"roots":{}}"#);
    assert_eq!(meta.log_level, Some(LogLevel::Notice));
    assert_eq!(meta.progress_token.unwrap().get(), "7");
    let required = meta.required().unwrap();
    assert_eq!(required.protocol_version, "2026-07-28");
    assert_eq!(required.client_capabilities.get(), r#"{"roots":{}}"#);
}

#[test]
fn the_keys_are_those_of_the_constants() {
    let text = format!(
        r#"{{"{PROTOCOL_VERSION}":"v","{CLIENT_INFO}":1,"{CLIENT_CAPABILITIES}":2,
            "{LOG_LEVEL}":"info","{PROGRESS_TOKEN}":3}}"#
    );
    let meta = RequestMeta::decode(&text).unwrap();
    assert_eq!(meta.protocol_version.as_deref(), Some("v"));
    assert_eq!(meta.client_info.unwrap().get(), "1");
    assert_eq!(meta.client_capabilities.unwrap().get(), "2");
    assert_eq!(meta.log_level, Some(LogLevel::Info));
    assert_eq!(meta.progress_token.unwrap().get(), "3");
}

#[test]
fn legacy_metadata_is_no_error_until_modern_members_are_required() {
    let meta = RequestMeta::decode(r#"{"progressToken":"a"}"#).unwrap();
    assert!(meta.protocol_version.is_none());
    assert!(meta.required().is_err());
    assert!(RequestMeta::default().required().is_err());
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    let required = |meta: RequestMeta<'_>| meta.required().map(|_| ());
    let error = RequestMeta::decode(text).and_then(required).unwrap_err();
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
        "Invalid params: _meta: invalid type: integer `7`, expected a string at line 1 column 44",
    );
}

#[test]
fn a_key_that_comes_twice_is_refused() {
    check_refused(
        r#"{"progressToken":1,"progressToken":2}"#,
        "Invalid params: _meta: duplicate field `progressToken` at line 1 column 34",
    );
}
