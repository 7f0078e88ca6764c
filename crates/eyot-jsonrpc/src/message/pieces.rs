//! A message on its way out.

use bytes::Bytes;

use crate::message::Message;

/// The parts of a message in the order of writing; none is empty.
///
/// A message that was changed is written from several places. What is long there is shared; what is
/// short is joined, because to write one piece costs more than to copy it.
#[derive(Clone, Debug)]
pub struct Pieces {
    message: Message,
    /// Byte of the message's text up to which it was handed out.
    at: usize,
}

/// The next thing to be written.
enum Chunk<'a> {
    /// The bytes of a part of the text, shared if that is asked for.
    Text(&'a Bytes, std::ops::Range<usize>),
    /// What takes the place of a part of the text.
    Instead(&'a [u8]),
}

impl Pieces {
    pub(crate) const fn new(message: Message) -> Self {
        Self { message, at: 0 }
    }

    /// Bytes that are still to be written.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.clone().map(|piece| piece.len()).sum()
    }
}

impl Message {
    /// What is written when `at` bytes of the text were passed, and how many are passed then.
    fn chunk(&self, at: usize) -> Option<(Chunk<'_>, usize)> {
        let patch = self.patches().map(|(span, id)| (span.bounds(), id));
        let text = &self.scanned.text;
        let mut until = text.len();
        for (range, id) in patch {
            if range.start == at {
                return Some((Chunk::Instead(id.as_bytes()), range.end));
            }
            if range.start > at {
                until = range.start;
                break;
            }
        }
        let (part, range) = text.run(at, until)?;
        let passed = at + range.len();
        Some((Chunk::Text(part.as_bytes(), range), passed))
    }
}

impl Iterator for Pieces {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut joined = Vec::new();
        while let Some((chunk, passed)) = self.message.chunk(self.at) {
            let short = match chunk {
                Chunk::Text(bytes, range) => {
                    let is_alone = joined.is_empty() && passed == self.message.scanned.text.len();
                    if is_alone || range.len() >= SHARED_BYTES {
                        if !joined.is_empty() {
                            break;
                        }
                        self.at = passed;
                        return Some(bytes.slice(range));
                    }
                    bytes.get(range).unwrap_or_default()
                }
                Chunk::Instead(bytes) => bytes,
            };
            if joined.is_empty() {
                let left = self.message.len().saturating_sub(self.at);
                joined.reserve_exact(left.min(SHARED_BYTES));
            }
            joined.extend_from_slice(short);
            self.at = passed;
        }
        if joined.is_empty() { None } else { Some(joined.into()) }
    }
}

/// Bytes that are shared rather than copied.
pub(crate) const SHARED_BYTES: usize = 2_048;
