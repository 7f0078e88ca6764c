//! The inner loop of every string.

/// Length of the run of bytes, from the first on, that stand for themselves in a JSON string:
/// no quote, no backslash, no control character.
///
/// Most strings are short: eight bytes at a time are looked at first, in one register. What goes
/// on after that is passed in large blocks.
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

/// Counts the plain bytes of the rest of a string that is not short, or of a text that ends.
#[inline(never)]
fn long_plain_len(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<32>();
    let plain_blocks = blocks.iter().take(MEDIUM_BLOCKS).take_while(|it| is_plain(it)).count();
    let mut passed = 32 * plain_blocks;
    if plain_blocks == MEDIUM_BLOCKS {
        return passed + huge_plain_len(bytes.get(passed..).unwrap_or_default());
    }
    let (words, tail) = bytes.get(passed..).unwrap_or_default().as_chunks::<8>();
    for word in words {
        if let Some(at) = first_special(*word) {
            return passed + at;
        }
        passed += 8;
    }
    passed + tail.iter().take_while(|&&byte| !is_special(byte)).count()
}

/// Counts the plain bytes of the rest of a huge string in two passes of which each is fast: the one
/// finds its end, the other makes sure that no control character stands before it. A control
/// character ends the scan, so that nothing is passed over again.
fn huge_plain_len(bytes: &[u8]) -> usize {
    let end = memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
    let run = bytes.get(..end).unwrap_or_default();
    let (blocks, _) = run.as_chunks::<256>();
    let clean = 256 * blocks.iter().take_while(|block| has_no_control(block)).count();
    let rest = run.get(clean..).unwrap_or_default();
    clean + rest.iter().take_while(|&&byte| byte >= b' ').count()
}

/// Words of a short string.
const SHORT_WORDS: usize = 3;

/// Blocks of a string that is not huge.
const MEDIUM_BLOCKS: usize = 16;

/// Whether a byte does not stand for itself in a JSON string.
const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether no byte of a block is special; looks at all of them, without a branch, in a form that the
/// compiler turns into vector instructions.
fn is_plain(block: &[u8; 32]) -> bool {
    !block.iter().fold(false, |special, &byte| special | is_special(byte))
}

/// Whether no byte of a block is a control character; as [`is_plain`].
fn has_no_control(block: &[u8; 256]) -> bool {
    block.iter().fold(u8::MAX, |least, &byte| least.min(byte)) >= b' '
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
