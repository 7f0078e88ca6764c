//! How soon a stream is opened again that the upstream has ended.

use std::time::Duration;

use eyot_frame::RETRY_MAX;
use tokio::time::Instant;

/// Waits between two openings of a stream. They grow as long as no message comes: an upstream that
/// asks to come back at once, and then has nothing to say, does not set the pace.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Openings in a row that brought nothing.
    returns: u32,
    opened: Option<Instant>,
}

impl Pace {
    /// The stream is open.
    pub(super) fn opened(&mut self) {
        self.opened = Some(Instant::now());
    }

    /// A message has come. An event id alone is none.
    pub(super) fn heard(&mut self) {
        self.returns = 0;
    }

    /// The wait before the stream is opened again; `asked` is what the upstream has asked for.
    pub(super) fn next_wait(&mut self, asked: Option<Duration>) -> Duration {
        if self.opened.take().is_some_and(|it| it.elapsed() >= GROWN_MAX) {
            // It was silent, but it was there.
            self.returns = 0;
        }
        let asked = asked.unwrap_or(RETRY_DEFAULT).clamp(RETRY_MIN, RETRY_MAX);
        let factor = 1_u32.checked_shl(self.returns).unwrap_or(u32::MAX);
        self.returns = self.returns.saturating_add(1);
        // "the client MUST respect the `retry` field" (2025-11-25, basic/transports).
        asked.saturating_mul(factor).min(GROWN_MAX).max(asked)
    }
}

/// Used when the upstream names no time.
pub(super) const RETRY_DEFAULT: Duration = Duration::from_secs(1);
/// The shortest wait, whatever the upstream asks for.
const RETRY_MIN: Duration = Duration::from_millis(100);
/// How far waits grow by themselves.
const GROWN_MAX: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
