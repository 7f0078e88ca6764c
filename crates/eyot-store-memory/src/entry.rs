//! One session with its streams.

use eyot_session::{
    Claimed, Fence, ItemChange, LogLimits, NodeId, SessionRecord, SessionState, StoreError,
    StreamNo, StreamWrite, WrittenStream,
};

use crate::compact::compact;
use crate::streams::Streams;

#[derive(Debug)]
pub(crate) struct Entry {
    record: SessionRecord,
    /// The lowest number that no stream has had; forgotten streams count.
    next_stream: u32,
    /// `None` until the first is opened: most sessions are answered without one.
    streams: Option<Box<Streams>>,
    /// When the shard looks for what has expired here.
    pub(crate) due_ms: u64,
}

const _: () = assert!(size_of::<Entry>() <= 208, "10,000 and more of these live at once");

impl Entry {
    pub(crate) fn new(record: SessionRecord) -> Self {
        let initialize = compact(&record.initialize);
        Self {
            record: SessionRecord { initialize, ..record },
            next_stream: StreamNo::STANDALONE.0 + 1,
            streams: None,
            due_ms: u64::MAX,
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

    pub(crate) fn release(&mut self) {
        self.record.owner = None;
    }

    pub(crate) fn update(&mut self, state: SessionState) {
        let items = std::mem::take(&mut self.record.state.items);
        self.record.state = SessionState { items, ..state };
    }

    pub(crate) fn change_items(&mut self, changes: Vec<ItemChange>) {
        for change in changes {
            self.record.state.items.apply(change);
        }
    }

    pub(crate) fn touch(&mut self, expires_ms: u64) {
        self.record.expires_ms = self.record.expires_ms.max(expires_ms);
    }

    pub(crate) fn check(&self, fence: Fence) -> Result<(), StoreError> {
        if self.record.fence == fence { Ok(()) } else { Err(StoreError::Fenced) }
    }

    pub(crate) fn write(
        &mut self,
        write: &StreamWrite,
        limits: &LogLimits,
    ) -> Result<(), StoreError> {
        let is_new = matches!(write.stream, WrittenStream::New(_));
        let streams = match &mut self.streams {
            None if is_new => self.streams.get_or_insert_default(),
            None => return Err(StoreError::NotFound),
            Some(streams) => streams,
        };
        streams.write(write, limits)?;
        if is_new {
            self.next_stream = self.next_stream.max(write.stream.no().0.saturating_add(1));
        }
        Ok(())
    }

    /// The streams; an error if none was opened.
    pub(crate) fn streams(&self) -> Result<&Streams, StoreError> {
        self.streams.as_deref().ok_or(StoreError::NotFound)
    }

    pub(crate) fn forget_expired_streams(&mut self, now_ms: u64) {
        if let Some(streams) = &mut self.streams {
            streams.forget_expired(now_ms);
        }
    }

    /// When something of the session expires, or the session itself.
    pub(crate) fn first_expiry_ms(&self) -> u64 {
        let stream = self.streams.as_ref().and_then(|it| it.first_expiry_ms());
        stream.map_or(self.record.expires_ms, |it| it.min(self.record.expires_ms))
    }
}
