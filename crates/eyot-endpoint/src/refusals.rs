//! Refusals that several faces of an endpoint say alike.

use eyot_http::{BodyError, OutgoingBody, refused};
use http::header::CONNECTION;
use http::{HeaderValue, Response, StatusCode};

/// The answer to a request whose body was not read to its end.
pub(crate) fn body_failed(failure: BodyError) -> Response<OutgoingBody> {
    let status = match failure {
        BodyError::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::TooSlow => StatusCode::REQUEST_TIMEOUT,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut answer = refused(status, None, &failure.to_string());
    // What is left of the body must not be taken for a request.
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}
