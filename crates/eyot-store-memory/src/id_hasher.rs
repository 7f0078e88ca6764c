//! Finds a session by its id, which is random already.

use std::hash::Hasher;

/// Mixes the bytes of an id. Not for what a peer may choose: the endpoint makes the ids that are
/// stored, and a look-up of another one meets no more entries than any other.
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.add(u64::from_le_bytes(last));
    }

    /// Ends a text.
    fn write_u8(&mut self, byte: u8) {
        self.0 = self.0.rotate_left(1) ^ u64::from(byte);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl IdHasher {
    fn add(&mut self, word: u64) {
        /// The golden ratio, as in Fibonacci hashing.
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        let mixed = (self.0 ^ word).wrapping_mul(FACTOR);
        // The high bits are the well mixed ones; a map looks at both ends.
        self.0 = mixed ^ (mixed >> 32);
    }
}
