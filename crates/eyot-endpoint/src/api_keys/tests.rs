//! Keys and who shows them.

use eyot_http::RequestHead;
use eyot_stdx::Secret;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::{ApiKey, Keys};
use crate::auth::Authenticate as _;

fn keys() -> Keys {
    let key =
        |name: &str, key: &str| ApiKey { name: name.into(), key: Secret::new(key.to_owned()) };
    Keys::new(vec![key("alice", "key-a"), key("bob", "key-b")])
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
