//! A session that a caller claims to own.

use eyot_session::{Fence, SessionId, StreamNo};
use rusqlite::{Connection, OptionalExtension as _};

use crate::known::KnownSession;
use crate::number::Number;

/// A session, with the fence of a caller that claims to own it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owned<'a> {
    pub(crate) id: &'a SessionId,
    pub(crate) fence: Fence,
}

impl Owned<'_> {
    /// Reads who owns the session; `None` when there is none.
    pub(crate) fn read(
        self,
        connection: &Connection,
    ) -> Result<Option<KnownSession>, rusqlite::Error> {
        connection
            .prepare_cached("SELECT fence, next_stream FROM session WHERE sid = ?1")?
            .query_row([self.id.as_str()], |row| {
                let fence = Fence(row.get::<_, Number>(0)?.0);
                Ok(KnownSession::new(fence, StreamNo(row.get(1)?)))
            })
            .optional()
    }
}
