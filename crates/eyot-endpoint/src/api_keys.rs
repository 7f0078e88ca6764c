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

/// Why keys cannot tell clients apart. The errors name the principals and no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// Without a key, the requests of everybody would be those of a principal.
    #[error("the key of `{name}` is empty")]
    Empty {
        /// The principal.
        name: Arc<str>,
    },
    /// One key stands for two principals.
    #[error("`{first}` and `{second}` have one key: give each a key of its own")]
    Shared {
        /// A principal.
        first: Arc<str>,
        /// Another one.
        second: Arc<str>,
    },
}

/// The keys that are accepted. Without any, every client is served as the anonymous principal.
#[derive(Debug, Default)]
pub struct Keys(Vec<ApiKey>);

impl Keys {
    /// Accepts these keys and no other. A principal may have several.
    ///
    /// # Errors
    ///
    /// [`KeysError`] when a key does not say who has sent it.
    pub fn new(keys: Vec<ApiKey>) -> Result<Self, KeysError> {
        for (number, key) in keys.iter().enumerate() {
            if key.key.expose().is_empty() {
                return Err(KeysError::Empty { name: Arc::clone(&key.name) });
            }
            let before = keys.iter().take(number);
            let is_shared =
                |it: &&ApiKey| it.name != key.name && it.key.ct_eq(key.key.expose().as_bytes());
            if let Some(first) = before.into_iter().find(is_shared) {
                let (first, second) = (Arc::clone(&first.name), Arc::clone(&key.name));
                return Err(KeysError::Shared { first, second });
            }
        }
        Ok(Self(keys))
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
