//! Running counts of the streams of a session that have ended.

use eyot_session::LogLimits;

/// Counted, so that an end looks at no more streams than it forgets.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    streams: usize,
    bytes: usize,
}

impl Finished {
    pub(crate) fn count(&mut self, len_bytes: usize) {
        self.streams += 1;
        self.bytes += len_bytes;
    }

    pub(crate) fn discount(&mut self, len_bytes: usize) {
        self.streams -= 1;
        self.bytes -= len_bytes;
    }

    /// Whether the stream that ended first has to go. The last always stays.
    pub(crate) fn exceeds(&self, limits: &LogLimits) -> bool {
        let is_over =
            self.streams > limits.finished_streams_max || self.bytes > limits.finished_bytes_max;
        is_over && self.streams > 1
    }
}
