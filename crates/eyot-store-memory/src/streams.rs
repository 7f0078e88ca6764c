//! The streams of one session: the running ones, and the latest of those that have ended.

use std::collections::{BTreeMap, BTreeSet};

use eyot_session::{LogLimits, StoreError, StreamNo, StreamRecord};

use crate::stream::Stream;

#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// Boxed, because a map's first node has room for eleven, and most sessions have one stream.
    all: BTreeMap<StreamNo, Box<Stream>>,
    /// The streams that have ended, each after the time at which it expires: an end looks at no
    /// more streams than it forgets.
    finished: BTreeSet<(u64, StreamNo)>,
    /// Bytes of the data in the streams that have ended.
    finished_bytes: usize,
}

impl Streams {
    pub(crate) fn open(&mut self, record: &StreamRecord) -> Result<(), StoreError> {
        let stream = self.all.entry(record.no).or_insert_with(|| Box::new(Stream::new(record)));
        if stream.is_finished() { Err(StoreError::Conflict) } else { Ok(()) }
    }

    pub(crate) fn get(&self, no: StreamNo) -> Result<&Stream, StoreError> {
        self.all.get(&no).map(Box::as_ref).ok_or(StoreError::NotFound)
    }

    pub(crate) fn get_mut(&mut self, no: StreamNo) -> Result<&mut Stream, StoreError> {
        self.all.get_mut(&no).map(Box::as_mut).ok_or(StoreError::NotFound)
    }

    /// Marks a stream as ended; `false` when it has ended before.
    pub(crate) fn finish(&mut self, no: StreamNo, expires_ms: u64) -> Result<bool, StoreError> {
        let stream = self.get_mut(no)?;
        if stream.is_finished() {
            return Ok(false);
        }
        stream.finish(expires_ms);
        self.finished_bytes += stream.len_bytes();
        self.finished.insert((expires_ms, no));
        Ok(true)
    }

    /// Streams that have ended, in the order of their ends, each after the time at which it
    /// expires.
    pub(crate) fn finished(&self) -> impl Iterator<Item = (u64, StreamNo)> {
        self.finished.iter().copied()
    }

    /// Forgets the oldest finished streams while there are too many; returns them.
    pub(crate) fn forget_oldest(&mut self, limits: &LogLimits) -> Vec<(u64, StreamNo)> {
        let mut forgotten = Vec::new();
        while self.exceeds(limits)
            && let Some((expires_ms, no)) = self.finished.first().copied()
        {
            self.forget(no, expires_ms);
            forgotten.push((expires_ms, no));
        }
        forgotten
    }

    pub(crate) fn forget_expired(&mut self, no: StreamNo, now_ms: u64) {
        let expires_ms = self.all.get(&no).and_then(|stream| stream.expires_ms());
        if let Some(expires_ms) = expires_ms.filter(|expires_ms| *expires_ms <= now_ms) {
            self.forget(no, expires_ms);
        }
    }

    /// Whether the stream that ended first has to be forgotten. The last one always stays.
    fn exceeds(&self, limits: &LogLimits) -> bool {
        let count = self.finished.len();
        let is_over =
            count > limits.finished_streams_max || self.finished_bytes > limits.finished_bytes_max;
        is_over && count > 1
    }

    fn forget(&mut self, no: StreamNo, expires_ms: u64) {
        if self.finished.remove(&(expires_ms, no))
            && let Some(stream) = self.all.remove(&no)
        {
            self.finished_bytes -= stream.len_bytes();
        }
    }
}
