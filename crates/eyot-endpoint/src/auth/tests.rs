//! Keys and who shows them.

use std::sync::Arc;

use eyot_http::RequestHead;
use eyot_stdx::Secret;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use super::{ApiKey, Keys, Unauthorized};

fn keys() -> Keys {
    let key =
        |name: &str, key: &str| ApiKey { name: name.into(), key: Secret::new(key.to_owned()) };
    Keys::new(vec![key("alice", "key-a"), key("bob", "key-b")])
}

#[track_caller]
fn check(authorization: Option<&'static str>, expected: Result<Option<&str>, Unauthorized>) {
    let mut headers = HeaderMap::new();
    if let Some(value) = authorization {
        headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
    }
    let expected = expected.map(|name| name.map(Arc::from));
    assert_eq!(keys().principal(&RequestHead::read(&headers)), expected, "{authorization:?}");
}

#[test]
fn known_key_names_its_principal() {
    check(Some("Bearer key-a"), Ok(Some("alice")));
    check(Some("bearer key-b"), Ok(Some("bob")));
}

#[test]
fn anything_else_is_unauthorized() {
    for value in [None, Some("Bearer key-"), Some("Bearer key-a1"), Some("Bearer "), Some("key-a")]
    {
        check(value, Err(Unauthorized));
    }
}

#[test]
fn nobody_is_asked_when_there_are_no_keys() {
    assert_eq!(Keys::default().principal(&RequestHead::default()), Ok(None));
}
