//! What clients can do, in the words that they use in every request.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use eyot_era::modern_to_legacy;
use eyot_jsonrpc::ErrorObject;
use eyot_service::too_long;
use eyot_types::ClientCapabilities;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

/// What a client can do, as it says it to a legacy server.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) capabilities: ClientCapabilities,
    /// Clients that can do the same can share a session.
    pub(crate) class: CapabilityClass,
}

/// What a client can do, as a key of fixed size: what clients say is not kept with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CapabilityClass(pub(crate) [u8; 32]);

impl Hash for CapabilityClass {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // A part of a digest tells as much as all of it.
        state.write_u64(self.0.first_chunk().map_or(0, |it| u64::from_le_bytes(*it)));
    }
}

/// What was read lately, by its text: a client says the same in all of its requests, and many
/// clients are of one kind.
#[derive(Debug, Default)]
pub struct KnownCapabilities(Mutex<BTreeMap<Box<str>, Arc<Declared>>>);

impl KnownCapabilities {
    /// Reads the raw capabilities of a request.
    ///
    /// # Errors
    /// They cannot be understood, or are too long.
    pub(crate) fn read(
        &self,
        raw: Option<&str>,
        bytes_max: usize,
    ) -> Result<Arc<Declared>, ErrorObject> {
        let text = raw.unwrap_or("{}");
        if let Some(known) = self.0.lock().get(text) {
            return Ok(Arc::clone(known));
        }
        let capabilities = modern_to_legacy::capabilities(raw)?;
        let written = serde_json::to_vec(&capabilities).unwrap_or_default();
        if written.len() > bytes_max {
            return Err(too_long("clientCapabilities", bytes_max));
        }
        let class = CapabilityClass(Sha256::digest(written).into());
        let declared = Arc::new(Declared { capabilities, class });
        if text.len() <= TEXT_BYTES_MAX {
            let mut known = self.0.lock();
            // What is said often is soon known again.
            if known.len() >= TEXTS_MAX {
                known.clear();
            }
            known.insert(text.into(), Arc::clone(&declared));
        }
        Ok(declared)
    }
}

/// Texts that are kept, and the bytes of the longest: 128 KiB for each upstream.
const TEXTS_MAX: usize = 64;
const TEXT_BYTES_MAX: usize = 2_048;

#[cfg(test)]
mod tests;
