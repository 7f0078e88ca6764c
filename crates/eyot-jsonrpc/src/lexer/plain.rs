//! The inner loop of every string.

/// Length of the run of bytes, from the first on, that stand for themselves in a JSON string:
/// no quote, no backslash, no control character.
///
/// Most strings are short: eight bytes at a time are looked at first, in one register. What goes
/// on after that is passed in blocks of 32 bytes, in a form that the compiler turns into vector
/// instructions.
#[inline]
pub(crate) fn plain_len(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<8>();
    let mut passed = 0;
    for word in words.iter().take(SHORT_WORDS) {
        if let Some(at) = first_special(*word) {
            return passed + at;
        }
        passed += 8;
    }
    passed + long_plain_len(bytes.get(passed..).unwrap_or_default())
}

/// Counts the plain bytes of the rest of a long string, or of a text that ends.
#[inline(never)]
fn long_plain_len(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<32>();
    let mut passed = 32 * blocks.iter().take_while(|block| is_plain(block)).count();
    let (words, tail) = bytes.get(passed..).unwrap_or_default().as_chunks::<8>();
    for word in words {
        if let Some(at) = first_special(*word) {
            return passed + at;
        }
        passed += 8;
    }
    passed + tail.iter().take_while(|&&byte| !is_special(byte)).count()
}

/// Words of a short string.
const SHORT_WORDS: usize = 3;

/// Whether a byte does not stand for itself in a JSON string.
const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether no byte of a block is special; looks at all of them, without a branch.
fn is_plain(block: &[u8; 32]) -> bool {
    !block.iter().fold(false, |special, &byte| special | is_special(byte))
}

/// Position of the first special byte among eight.
///
/// A byte is below `n` when subtracting `n` borrows from its highest bit. A borrow that runs on
/// can only mark bytes after one that is truly marked, so the first mark is exact.
#[inline]
pub(crate) fn first_special(word: [u8; 8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH_BITS: u64 = ONES << 7;
    let below = |word: u64, n: u8| word.wrapping_sub(ONES * u64::from(n)) & !word;
    let word = u64::from_le_bytes(word);
    let below_space = below(word, 0x20);
    let quotes = below(word ^ (ONES * u64::from(b'"')), 1);
    let backslashes = below(word ^ (ONES * u64::from(b'\\')), 1);
    let marks = (below_space | quotes | backslashes) & HIGH_BITS;
    (marks != 0).then_some(marks.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests;
