//! Rows that the writer has read or written and need not read again.
//!
//! They are what is in the file as long as no other connection has written to it, and no
//! transaction of ours was rolled back: see [`Tables::begin`](crate::tables::Tables::begin).

use std::collections::{HashMap, VecDeque};

use eyot_session::{Fence, LogLimits, SessionId, StreamNo};

use crate::streams::StreamRow;

/// How many sessions are known at most: each takes up to three kilobytes.
const SESSIONS_MAX: usize = 4_096;
/// How many running streams of a session are known at most.
const RUNNING_MAX: usize = 32;

#[derive(Debug, Default)]
pub(crate) struct Known {
    sessions: HashMap<SessionId, KnownSession>,
}

/// A session that is there.
#[derive(Debug)]
pub(crate) struct KnownSession {
    pub(crate) fence: Fence,
    /// Every stream from this number on is new.
    pub(crate) next_stream: StreamNo,
    /// Some of the streams that have not ended.
    running: Vec<StreamRow>,
    /// All streams that have ended; `None` when they were not read yet.
    pub(crate) finished: Option<FinishedStreams>,
}

/// The streams of a session that have ended.
#[derive(Debug, Default)]
pub(crate) struct FinishedStreams {
    /// In the order of their ends.
    kept: VecDeque<FinishedStream>,
    kept_bytes: usize,
    /// Streams that are forgotten, but still in the file: to delete several at once changes fewer
    /// pages.
    forgotten: Vec<FinishedStream>,
}

/// A stream that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FinishedStream {
    pub(crate) expires_ms: u64,
    pub(crate) no: StreamNo,
    /// Bytes of the data that is kept.
    pub(crate) bytes: usize,
    /// Whether there may be cursors of upstreams with a name.
    pub(crate) has_cursors: bool,
}

impl Known {
    pub(crate) fn get(&mut self, id: &SessionId) -> Option<&mut KnownSession> {
        self.sessions.get_mut(id)
    }

    pub(crate) fn insert(&mut self, id: SessionId, session: KnownSession) {
        if self.sessions.len() >= SESSIONS_MAX {
            // To find the one that is least needed would cost more than to read them again.
            self.clear();
        }
        self.sessions.insert(id, session);
    }

    pub(crate) fn forget(&mut self, sid: &str) {
        self.sessions.remove(sid);
    }

    pub(crate) fn clear(&mut self) {
        self.sessions.clear();
    }
}

impl KnownSession {
    pub(crate) fn new(fence: Fence, next_stream: StreamNo) -> Self {
        Self { fence, next_stream, running: Vec::new(), finished: None }
    }

    /// Takes a running stream out.
    pub(crate) fn take_running(&mut self, no: StreamNo) -> Option<StreamRow> {
        let place = self.running.iter().position(|it| it.record.no == no)?;
        Some(self.running.swap_remove(place))
    }

    pub(crate) fn put_running(&mut self, row: StreamRow) {
        if self.running.len() >= RUNNING_MAX {
            self.running.swap_remove(0);
        }
        self.running.push(row);
    }
}

impl FinishedStreams {
    pub(crate) fn insert(&mut self, stream: FinishedStream) {
        let place = self.kept.partition_point(|it| *it < stream);
        self.kept.insert(place, stream);
        self.kept_bytes = self.kept_bytes.saturating_add(stream.bytes);
    }

    /// Forgets the streams that ended first while there are too many. The last one always stays.
    pub(crate) fn forget_oldest(&mut self, limits: &LogLimits) {
        while self.kept.len() > 1
            && exceeds(limits, self.kept.len(), self.kept_bytes)
            && let Some(oldest) = self.kept.pop_front()
        {
            self.kept_bytes = self.kept_bytes.saturating_sub(oldest.bytes);
            self.forgotten.push(oldest);
        }
    }

    /// The streams to delete now: all that are forgotten, once they are an eighth of what may be
    /// kept.
    pub(crate) fn take_forgotten(&mut self, limits: &LogLimits) -> Vec<FinishedStream> {
        /// The part of the bounds that waits.
        const PART: usize = 8;
        let bytes: usize = self.forgotten.iter().map(|it| it.bytes).sum();
        let is_due = self.forgotten.len() > limits.finished_streams_max / PART
            || bytes > limits.finished_bytes_max / PART;
        if is_due { std::mem::take(&mut self.forgotten) } else { Vec::new() }
    }

    /// Takes a stream that is forgotten out of those that wait to be deleted.
    pub(crate) fn take_if_forgotten(&mut self, no: StreamNo) -> Option<FinishedStream> {
        let place = self.forgotten.iter().position(|it| it.no == no)?;
        Some(self.forgotten.swap_remove(place))
    }
}

/// Whether so many finished streams are too many.
pub(crate) fn exceeds(limits: &LogLimits, streams: usize, bytes: usize) -> bool {
    streams > limits.finished_streams_max || bytes > limits.finished_bytes_max
}
