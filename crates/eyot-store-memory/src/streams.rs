//! The streams of one session: the running ones, and the latest of those that have ended.

use std::collections::VecDeque;
use std::time::Duration;

use eyot_session::{LogLimits, StoreError, StreamNo, StreamWrite, WrittenStream};

use crate::stream::Stream;

/// Both lists are short (the caller bounds the open streams, [`LogLimits`] the others), and what is
/// new belongs at their end most often.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// In the order of their numbers. Boxed, because a stream moves when one before it goes.
    all: VecDeque<Box<Stream>>,
    /// The streams that have ended, each after the time at which it expires, in this order: an end
    /// looks at no more streams than it forgets.
    finished: VecDeque<(u64, StreamNo)>,
    /// Bytes of the data in the streams that have ended.
    finished_bytes: usize,
}

impl Streams {
    /// Does a write, or nothing of it.
    pub(crate) fn write(
        &mut self,
        write: &StreamWrite,
        limits: &LogLimits,
    ) -> Result<(), StoreError> {
        let no = write.stream.no();
        let stream = match (self.place(no), &write.stream) {
            (Ok(place), _) => {
                let stream = self.all.get_mut(place).ok_or(StoreError::NotFound)?;
                if stream.is_finished() {
                    return if write.is_only_end() { Ok(()) } else { Err(StoreError::Conflict) };
                }
                stream.append(write, limits)?;
                stream
            }
            (Err(_), WrittenStream::Opened(_)) => return Err(StoreError::NotFound),
            (Err(place), WrittenStream::New(record)) => {
                let mut stream = Box::new(Stream::new(record));
                stream.append(write, limits)?;
                self.all.insert(place, stream);
                self.all.get_mut(place).ok_or(StoreError::NotFound)?
            }
        };
        if let Some(end_ms) = write.end_ms {
            let expires_ms = after(end_ms, limits.keep_done);
            stream.finish(expires_ms);
            self.finished_bytes += stream.len_bytes();
            let place = self.finished.partition_point(|it| *it < (expires_ms, no));
            self.finished.insert(place, (expires_ms, no));
            self.forget_oldest(limits);
        }
        Ok(())
    }

    pub(crate) fn get(&self, no: StreamNo) -> Result<&Stream, StoreError> {
        let place = self.place(no).map_err(|_| StoreError::NotFound)?;
        self.all.get(place).map(Box::as_ref).ok_or(StoreError::NotFound)
    }

    /// When the first of the streams that have ended expires.
    pub(crate) fn first_expiry_ms(&self) -> Option<u64> {
        self.finished.front().map(|(expires_ms, _)| *expires_ms)
    }

    pub(crate) fn forget_expired(&mut self, now_ms: u64) {
        while self.first_expiry_ms().is_some_and(|expires_ms| expires_ms <= now_ms) {
            self.forget_first();
        }
    }

    /// Forgets the oldest finished streams while there are too many.
    fn forget_oldest(&mut self, limits: &LogLimits) {
        while self.exceeds(limits) {
            self.forget_first();
        }
    }

    /// Whether the stream that ended first has to be forgotten. The last one always stays.
    fn exceeds(&self, limits: &LogLimits) -> bool {
        let count = self.finished.len();
        let is_over =
            count > limits.finished_streams_max || self.finished_bytes > limits.finished_bytes_max;
        is_over && count > 1
    }

    fn forget_first(&mut self) {
        if let Some((_, no)) = self.finished.pop_front()
            && let Ok(place) = self.place(no)
            && let Some(stream) = self.all.remove(place)
        {
            self.finished_bytes -= stream.len_bytes();
        }
    }

    /// Where the stream is, or where it belongs. The newest is asked for most often.
    fn place(&self, no: StreamNo) -> Result<usize, usize> {
        match self.all.back() {
            Some(newest) if newest.no() >= no => self.all.binary_search_by_key(&no, |it| it.no()),
            _ => Err(self.all.len()),
        }
    }
}

fn after(now_ms: u64, wait: Duration) -> u64 {
    now_ms.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
}
