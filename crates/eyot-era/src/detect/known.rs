//! What was found of a server, to be kept for the next connection to it.

use eyot_types::{Era, Revision};
use serde::{Deserialize, Serialize};

/// What was found out about a server, to be kept for the next connection to it.
///
/// Keep it by server and authorization. "Clients SHOULD cache the result [...] and MAY persist it
/// across restarts of the same server configuration, re-probing if the cached assumption later
/// fails" (2026-07-28, basic/versioning): a modern era that no longer holds corrects itself, a
/// legacy one of a server of both eras never does, so that it should expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_structs, reason = "plain data that its users read and write")]
pub struct KnownEra {
    /// The revision that was agreed on; it says the [`era`](Self::era) as well.
    pub revision: Revision,
    /// When it was found, in milliseconds since 1970.
    pub found_at_ms: u64,
}

impl KnownEra {
    /// The era of the server.
    #[must_use]
    pub const fn era(&self) -> Era {
        self.revision.era()
    }
}
