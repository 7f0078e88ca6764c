//! What browsers are told with every response.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

/// The headers, read.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResponseHeaders {
    pub(crate) always: Vec<(HeaderName, HeaderValue)>,
    pub(crate) by_tls: Option<HeaderValue>,
}

/// No page frames an answer, runs it, keeps it, or tells others that it was asked for.
pub(crate) const USUAL: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
];

impl ResponseHeaders {
    /// Adds those that the response does not have: a stream says better how it may be cached.
    pub(crate) fn add(&self, response: &mut HeaderMap, is_tls: bool) {
        for (name, value) in &self.always {
            response.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(value) = self.by_tls.as_ref().filter(|_| is_tls) {
            response.entry(STRICT_TRANSPORT_SECURITY).or_insert_with(|| value.clone());
        }
    }
}
