//! The mask of a client's payloads.

/// Masks or unmasks the bytes of a payload that come after its first `offset` bytes (RFC 6455, 5.3).
pub(crate) fn apply(key: [u8; 4], offset: usize, bytes: &mut [u8]) {
    let [a, b, c, d] = key;
    let [a, b, c, d] = match offset % 4 {
        0 => [a, b, c, d],
        1 => [b, c, d, a],
        2 => [c, d, a, b],
        _ => [d, a, b, c],
    };
    let key = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ key).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.to_ne_bytes()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests;
