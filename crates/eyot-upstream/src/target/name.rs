//! The name of a target in stored records.
//!
//! A session is bound to its upstream, so the record names the upstream: by a label for people and
//! a digest for the comparison, under the key of the store. Neither can be turned back into a URL's
//! query or a program's arguments, which may be secrets.

use eyot_stdx::{Secret, keyed_digest};

use crate::target::Target;

/// What stored records call a target.
#[derive(Debug)]
pub struct TargetName {
    label: String,
    identity: Secret<String>,
    /// What versions before the digest have stored.
    plain: Secret<String>,
}

impl TargetName {
    /// What tells `target` apart.
    #[must_use]
    pub fn new(target: &Target) -> Self {
        Self { label: target.label(), identity: target.identity(), plain: target.plain_name() }
    }

    /// The name: equal for equal upstreams, also after a secret of theirs was replaced. `key` gives
    /// the key of the store that the record is in: a pipe's session has a store of its own, whose
    /// key says nothing to the other stores of the process.
    ///
    /// # Errors
    ///
    /// There is no key now.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is changed.
    pub async fn get<E, K>(&self, key: impl FnOnce() -> K) -> Result<Box<str>, E>
    where
        K: Future<Output = Result<Secret<[u8; 32]>, E>>,
    {
        Ok(self.under(&key().await?))
    }

    /// The name, if a record has it, or has what earlier versions had in its place: such a record
    /// should be written anew.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    pub async fn recognize<E, K>(
        &self,
        stored: Option<&str>,
        key: impl FnOnce() -> K,
    ) -> Result<Option<Box<str>>, E>
    where
        K: Future<Output = Result<Secret<[u8; 32]>, E>>,
    {
        let Some(stored) = stored else { return Ok(None) };
        let name = self.get(key).await?;
        Ok((*name == *stored || self.is_plain(stored)).then_some(name))
    }

    fn under(&self, key: &Secret<[u8; 32]>) -> Box<str> {
        let digest = keyed_digest(key, PURPOSE, self.identity.expose().as_bytes());
        let digits = digest.iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}"));
        format!("{} {}", self.label, digits.collect::<String>()).into_boxed_str()
    }

    /// Whether a record of an earlier version names this target.
    fn is_plain(&self, stored: &str) -> bool {
        // A URL was stored with its query.
        let without_query = stored.split_once('?').map(|it| it.0);
        self.plain.expose() == stored || without_query == Some(self.identity.expose().as_str())
    }
}

/// What the key of the store is used for here.
const PURPOSE: &[u8] = b"name of a target";
/// So many that no two upstreams of one store have equal ones by chance.
const DIGEST_BYTES: usize = 16;

#[cfg(test)]
mod tests;
