//! The connections to one upstream that wait for its next request.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use eyot_service::UpstreamLimits;
use parking_lot::Mutex;

use crate::client::connection::Connection;
use crate::stream::Stream;

/// Idle connections. Last in, first out: the warmest is taken first, so that those beyond what is
/// in use at once grow old, and are closed. A connection is only opened when none is idle, so there
/// are never more than were in use at once.
#[derive(Debug)]
pub(super) struct IdleConnections {
    /// The oldest first.
    waiting: Mutex<VecDeque<Waiting>>,
    connections_max: usize,
    timeout: Duration,
}

#[derive(Debug)]
struct Waiting {
    connection: Idle,
    since: Instant,
}

/// A connection that no request has.
#[derive(Debug)]
pub(super) enum Idle {
    /// As it was when its last answer ended.
    Warm(Connection),
    /// The stream alone, which holds no buffer.
    Resting(Stream),
}

impl Waiting {
    /// The connection without buffers; `None`: it has ended.
    fn rested(self) -> Option<Self> {
        let connection = match self.connection {
            Idle::Warm(connection) => Idle::Resting(connection.into_stream()?),
            resting @ Idle::Resting(_) => resting,
        };
        Some(Self { connection, ..self })
    }
}

impl IdleConnections {
    pub(super) fn new(limits: &UpstreamLimits) -> Self {
        let UpstreamLimits { idle_connections_max, idle_connection_timeout, .. } = *limits;
        Self {
            waiting: Mutex::default(),
            connections_max: idle_connections_max,
            timeout: idle_connection_timeout,
        }
    }

    /// The warmest idle connection that has not expired.
    pub(super) fn take(&self, now: Instant) -> Option<Idle> {
        let newest = self.waiting.lock().pop_back()?;
        if now.duration_since(newest.since) < self.timeout {
            return Some(newest.connection);
        }
        // The others are older still. They are closed outside of the lock.
        let _expired = std::mem::take(&mut *self.waiting.lock());
        None
    }

    /// Keeps a connection, if there is room for it.
    pub(super) fn put(&self, connection: Connection, now: Instant) {
        let _closed = self.push(Waiting { connection: Idle::Warm(connection), since: now });
    }

    /// Puts a connection behind the others. Returns one to be closed: the oldest, if it has expired,
    /// so that the number shrinks where no timer sweeps; or the new one, if there is no room for it.
    fn push(&self, newest: Waiting) -> Option<Waiting> {
        let mut waiting = self.waiting.lock();
        let is_expired = |it: &Waiting| newest.since.duration_since(it.since) >= self.timeout;
        let expired = match waiting.front() {
            Some(oldest) if is_expired(oldest) => waiting.pop_front(),
            _ => None,
        };
        if waiting.len() >= self.connections_max {
            return Some(newest);
        }
        waiting.push_back(newest);
        expired
    }

    /// Closes connections that have expired, and takes the buffers of those that no request has used
    /// for a moment.
    pub(super) fn sweep(&self, now: Instant) {
        let is_older = |age| move |it: &Waiting| now.duration_since(it.since) >= age;
        let mut waiting = self.waiting.lock();
        let expired = waiting.partition_point(is_older(self.timeout));
        let cold = waiting.partition_point(is_older(REST_AFTER));
        let old: Vec<_> = waiting.drain(..cold).collect();
        drop(waiting);
        // What takes its time is done outside of the lock.
        let rested = old.into_iter().skip(expired).filter_map(Waiting::rested);
        let rested: Vec<_> = rested.collect();
        let mut waiting = self.waiting.lock();
        let room = self.connections_max.saturating_sub(waiting.len());
        for it in rested.into_iter().rev().take(room) {
            waiting.push_front(it);
        }
    }
}

/// Busy upstreams are asked again within less.
const REST_AFTER: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
