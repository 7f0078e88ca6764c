//! API keys as bearer tokens.

use std::sync::Arc;

use eyot_http::RequestHead;
use eyot_service::Principal;
use eyot_stdx::Secret;
use http::HeaderValue;

use crate::auth::{AuthRefusal, Authenticate, Authenticated, Authentication, Credentials};

/// A key and the name that it stands for.
#[derive(Debug)]
pub struct ApiKey {
    /// The principal.
    pub name: Arc<str>,
    /// What the client must show.
    pub key: Secret<String>,
}

/// The keys that are accepted. Without any, every client is served as the anonymous principal.
#[derive(Debug, Default)]
pub struct Keys(Vec<ApiKey>);

impl Keys {
    /// Accepts these keys and no other.
    #[must_use]
    pub fn new(keys: Vec<ApiKey>) -> Self {
        Self(keys)
    }

    /// The principal of a request.
    ///
    /// Every key is compared, each in constant time: the time taken tells nothing.
    fn principal(&self, head: &RequestHead<'_>) -> Authenticated {
        if self.0.is_empty() {
            return Ok(None);
        }
        let shown = head.bearer_token().unwrap_or_default();
        let mut found = None;
        for key in &self.0 {
            if key.key.ct_eq(shown.as_bytes()) {
                found = Some(&key.name);
            }
        }
        match found {
            Some(name) => Ok(Some(Principal::new(Arc::clone(name)))),
            None => Err(AuthRefusal::unauthorized(
                HeaderValue::from_static("Bearer"),
                "a known key is required as bearer token",
            )),
        }
    }
}

impl Authenticate for Keys {
    fn authenticate(&self, credentials: &Credentials<'_>) -> Authentication {
        Authentication::Ready(self.principal(credentials.head))
    }

    fn is_open(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests;
