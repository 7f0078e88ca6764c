//! Ids that cannot be guessed, from the system's generator.

/// Random bytes from the system's generator.
///
/// # Fail-stop
/// Ends the whole process when the system has no randomness to give: an id that can be guessed
/// hands a session to a stranger, so there is no safe way to go on. Linux, macOS and Windows
/// fail here only before their own start is complete, or in a sandbox that forbids the call.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// A random text with at least `bytes` bytes of entropy (32 is plenty, 16 the least for an id).
///
/// The text has only letters, digits, `-` and `_`: it needs no escape in a header, a URL or a file
/// name, and is within the visible ASCII that MCP demands of a session id.
///
/// # Fail-stop
/// As [`random_bytes`].
pub fn random_token(bytes: usize) -> String {
    let mut letters = vec![0; bytes.saturating_mul(8).div_ceil(BITS_PER_LETTER)];
    fill(&mut letters);
    letters.into_iter().map(letter).collect()
}

fn fill(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        tracing::error!(%error, "the system has no randomness: the process ends");
        std::process::abort();
    }
}

/// One letter of the base64url alphabet from the low six bits of a random byte.
///
/// 256 is a multiple of 64, so every letter is equally likely.
const fn letter(byte: u8) -> char {
    let letter = match byte & 0x3f {
        index @ 0..26 => b'A' + index,
        index @ 26..52 => b'a' + (index - 26),
        index @ 52..62 => b'0' + (index - 52),
        62 => b'-',
        _ => b'_',
    };
    letter as char
}

const BITS_PER_LETTER: usize = 6;

#[cfg(test)]
mod tests;
