//! States of sessions as text, of this version and of others.

use crate::{ItemChange, RECORD_VERSION, SessionState, StoreError, UpstreamName, UpstreamRef};

fn upstream(session_id: &str) -> UpstreamRef {
    UpstreamRef {
        target: Some("http://upstream/mcp".into()),
        session_id: Some(session_id.into()),
        revision: Some("2025-06-18".into()),
        generation: 3,
        ..UpstreamRef::default()
    }
}

fn text(state: &SessionState) -> String {
    String::from_utf8(state.encode().unwrap()).unwrap()
}

#[test]
fn a_state_is_read_as_it_was_written() {
    let other = UpstreamName::parse("other").unwrap();
    let state = SessionState {
        is_initialized: true,
        log_level: Some("debug".into()),
        upstreams: [(other, upstream("b")), (UpstreamName::DEFAULT, upstream("a"))]
            .into_iter()
            .collect(),
        ..SessionState::default()
    };
    for state in [state, SessionState::default()] {
        assert_eq!(SessionState::decode(RECORD_VERSION, text(&state).as_bytes()), Ok(state));
    }
}

#[test]
fn upstreams_stand_by_their_names() {
    let upstreams = [(UpstreamName::DEFAULT, UpstreamRef::default())].into_iter().collect();
    let state = SessionState { upstreams, ..SessionState::default() };
    assert_eq!(
        text(&state),
        concat!(
            r#"{"isInitialized":false,"logLevel":null,"upstreams":{"default":"#,
            r#"{"target":null,"sessionId":null,"revision":null,"generation":0,"isModern":false}}}"#
        )
    );
}

#[test]
fn the_upstream_of_version_1_has_the_default_name() {
    let json = concat!(
        r#"{"isInitialized":true,"logLevel":"info","subscriptions":["a:b"],"upstream":"#,
        r#"{"target":"http://upstream/mcp","sessionId":"up-1","revision":"2025-06-18","#,
        r#""generation":3,"isModern":false}}"#
    );
    let expected = SessionState {
        is_initialized: true,
        log_level: Some("info".into()),
        upstreams: [(UpstreamName::DEFAULT, upstream("up-1"))].into_iter().collect(),
        items: [ItemChange::Subscribe("a:b".into())].into_iter().collect(),
    };
    assert_eq!(SessionState::decode(1, json.as_bytes()), Ok(expected));
}

#[test]
fn a_session_of_version_1_may_have_no_upstream() {
    for json in [r#"{"upstream":null}"#, "{}"] {
        let state = SessionState::decode(1, json.as_bytes());
        assert_eq!(state, Ok(SessionState::default()), "{json}");
    }
}

#[test]
fn members_that_are_not_known_are_ignored() {
    let json = br#"{"isInitialized":true,"colour":"red","upstream":{"target":"of version 1"}}"#;
    let expected = SessionState { is_initialized: true, ..SessionState::default() };
    assert_eq!(SessionState::decode(RECORD_VERSION, json), Ok(expected));
}

#[test]
fn a_later_version_is_refused() {
    let found = RECORD_VERSION + 1;
    let refusal = StoreError::Unsupported { found, known: RECORD_VERSION };
    assert_eq!(SessionState::decode(found, b"{}"), Err(refusal));
}

#[test]
fn what_is_no_state_is_corrupt() {
    for json in ["", "1", r#"{"upstreams":{"a b":{}}}"#, r#"{"upstreams":[]}"#] {
        let state = SessionState::decode(RECORD_VERSION, json.as_bytes());
        assert!(matches!(state, Err(StoreError::Corrupt { .. })), "{json}: {state:?}");
    }
}
