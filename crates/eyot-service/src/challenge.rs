//! How a server refuses the authorization of a request.

use http::{HeaderMap, StatusCode, header::WWW_AUTHENTICATE};

/// How a server refused the authorization of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// 401: no token, or not this one; 403: the token allows too little.
    pub status: StatusCode,
    /// What the server said in `WWW-Authenticate`.
    pub www_authenticate: Option<String>,
}

impl Challenge {
    /// The challenge in the head of an answer; `None` when its status refuses no authorization.
    #[must_use]
    pub fn of(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let is_refusal = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        is_refusal.then(|| {
            let said = headers.get(WWW_AUTHENTICATE).and_then(|it| it.to_str().ok());
            Self { status, www_authenticate: said.map(str::to_owned) }
        })
    }
}
