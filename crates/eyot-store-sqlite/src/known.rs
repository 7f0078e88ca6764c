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

/// The streams of a session that have ended, in the order of their ends.
#[derive(Debug, Default)]
pub(crate) struct FinishedStreams {
    streams: VecDeque<FinishedStream>,
    bytes: usize,
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
        let place = self.streams.partition_point(|it| *it < stream);
        self.streams.insert(place, stream);
        self.bytes = self.bytes.saturating_add(stream.bytes);
    }

    /// Takes the stream that ended first, if there are too many. The last one always stays.
    pub(crate) fn take_excess(&mut self, limits: &LogLimits) -> Option<FinishedStream> {
        let count = self.streams.len();
        let is_over = count > limits.finished_streams_max || self.bytes > limits.finished_bytes_max;
        if !is_over || count <= 1 {
            return None;
        }
        let oldest = self.streams.pop_front()?;
        self.bytes = self.bytes.saturating_sub(oldest.bytes);
        Some(oldest)
    }
}
