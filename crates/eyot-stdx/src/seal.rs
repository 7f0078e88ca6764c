//! Texts that a stranger keeps and can neither read nor change.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::random::random_bytes;
use crate::secret::Secret;

/// The keys of one installation: the first seals, all of them open. So a key can be replaced, and
/// texts that were sealed under the last one still open.
///
/// A sealed text is bound to the purpose that it was sealed for: for any other purpose it counts as
/// forged. XChaCha20-Poly1305 with a random nonce of 24 bytes: no counter, no state.
pub struct SealKeys {
    first: XChaCha20Poly1305,
    older: Vec<XChaCha20Poly1305>,
}

impl SealKeys {
    /// A key of this process only: after a restart, what it sealed cannot be opened.
    ///
    /// # Fail-stop
    /// As [`random_bytes`].
    pub fn random() -> Self {
        Self::new(&Secret::new(random_bytes()), &[])
    }

    /// Keys that are shared, or that outlive the process: `first` seals, `older` only open.
    pub fn new(first: &Secret<[u8; KEY_BYTES]>, older: &[Secret<[u8; KEY_BYTES]>]) -> Self {
        let cipher = |key: &Secret<[u8; KEY_BYTES]>| XChaCha20Poly1305::new(key.expose().into());
        Self { first: cipher(first), older: older.iter().map(cipher).collect() }
    }

    /// Seals `text`, to be opened with the equal `bound` only. The result has letters, digits, `-`
    /// and `_`.
    pub fn seal(&self, bound: &[u8], text: &[u8]) -> String {
        let nonce: [u8; NONCE_BYTES] = random_bytes();
        let payload = Payload { msg: text, aad: bound };
        // Fails only for texts of 256 GiB and more.
        let sealed = self.first.encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Opens a sealed text. `None`: it was not sealed here, or not for `bound`, or it was changed.
    pub fn open(&self, bound: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let nonce = XNonce::from(*nonce);
        let open = |cipher: &XChaCha20Poly1305| {
            cipher.decrypt(&nonce, Payload { msg: sealed, aad: bound }).ok()
        };
        open(&self.first).or_else(|| self.older.iter().find_map(open))
    }
}

impl std::fmt::Debug for SealKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SealKeys")
    }
}

/// Bytes of one key.
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

#[cfg(test)]
mod tests;
