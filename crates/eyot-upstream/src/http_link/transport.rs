//! Which of the transports over HTTP a URL speaks.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// How to speak to a URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are no further transports over HTTP")]
pub enum Transport {
    /// Streamable HTTP, and where the server refuses that, HTTP with SSE: "if it fails with [400,
    /// 404 or 405], issue a GET request to the server URL, expecting that this will open an SSE
    /// stream and return an `endpoint` event as the first event" (basic/transports, Backwards
    /// Compatibility). What was found is remembered.
    #[default]
    Auto,
    /// Streamable HTTP.
    Http,
    /// HTTP with SSE, the transport of 2024-11-05: one event stream for each session.
    Sse,
}

/// What is known of the transport of one URL, shared by all its connections.
#[derive(Debug)]
pub(crate) struct KnownTransport {
    asked: Transport,
    /// The transport that was found: one byte, because every call asks.
    found: AtomicU8,
    found_at: Mutex<Option<Instant>>,
}

impl KnownTransport {
    pub(crate) fn new(asked: Transport) -> Self {
        Self { asked, found: AtomicU8::new(NONE), found_at: Mutex::default() }
    }

    /// Whether the next connection is one of HTTP with SSE, as far as is known.
    pub(crate) fn is_sse(&self) -> bool {
        match self.asked {
            Transport::Auto => self.found.load(Ordering::Relaxed) == SSE,
            asked => asked == Transport::Sse,
        }
    }

    /// Whether the URL may speak either, and has not spoken yet.
    pub(crate) fn is_unknown(&self) -> bool {
        self.is_open() && self.found.load(Ordering::Relaxed) == NONE
    }

    /// Whether what the server says decides.
    pub(crate) fn is_open(&self) -> bool {
        self.asked == Transport::Auto
    }

    /// Whether a new session should try Streamable HTTP first, although it was not spoken last time:
    /// the server may have learnt it.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_open() && self.found_at.lock().is_none_or(|at| at.elapsed() >= REMEMBERED)
    }

    /// Notes that the server has spoken this one.
    pub(crate) fn find(&self, transport: Transport) {
        let found = match transport {
            Transport::Auto => NONE,
            Transport::Http => HTTP,
            Transport::Sse => SSE,
        };
        *self.found_at.lock() = Some(Instant::now());
        if self.found.swap(found, Ordering::Relaxed) != found && self.is_open() {
            tracing::debug!(?transport, "transport of the upstream");
        }
    }

    /// Forgets what was found: the server speaks it no longer.
    pub(crate) fn forget(&self) {
        self.found.store(NONE, Ordering::Relaxed);
        *self.found_at.lock() = None;
    }
}

const NONE: u8 = 0;
const HTTP: u8 = 1;
const SSE: u8 = 2;
/// How long a server is taken for one that has no Streamable HTTP.
const REMEMBERED: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests;
