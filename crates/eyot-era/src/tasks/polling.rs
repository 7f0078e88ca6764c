//! How often a task of a peer is looked at.

use std::time::Duration;

/// Bounds on the time between two looks at a task whose work is at a peer.
///
/// The peer says how often it likes to be asked; it may neither be asked without end nor make a
/// client wait without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a driver names all three")]
pub struct PollBounds {
    /// For a peer that says nothing. One second by default.
    pub usual: Duration,
    /// The shortest time. A quarter of a second by default.
    pub least: Duration,
    /// The longest time. 30 seconds by default.
    pub most: Duration,
}

impl Default for PollBounds {
    fn default() -> Self {
        Self {
            usual: Duration::from_secs(1),
            least: Duration::from_millis(250),
            most: Duration::from_secs(30),
        }
    }
}

impl PollBounds {
    /// The time from one look to the next at a peer that says `interval_ms`.
    #[must_use]
    pub fn interval(&self, interval_ms: Option<u64>) -> Duration {
        let said = interval_ms.map_or(self.usual, Duration::from_millis);
        said.max(self.least).min(self.most)
    }
}
