//! One legacy session: its running requests, its open streams, the time of its end.

use std::time::Duration;

use eyot_jsonrpc::Id;
use eyot_types::Revision;

use crate::{Claimed, StreamNo};

/// Bounds of one session.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Silence after which the session ends. Running calls and open streams are not silence.
    pub idle_timeout: Duration,
    /// Requests of the client that may run at once.
    pub in_flight_max: usize,
    /// Streams that the client may hold open with GET at once.
    pub streams_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { idle_timeout: Duration::from_secs(30 * 60), in_flight_max: 256, streams_max: 8 }
    }
}

/// How far the handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// `initialize` was answered; `notifications/initialized` has not arrived.
    Opening,
    /// Normal operation.
    Operating,
    /// The end: nothing is accepted any more.
    Closed,
}

/// The reason why a message was refused. The session stays unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A request with this id is still running.
    #[error("a request with this id is still running")]
    DuplicateId,
    /// Too many requests run already.
    #[error("more than {in_flight_max} requests are running in this session")]
    TooManyRequests {
        /// The bound in force.
        in_flight_max: usize,
    },
    /// Too many streams are open already.
    #[error("more than {streams_max} streams are open in this session")]
    TooManyStreams {
        /// The bound in force.
        streams_max: usize,
    },
    /// The session has ended.
    #[error("session has ended")]
    Closed,
}

/// The state of one session. Times are milliseconds since 1970, as in the store, because a
/// session outlives the process.
#[derive(Debug)]
pub struct SessionMachine {
    revision: Revision,
    phase: Phase,
    /// A list, because it is short; it keeps room for one, because most clients send one request
    /// after the other.
    in_flight: Vec<Id>,
    streams_open: u32,
    next_stream: u32,
    /// Seconds since 1970: a finer unit is not needed.
    opened_s: u32,
    expires_ms: u64,
    stored_expires_ms: u64,
    bounds: Bounds,
}

/// [`Limits`] as every session holds them: in half the space.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    idle_ms: u64,
    in_flight_max: u32,
    streams_max: u32,
}

impl Bounds {
    fn of(limits: Limits) -> Self {
        let count = |max: usize| u32::try_from(max).unwrap_or(u32::MAX);
        Self {
            idle_ms: u64::try_from(limits.idle_timeout.as_millis()).unwrap_or(u64::MAX),
            in_flight_max: count(limits.in_flight_max),
            streams_max: count(limits.streams_max),
        }
    }
}

impl SessionMachine {
    /// Opens a session for a client whose `initialize` has just been answered.
    #[must_use]
    pub fn open(revision: Revision, limits: Limits, now_ms: u64) -> Self {
        let bounds = Bounds::of(limits);
        let expires_ms = now_ms.saturating_add(bounds.idle_ms);
        Self {
            revision,
            phase: Phase::Opening,
            in_flight: Vec::new(),
            streams_open: 0,
            next_stream: StreamNo::STANDALONE.0 + 1,
            opened_s: seconds(now_ms),
            expires_ms,
            stored_expires_ms: expires_ms,
            bounds,
        }
    }

    /// Continues a stored session, perhaps of another process.
    #[must_use]
    pub fn resume(claimed: &Claimed, limits: Limits, now_ms: u64) -> Self {
        let mut session = Self::open(claimed.record.revision, limits, now_ms);
        session.next_stream = claimed.next_stream.0.max(session.next_stream);
        session.opened_s = seconds(claimed.record.created_ms);
        session.stored_expires_ms = claimed.record.expires_ms;
        if claimed.record.state.is_initialized {
            session.phase = Phase::Operating;
        }
        session
    }

    /// The agreed revision.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// How far the handshake has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The time when the session ends unless something happens.
    #[must_use]
    pub fn expires_ms(&self) -> u64 {
        self.expires_ms
    }

    /// Takes a request of the client.
    ///
    /// "The request ID MUST NOT have been previously used by the requestor within the same session"
    /// (2025-11-25, basic). Only ids that still run are remembered: only between those could an
    /// answer go astray.
    ///
    /// # Errors
    ///
    /// [`SessionError`]; the caller answers the client with it.
    pub fn handle_request(&mut self, id: &Id, now_ms: u64) -> Result<(), SessionError> {
        let in_flight_max = self.bounds.in_flight_max as usize;
        self.handle_activity(now_ms)?;
        if self.in_flight.contains(id) {
            return Err(SessionError::DuplicateId);
        }
        if self.in_flight.len() >= in_flight_max {
            return Err(SessionError::TooManyRequests { in_flight_max });
        }
        if self.in_flight.is_empty() {
            self.in_flight.reserve_exact(1);
        }
        // A copy: an id that shares the message's memory would keep the whole message.
        self.in_flight.push(id.detached());
        Ok(())
    }

