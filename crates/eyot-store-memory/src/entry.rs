//! One session with its streams.

use std::collections::BTreeMap;

use eyot_session::{
    Claimed, Fence, LogLimits, NodeId, SessionRecord, SessionState, StoreError, StreamNo,
    StreamRecord,
};

use crate::finished::Finished;
use crate::shard::compact;
use crate::stream::Stream;

#[derive(Debug)]
pub(crate) struct Entry {
    record: SessionRecord,
    /// The lowest number that no stream ever had; streams that were forgotten count.
    next_stream: u32,
    /// Boxed: a map's first node has room for eleven, and most sessions have one stream.
    streams: BTreeMap<StreamNo, Box<Stream>>,
    finished: Finished,
}

const _: () = assert!(size_of::<Entry>() <= 320, "10,000 and more of these live at once");

impl Entry {
    pub(crate) fn new(record: SessionRecord) -> Self {
        let initialize = compact(&record.initialize);
        Self {
            record: SessionRecord { initialize, ..record },
            next_stream: StreamNo::STANDALONE.0 + 1,
            streams: BTreeMap::new(),
            finished: Finished::default(),
        }
    }

    pub(crate) fn record(&self) -> &SessionRecord {
        &self.record
    }

    pub(crate) fn is_expired(&self, now_ms: u64) -> bool {
        self.record.expires_ms <= now_ms
    }

    pub(crate) fn claim(&mut self, owner: NodeId) -> Claimed {
        self.record.fence = self.record.fence.next();
        self.record.owner = Some(owner);
        Claimed { record: self.record.clone(), next_stream: StreamNo(self.next_stream) }
    }

    pub(crate) fn update(&mut self, state: SessionState) {
        self.record.state = state;
    }

    pub(crate) fn touch(&mut self, expires_ms: u64) {
        self.record.expires_ms = self.record.expires_ms.max(expires_ms);
    }

    pub(crate) fn check(&self, fence: Fence) -> Result<(), StoreError> {
        if self.record.fence == fence { Ok(()) } else { Err(StoreError::Fenced) }
    }

    pub(crate) fn open(&mut self, record: &StreamRecord) -> Result<(), StoreError> {
        let no = record.no;
        let stream = self.streams.entry(no).or_insert_with(|| Box::new(Stream::new(record)));
        if stream.is_finished() {
            return Err(StoreError::Conflict);
        }
        self.next_stream = self.next_stream.max(no.0.saturating_add(1));
        Ok(())
    }

    pub(crate) fn stream(&self, no: StreamNo) -> Result<&Stream, StoreError> {
        self.streams.get(&no).map(Box::as_ref).ok_or(StoreError::NotFound)
    }

    pub(crate) fn stream_mut(&mut self, no: StreamNo) -> Result<&mut Stream, StoreError> {
        self.streams.get_mut(&no).map(Box::as_mut).ok_or(StoreError::NotFound)
    }

    /// Marks a stream as ended; `false` when it has ended before.
    pub(crate) fn finish(&mut self, no: StreamNo, expires_ms: u64) -> Result<bool, StoreError> {
        let stream = self.stream_mut(no)?;
        if stream.is_finished() {
            return Ok(false);
        }
        stream.finish(expires_ms);
        let len_bytes = stream.len_bytes();
        self.finished.count(len_bytes);
        Ok(true)
    }

    /// Forgets the oldest finished streams while there are too many, and tells which.
    pub(crate) fn forget_oldest(&mut self, limits: &LogLimits) -> Vec<(u64, StreamNo)> {
        let mut forgotten = Vec::new();
        while let Some((expires_ms, no)) = self.excess(limits) {
            self.forget(no);
            forgotten.push((expires_ms, no));
        }
        forgotten
    }

    pub(crate) fn forget_expired(&mut self, no: StreamNo, now_ms: u64) {
        if self.streams.get(&no).is_some_and(|stream| stream.is_expired(now_ms)) {
            self.forget(no);
        }
    }

    /// Streams that have ended, by number, each after the time at which it expires.
    pub(crate) fn finished(&self) -> impl Iterator<Item = (u64, StreamNo)> {
        self.streams.iter().filter_map(|(no, stream)| Some((stream.expires_ms()?, *no)))
    }

    /// The finished stream that has to go first, if any has to: the one that ended first.
    fn excess(&self, limits: &LogLimits) -> Option<(u64, StreamNo)> {
        if self.finished.exceeds(limits) { self.finished().min() } else { None }
    }

    /// Only for streams that have ended.
    fn forget(&mut self, no: StreamNo) {
        if let Some(stream) = self.streams.remove(&no) {
            self.finished.discount(stream.len_bytes());
        }
    }
}
