//! When a server is not asked any more for a while: a machine that is told what came of each question.

use std::time::Duration;

use tokio::time::Instant;

/// When a server is not asked any more, and for how long.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by its users, from its default")]
pub struct BreakerOptions {
    /// Questions in a row that the server leaves without an answer, after which it is not asked; at
    /// least 1. An answer that is an error is an answer. The default is 5.
    pub failures_max: u32,
    /// How long it is not asked then. After that one question is let through, whose outcome decides.
    /// The default is 5 seconds.
    pub pause: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { failures_max: 5, pause: Duration::from_secs(5) }
    }
}

/// A circuit breaker. It is open while the server is not asked.
#[derive(Debug)]
pub(crate) struct Breaker {
    options: BreakerOptions,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One question is under way, and decides.
    Probing,
}

/// A question that may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    Ordinary,
    Probe,
}

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server answered, if only with an error.
    Answered,
    /// It did not, in its time.
    Unanswered,
    /// The asker did not wait that long.
    GivenUp,
}

/// The server is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsOpen;

impl Breaker {
    pub(crate) const fn new(options: BreakerOptions) -> Self {
        Self { options, state: State::Closed { failures: 0 } }
    }

    /// Whether the server may be asked now. What came of it is to be told.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<Pass, IsOpen> {
        match self.state {
            State::Closed { .. } => Ok(Pass::Ordinary),
            State::Open { until } if now >= until => {
                self.state = State::Probing;
                Ok(Pass::Probe)
            }
            State::Open { .. } | State::Probing => Err(IsOpen),
        }
    }

    /// Takes what came of a question; returns whether the breaker has opened by it.
    pub(crate) fn take(&mut self, pass: Pass, outcome: Outcome, now: Instant) -> bool {
        let opened = State::Open { until: now + self.options.pause };
        let next = match (self.state, pass, outcome) {
            (State::Probing, Pass::Probe, Outcome::Answered)
            | (State::Closed { .. }, _, Outcome::Answered) => State::Closed { failures: 0 },
            (State::Probing, Pass::Probe, Outcome::Unanswered) => opened,
            // The next question decides.
            (State::Probing, Pass::Probe, Outcome::GivenUp) => State::Open { until: now },
            (State::Closed { failures }, _, Outcome::Unanswered) => {
                match failures + 1 >= self.options.failures_max {
                    true => opened,
                    false => State::Closed { failures: failures + 1 },
                }
            }
            // A straggler of the time before tells nothing of now.
            (state, ..) => state,
        };
        let has_opened = matches!((self.state, next), (State::Closed { .. }, State::Open { .. }));
        self.state = next;
        has_opened
    }
}

#[cfg(test)]
mod tests;
