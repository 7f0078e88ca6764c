//! A session that a caller claims to own.

use eyot_session::{Fence, SessionId, StoreError, StreamNo};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::failure::Failure;
use crate::number::Number;

/// A session, with the fence of a caller that claims to own it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owned<'a> {
    pub(crate) id: &'a SessionId,
    pub(crate) fence: Fence,
}

impl Owned<'_> {
    /// Refuses every caller except the owner.
    pub(crate) fn check(self, connection: &Connection) -> Result<(), Failure> {
        let current: Option<Number> = connection
            .prepare_cached("SELECT fence FROM session WHERE sid = ?1")?
            .query_row([self.id.as_str()], |row| row.get(0))
            .optional()?;
        match current {
            None => Err(StoreError::NotFound.into()),
            Some(Number(current)) if current == self.fence.0 => Ok(()),
            Some(_) => Err(StoreError::Fenced.into()),
        }
    }

    /// Notes that a stream number is used.
    pub(crate) fn raise_next_stream(
        self,
        connection: &Connection,
        used: StreamNo,
    ) -> Result<(), rusqlite::Error> {
        connection
            .prepare_cached(
                "UPDATE session SET next_stream = ?2 WHERE sid = ?1 AND next_stream < ?2",
            )?
            .execute(params![self.id.as_str(), used.0.saturating_add(1)])?;
        Ok(())
    }
}
