//! What events meet, by their names: looked at several times for each message.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::plan::EventSteps;

/// What each event meets. No peer adds to it, so that its hashes need to be quick, and no secret.
pub(crate) type EventTable = HashMap<Box<str>, EventSteps, BuildHasherDefault<NameHasher>>;

/// Hashes a name, eight bytes at a time.
#[derive(Debug, Default)]
pub(crate) struct NameHasher(u64);

impl NameHasher {
    const fn add(&mut self, word: u64) {
        // An odd number whose bits are as good as random: that of the golden ratio.
        self.0 = (self.0.rotate_left(27) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, name: &[u8]) {
        let (words, rest) = name.as_chunks::<8>();
        words.iter().for_each(|it| self.add(u64::from_le_bytes(*it)));
        self.add(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }

    /// The end of a text, which says nothing of one that is hashed alone.
    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        // The table looks at the lowest bits and at the highest; the lowest have seen least.
        self.0 ^ self.0 >> 32
    }
}
