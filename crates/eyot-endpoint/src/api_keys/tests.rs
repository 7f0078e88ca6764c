//! Keys and who shows them.

use eyot_http::RequestHead;
use eyot_stdx::Secret;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::{ApiKey, Keys, KeysError};
use crate::auth::Authenticate as _;

fn key(name: &str, key: &str) -> ApiKey {
    ApiKey { name: name.into(), key: Secret::new(key.to_owned()) }
}

fn keys() -> Keys {
    Keys::new(vec![key("alice", "key-a"), key("bob", "key-b")]).unwrap()
}

#[track_caller]
fn check(authorization: Option<&'static str>, expected: Result<&str, StatusCode>) {
    let mut headers = HeaderMap::new();
    if let Some(value) = authorization {
        headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
    }
    let found = keys().principal(&RequestHead::read(&headers));
    let name = found.map(|it| it.unwrap().name().to_string()).map_err(|it| it.status());
    assert_eq!(name.as_deref().map_err(|it| *it), expected, "{authorization:?}");
}

#[test]
fn known_key_names_its_principal() {
    check(Some("Bearer key-a"), Ok("alice"));
    check(Some("bearer key-b"), Ok("bob"));
}

#[test]
fn anything_else_is_unauthorized() {
    for value in [None, Some("Bearer key-"), Some("Bearer key-a1"), Some("Bearer "), Some("key-a")]
    {
        check(value, Err(StatusCode::UNAUTHORIZED));
    }
}

#[test]
fn nobody_is_asked_when_there_are_no_keys() {
    assert!(Keys::default().is_open());
    assert!(matches!(Keys::default().principal(&RequestHead::default()), Ok(None)));
}

#[test]
fn keys_that_do_not_tell_clients_apart_are_refused() {
    let refused = |keys: Vec<ApiKey>| Keys::new(keys).unwrap_err();
    let error = refused(vec![key("alice", "S3CRET"), key("eve", "k"), key("bob", "S3CRET")]);
    assert_eq!(error, KeysError::Shared { first: "alice".into(), second: "bob".into() });
    assert!(!error.to_string().contains("S3CRET"));
    let empty = refused(vec![key("alice", "k"), key("bob", "")]);
    assert_eq!(empty, KeysError::Empty { name: "bob".into() });
}

#[test]
fn a_principal_may_have_several_keys() {
    let keys = vec![key("alice", "old"), key("alice", "new"), key("alice", "new")];
    assert!(Keys::new(keys).is_ok());
}
