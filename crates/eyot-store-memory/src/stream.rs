//! One stream with the events that are still kept.

use std::collections::VecDeque;

use eyot_session::{
    Event, LogLimits, NewEvent, Page, Position, StoreError, StreamNo, StreamRecord, StreamWrite,
    UpstreamCursors,
};

use crate::compact::{compact, compact_cursor};

#[derive(Debug)]
pub(crate) struct Stream {
    record: StreamRecord,
    events: VecDeque<Event>,
    bytes: usize,
    /// The newest event; the start when there was none.
    top: Position,
    /// The newest event that was dropped; the start when there was none.
    trimmed: Position,
    last_upstream_cursors: UpstreamCursors,
    /// The time when the stream is forgotten; `None` while it is open.
    expires_ms: Option<u64>,
}

impl Stream {
    pub(crate) fn new(record: &StreamRecord) -> Self {
        let record = StreamRecord {
            no: record.no,
            kind: record.kind,
            request_id: record.request_id.as_ref().map(compact),
            upstream_cursor: record.upstream_cursor.as_ref().map(compact_cursor),
        };
        Self {
            last_upstream_cursors: record.upstream_cursor.iter().cloned().collect(),
            record,
            events: VecDeque::new(),
            bytes: 0,
            top: Position::default(),
            trimmed: Position::default(),
            expires_ms: None,
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.expires_ms.is_some()
    }

    pub(crate) fn no(&self) -> StreamNo {
        self.record.no
    }

    /// Bytes of the data that is kept.
    pub(crate) fn len_bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn finish(&mut self, expires_ms: u64) {
        self.expires_ms = Some(expires_ms);
    }

    /// Appends all events of the write or none.
    pub(crate) fn append(
        &mut self,
        write: &StreamWrite,
        limits: &LogLimits,
    ) -> Result<(), StoreError> {
        if !write.follows(self.top) {
            return Err(StoreError::Conflict);
        }
        if write.end_ms.is_some() {
            // Nothing follows: no more room than that.
            self.events.reserve_exact(write.events.len());
        }
        for event in &write.events {
            self.push(event);
        }
        self.trim(limits);
        Ok(())
    }

    pub(crate) fn read(&self, after: Position, limit: usize) -> Result<Page, StoreError> {
        if after < self.trimmed {
            return Err(StoreError::Trimmed { oldest: self.trimmed });
        }
        let first = self.events.partition_point(|event| event.position <= after);
        let events: Vec<Event> = self.events.iter().skip(first).take(limit).cloned().collect();
        let reached = events.last().map_or(after, |event| event.position);
        Ok(Page {
            stream: self.record.clone(),
            events,
            is_end: self.is_finished() && reached >= self.top,
            last_upstream_cursors: self.last_upstream_cursors.clone(),
        })
    }

    fn push(&mut self, event: &NewEvent) {
        let event = Event {
            position: event.position,
            data: compact(&event.data),
            upstream_cursor: event.upstream_cursor.as_ref().map(compact_cursor),
        };
        self.top = event.position;
        self.bytes += event.data.len();
        if let Some(cursor) = &event.upstream_cursor {
            self.last_upstream_cursors.note(cursor);
        }
        self.events.push_back(event);
    }

    fn trim(&mut self, limits: &LogLimits) {
        while self.exceeds(limits)
            && let Some(oldest) = self.events.pop_front()
        {
            self.bytes -= oldest.data.len();
            self.trimmed = oldest.position;
        }
    }

    fn exceeds(&self, limits: &LogLimits) -> bool {
        let is_over = self.events.len() > limits.events_per_stream_max
            || self.bytes > limits.bytes_per_stream_max;
        is_over && self.events.len() > 1
    }
}
