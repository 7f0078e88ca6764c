//! A digest that tells nothing without its key.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::secret::Secret;

/// The digest of a text under a key, for one purpose: HMAC-SHA-256.
///
/// Equal texts have equal digests. Without the key a digest cannot be held against a guess.
#[must_use]
pub fn keyed_digest(key: &Secret<[u8; 32]>, purpose: &[u8], text: &[u8]) -> [u8; 32] {
    // HMAC fills a shorter key up with zeros.
    let mut block = [0; 64];
    for (byte, of_key) in block.iter_mut().zip(key.expose()) {
        *byte = *of_key;
    }
    let mut digest = Hmac::<Sha256>::new(&block.into());
    digest.update(&(purpose.len() as u64).to_le_bytes());
    digest.update(purpose);
    digest.update(text);
    digest.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests;
