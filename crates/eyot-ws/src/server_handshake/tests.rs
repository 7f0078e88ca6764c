//! Requests that get a WebSocket, and those that do not.

use http::header::{SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL};
use http::{Request, Response, StatusCode};

use super::{HandshakeRefusal, accept};
use crate::{ClientHandshake, HandshakeError};

/// The example of RFC 6455, 1.3, with some headers replaced; an empty value leaves one out.
fn request(changes: &[(&'static str, &str)]) -> http::request::Parts {
    let mut request = Request::new(()).into_parts().0;
    let example = [
        ("upgrade", "websocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "13"),
    ];
    for (name, value) in example.iter().chain(changes) {
        drop(request.headers.remove(*name));
        if !value.is_empty() {
            request.headers.insert(*name, value.parse().unwrap());
        }
    }
    request
}

#[track_caller]
fn check(changes: &[(&'static str, &str)], refusal: HandshakeRefusal, status: u16) {
    let refused = accept(&request(changes)).unwrap_err();
    assert_eq!((refused, refused.status().as_u16()), (refusal, status));
}

#[test]
fn the_key_of_the_standard_gets_the_answer_of_the_standard() {
    let answer = accept(&request(&[])).unwrap();
    assert_eq!(answer[SEC_WEBSOCKET_ACCEPT], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert!(!answer.contains_key(SEC_WEBSOCKET_PROTOCOL));
}

#[test]
fn the_subprotocol_is_answered_when_it_is_offered() {
    let answer = accept(&request(&[("sec-websocket-protocol", "chat, mcp")])).unwrap();
    assert_eq!(answer[SEC_WEBSOCKET_PROTOCOL], "mcp");
    check(&[("sec-websocket-protocol", "chat")], HandshakeRefusal::Subprotocol, 400);
}

#[test]
fn what_is_no_handshake_is_refused_with_its_status() {
    check(&[("upgrade", "")], HandshakeRefusal::NoUpgrade, 426);
    check(&[("upgrade", "h2c")], HandshakeRefusal::NoUpgrade, 426);
    check(&[("connection", "keep-alive")], HandshakeRefusal::NoUpgrade, 426);
    check(&[("sec-websocket-version", "")], HandshakeRefusal::Version, 426);
    check(&[("sec-websocket-version", "8")], HandshakeRefusal::Version, 426);
    check(&[("sec-websocket-key", "")], HandshakeRefusal::Key, 400);
    check(&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ")], HandshakeRefusal::Key, 400);
    check(&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZ===")], HandshakeRefusal::Key, 400);
    check(&[("content-length", "1")], HandshakeRefusal::Body, 400);
    check(&[("transfer-encoding", "chunked")], HandshakeRefusal::Body, 400);
    assert_eq!(HandshakeRefusal::Version.headers()["sec-websocket-version"], "13");
}

#[test]
fn a_client_takes_the_answer_to_its_own_request_only() {
    let handshake = ClientHandshake::new();
    let mut asked = request(&[]);
    asked.headers = handshake.headers();
    let mut answer = Response::new(());
    *answer.headers_mut() = accept(&asked).unwrap();
    let status = StatusCode::OK;
    assert_eq!(handshake.check(&answer), Err(HandshakeError::Status { status }));
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    assert_eq!(handshake.check(&answer), Ok(()));
    assert_eq!(ClientHandshake::new().check(&answer), Err(HandshakeError::Answer));

    answer.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, "chat".parse().unwrap());
    assert_eq!(handshake.check(&answer), Err(HandshakeError::Unoffered));
    drop(answer.headers_mut().remove(SEC_WEBSOCKET_PROTOCOL));
    assert_eq!(handshake.check(&answer), Ok(()));
    answer.headers_mut().insert("sec-websocket-extensions", "x".parse().unwrap());
    assert_eq!(handshake.check(&answer), Err(HandshakeError::Unoffered));
}
