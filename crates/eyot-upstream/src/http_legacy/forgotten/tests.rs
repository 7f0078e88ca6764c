//! What is said of a session, in the words of many servers.

use super::*;

const ABOUT_REQUEST: bool = true;
const ABOUT_NOTHING: bool = false;

/// Whether an answer of this status with this error says that the session is forgotten.
fn judge(status: u16, code: i64, text: &str, is_about_request: bool) -> bool {
    let error = ErrorObject::new(code, text);
    let said = SaidError { error: &error, is_about_request };
    says_forgotten(StatusCode::from_u16(status).unwrap(), Some(said), "")
}

#[test]
fn status_without_an_error_is_judged_by_itself() {
    let judge = |status, words| says_forgotten(StatusCode::from_u16(status).unwrap(), None, words);
    assert!(judge(404, "") && judge(410, "") && judge(400, "No valid session ID provided\n"));
    assert!(judge(400, "Bad Request: Server not initialized"));
    for (status, words) in [(400, ""), (400, "bad json"), (405, "session"), (500, "no session")] {
        assert!(!judge(status, words), "{status} {words}");
    }
}

#[test]
fn error_about_the_request_is_an_answer_whatever_its_status() {
    for (status, code, text) in [
        (404, METHOD_NOT_FOUND, "Method not found"),
        (404, INVALID_PARAMS, "Unknown tool"),
        (404, codes::RESOURCE_NOT_FOUND, "Resource not found"),
        (410, codes::RESOURCE_NOT_FOUND, "Resource gone"),
        (400, INVALID_PARAMS, "session is no number"),
        (400, METHOD_NOT_FOUND, "Method not found"),
        (200, INVALID_REQUEST, "Invalid request"),
        (200, codes::RESOURCE_NOT_FOUND, "Resource not found: session://x"),
        (200, INVALID_PARAMS, "Session not found"),
        (200, -32603, "no session"),
        (200, 1, "Session not found"),
        (200, codes::SDK_REQUEST_TIMEOUT, "Request timed out in this session"),
        (500, INVALID_REQUEST, "Session not found"),
    ] {
        assert!(!judge(status, code, text, ABOUT_REQUEST), "{status} {code} {text}");
    }
    assert!(!judge(404, METHOD_NOT_FOUND, "no such method", ABOUT_NOTHING));
}

#[test]
fn forgotten_session_is_recognised_in_many_words() {
    for (status, code, text) in [
        (404, codes::SDK_REQUEST_TIMEOUT, "Session not found"),
        (404, codes::SDK_CONNECTION_CLOSED, "Not found"),
        (404, INVALID_REQUEST, "Session has been terminated"),
        (404, INVALID_PARAMS, "Invalid session ID"),
        (410, INVALID_REQUEST, "Gone"),
        (400, codes::SDK_CONNECTION_CLOSED, "Bad Request: No valid session ID provided"),
        (400, codes::SDK_CONNECTION_CLOSED, "Bad Request: Server not initialized"),
        (400, INVALID_REQUEST, "Missing session ID"),
        (400, codes::RESOURCE_NOT_FOUND, "Session not found"),
        (200, INVALID_REQUEST, "Session not found"),
        (200, INVALID_REQUEST, "session 4711 not found"),
        (200, INVALID_REQUEST, "No such session"),
        (200, INVALID_REQUEST, "The MCP session has expired"),
        (200, INVALID_REQUEST, "Server is not initialized"),
        (200, codes::RESOURCE_NOT_FOUND, "Unknown session"),
        (200, codes::RESOURCE_NOT_FOUND, "Invalid or missing session ID"),
        (200, codes::SDK_REQUEST_TIMEOUT, "Session not found"),
    ] {
        for about in [ABOUT_REQUEST, ABOUT_NOTHING] {
            assert!(judge(status, code, text, about), "{status} {code} {text} {about}");
        }
    }
}

#[test]
fn nothing_that_a_text_holds_is_too_long_to_be_judged() {
    assert!(!judge(200, INVALID_REQUEST, &"é".repeat(100_000), ABOUT_REQUEST));
    assert!(judge(
        200,
        INVALID_REQUEST,
        &format!("Session not found{}", "é".repeat(9_999)),
        ABOUT_REQUEST
    ));
}
