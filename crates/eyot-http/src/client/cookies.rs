//! The cookies of one session at an upstream.
//!
//! A balancer before an upstream may need its cookie to find the server that knows the session.
//! So the cookies that come in a session go back to the same origin in the later requests of this
//! session, and nowhere else (RFC 6265).

use std::sync::OnceLock;

use eyot_service::{Limits, unix_ms};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Uri};
use parking_lot::Mutex;

use crate::client::cookie::{Cookie, Origin};

/// The cookies of one session. As long as the upstream sets none it costs nothing.
#[derive(Debug, Default)]
pub struct CookieJar(OnceLock<Mutex<Vec<Cookie>>>);

impl CookieJar {
    /// Takes the cookies that an answer sets. What is not for this origin, or does not fit, is left
    /// out; when there are too many, the oldest go. Few answers set any: `from` is asked for then.
    pub(super) fn take<'o>(
        &self,
        headers: &HeaderMap,
        from: impl FnOnce() -> Origin<'o>,
        limits: &Limits,
    ) {
        if !headers.contains_key(SET_COOKIE) {
            return;
        }
        let (from, now_ms) = (&from(), unix_ms());
        for text in headers.get_all(SET_COOKIE) {
            match text.to_str().ok().and_then(|it| Cookie::parse(it, from, now_ms)) {
                Some(cookie) => self.put(cookie, limits, now_ms),
                None => tracing::debug!("a cookie of the upstream is not kept"),
            }
        }
    }

    fn put(&self, cookie: Cookie, limits: &Limits, now_ms: u64) {
        let mut cookies = self.0.get_or_init(Mutex::default).lock();
        cookies.retain(|it| !it.is_replaced_by(&cookie) && !it.is_expired(now_ms));
        if !cookie.is_expired(now_ms) {
            cookies.push(cookie);
        }
        let bytes_max = limits.upstream.cookies_bytes_max;
        while cookies.iter().map(Cookie::len).sum::<usize>() > bytes_max {
            cookies.remove(0);
        }
        if cookies.is_empty() {
            *cookies = Vec::new();
        }
    }

    /// Adds the cookies for a request target to the headers of its request, behind those that are
    /// there already.
    pub(super) fn add_to(&self, headers: &mut HeaderMap, target: &Uri) {
        let Some(cookies) = self.0.get() else { return };
        let now_ms = unix_ms();
        let mut line = headers.get(COOKIE).map(|it| it.as_bytes().to_vec()).unwrap_or_default();
        for cookie in cookies.lock().iter().filter(|it| it.is_for(target.path(), now_ms)) {
            if !line.is_empty() {
                line.extend_from_slice(b"; ");
            }
            line.extend_from_slice(cookie.pair().as_bytes());
        }
        if let Ok(mut value) = HeaderValue::from_bytes(&line)
            && !line.is_empty()
        {
            value.set_sensitive(true);
            headers.insert(COOKIE, value);
        }
    }

    /// The cookies as [`restored`](Self::restored) reads them; `None` when there are none. They are
    /// as secret as the id of the session.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        let cookies = self.0.get()?.lock();
        let lines: Vec<_> = cookies.iter().map(Cookie::to_text).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// The cookies of a session that an earlier process has kept. What has expired is left out.
    #[must_use]
    pub fn restored(text: &str) -> Self {
        let now_ms = unix_ms();
        let cookies = text.lines().filter_map(Cookie::restored);
        let cookies: Vec<_> = cookies.filter(|it| !it.is_expired(now_ms)).collect();
        match cookies.is_empty() {
            true => Self::default(),
            false => Self(OnceLock::from(Mutex::new(cookies))),
        }
    }
}

#[cfg(test)]
mod tests;
