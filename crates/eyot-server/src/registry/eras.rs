//! The eras that a server serves.

use eyot_jsonrpc::ErrorObject;
use eyot_types::{Era, codes};

/// The clients that a server answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eras {
    /// Clients of both eras; their messages show which era they are of.
    #[default]
    Both,
    /// Clients that open a session, up to 2025-11-25.
    Legacy,
    /// Clients without sessions, from 2026-07-28 on.
    Modern,
}

impl Eras {
    /// Turns away a client of an era that is not served.
    pub(crate) fn check(self, era: Era, requested: &str) -> Result<(), ErrorObject> {
        match (self, era) {
            (Self::Both, _) | (Self::Legacy, Era::Legacy) | (Self::Modern, Era::Modern) => Ok(()),
            (Self::Legacy, Era::Modern) => Err(codes::era_mismatch(requested, Era::Legacy)),
            (Self::Modern, Era::Legacy) => Err(codes::era_mismatch(requested, Era::Modern)),
        }
    }
}