    /// Notes that a request was answered, or never will be.
    pub fn handle_answer(&mut self, id: &Id, now_ms: u64) {
        if let Some(place) = self.in_flight.iter().position(|it| it == id) {
            self.in_flight.swap_remove(place);
        }
        if self.in_flight.is_empty() {
            self.in_flight.shrink_to(1);
        }
        self.extend(now_ms);
    }

    /// Takes a notification or a response of the client.
    ///
    /// # Errors
    ///
    /// [`SessionError::Closed`].
    pub fn handle_activity(&mut self, now_ms: u64) -> Result<(), SessionError> {
        if self.phase == Phase::Closed {
            return Err(SessionError::Closed);
        }
        self.extend(now_ms);
        Ok(())
    }

    /// Takes `notifications/initialized`; says whether it was the first.
    pub fn handle_initialized(&mut self) -> bool {
        let is_first = self.phase == Phase::Opening;
        if is_first {
            self.phase = Phase::Operating;
        }
        is_first
    }

    /// Takes a stream that the client opens with GET.
    ///
    /// # Errors
    ///
    /// [`SessionError::TooManyStreams`] or [`SessionError::Closed`].
    pub fn handle_stream_opened(&mut self, now_ms: u64) -> Result<(), SessionError> {
        let streams_max = self.bounds.streams_max;
        self.handle_activity(now_ms)?;
        if self.streams_open >= streams_max {
            let streams_max = streams_max as usize;
            return Err(SessionError::TooManyStreams { streams_max });
        }
        self.streams_open += 1;
        Ok(())
    }

    /// Notes that such a stream has ended.
    pub fn handle_stream_closed(&mut self, now_ms: u64) {
        self.streams_open = self.streams_open.saturating_sub(1);
        self.extend(now_ms);
    }

    /// The number of the next call's stream. Never used twice in a session.
    pub fn take_stream(&mut self) -> StreamNo {
        let stream = StreamNo(self.next_stream);
        self.next_stream = self.next_stream.saturating_add(1);
        stream
    }

    /// Ends the session if its time has come; says whether it has ended.
    pub fn handle_timeout(&mut self, now_ms: u64) -> bool {
        if self.is_busy() {
            self.extend(now_ms);
        } else if now_ms >= self.expires_ms {
            self.phase = Phase::Closed;
        }
        self.phase == Phase::Closed
    }

    /// Ends the session.
    pub fn handle_close(&mut self) {
        self.phase = Phase::Closed;
    }

    /// The new end for the store, when the end has moved by an eighth of the idle time or more
    /// since the last call of this method.
    pub fn poll_touch(&mut self) -> Option<u64> {
        let moved_ms = self.expires_ms.saturating_sub(self.stored_expires_ms);
        let is_due = moved_ms > self.bounds.idle_ms / 8;
        is_due.then(|| {
            self.stored_expires_ms = self.expires_ms;
            self.expires_ms
        })
    }

    /// The time when the session was opened, perhaps by another process, to the second.
    #[must_use]
    pub fn opened_ms(&self) -> u64 {
        u64::from(self.opened_s) * 1_000
    }

    /// How many requests of the client run.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// How many streams the client holds open with GET.
    #[must_use]
    pub fn streams_open(&self) -> usize {
        self.streams_open as usize
    }

    /// Whether a call runs or a stream is open.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.in_flight.is_empty() || self.streams_open > 0
    }

    fn extend(&mut self, now_ms: u64) {
        let expires_ms = now_ms.saturating_add(self.bounds.idle_ms);
        self.expires_ms = self.expires_ms.max(expires_ms);
    }
}

fn seconds(unix_ms: u64) -> u32 {
    u32::try_from(unix_ms / 1_000).unwrap_or(u32::MAX)
}

const _: () = assert!(size_of::<SessionMachine>() <= 72, "10,000 and more of these live at once");

#[cfg(test)]
mod tests;
