//! Who a client is: API keys as bearer tokens.

use std::sync::Arc;

use eyot_http::RequestHead;
use eyot_stdx::Secret;

/// A key and the name that it stands for.
#[derive(Debug)]
pub struct ApiKey {
    /// The principal.
    pub name: Arc<str>,
    /// What the client must show.
    pub key: Secret<String>,
}

/// The keys that are accepted. Without any, everybody is served as nobody in particular.
#[derive(Debug, Default)]
pub struct Keys(Vec<ApiKey>);

/// The client showed no key that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unauthorized;

impl Keys {
    /// Accepts these keys and no other.
    #[must_use]
    pub fn new(keys: Vec<ApiKey>) -> Self {
        Self(keys)
    }

    /// Whether nobody is asked for a key.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.is_empty()
    }

    /// The principal of a request; `None` when nobody is asked.
    ///
    /// Every key is compared, each in constant time: the time taken tells nothing.
    pub(crate) fn principal(
        &self,
        head: &RequestHead<'_>,
    ) -> Result<Option<Arc<str>>, Unauthorized> {
        if self.is_open() {
            return Ok(None);
        }
        let shown = head.bearer_token().unwrap_or_default();
        let mut found = None;
        for key in &self.0 {
            if key.key.ct_eq(shown.as_bytes()) {
                found = Some(Arc::clone(&key.name));
            }
        }
        found.map(Some).ok_or(Unauthorized)
    }
}

#[cfg(test)]
mod tests;
