//! The tables in the hands of the thread that writes.

use eyot_session::{SessionId, StoreError};
use rusqlite::Connection;

use crate::failure::Failure;
use crate::known::{Known, KnownSession};
use crate::owned::Owned;
use crate::statements::Statements;

/// The connection, with the statements of every call prepared, and the rows that are known.
#[derive(Debug)]
pub(crate) struct Tables<'c> {
    /// For what is done rarely: it keeps its own cache of statements.
    pub(crate) connection: &'c Connection,
    pub(crate) known: Known,
    statements: Statements<'c>,
    data_version: i64,
}

impl<'c> Tables<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Result<Self, rusqlite::Error> {
        let statements = Statements::prepare(connection)?;
        Ok(Self { connection, known: Known::default(), statements, data_version: 0 })
    }

    /// Begins a transaction. What is known holds from here on: no other connection can write.
    pub(crate) fn begin(&mut self) -> Result<(), rusqlite::Error> {
        self.statements.begin()?;
        // "If commits were made to the database by any other connection, the integer changes"
        // (sqlite.org, PRAGMA data_version); those of this connection do not count.
        let version = self.statements.data_version()?;
        if self.data_version != version {
            self.data_version = version;
            self.known.clear();
        }
        Ok(())
    }

    pub(crate) fn commit(&mut self) -> Result<(), rusqlite::Error> {
        self.statements.commit()
    }

    /// Undoes what was written since the beginning.
    pub(crate) fn roll_back(&mut self) {
        self.known.clear();
        // After some errors SQLite has rolled back itself.
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "a transaction was not rolled back");
        }
    }

    /// Refuses every caller except the owner.
    pub(crate) fn check(&mut self, owned: Owned<'_>) -> Result<(), Failure> {
        self.hold(owned).map(drop)
    }

    /// The session, for its owner alone.
    pub(crate) fn hold<'a>(&'a mut self, owned: Owned<'a>) -> Result<Held<'a, 'c>, Failure> {
        let Self { connection, known, statements, .. } = self;
        let (id, connection) = (owned.id, *connection);
        if known.get(id).is_none() {
            let found = owned.read(connection)?.ok_or(StoreError::NotFound)?;
            known.insert(id.clone(), found);
        }
        let known = known.get(id).ok_or(StoreError::NotFound)?;
        if known.fence != owned.fence {
            return Err(StoreError::Fenced.into());
        }
        Ok(Held { connection, id, known, statements })
    }
}

/// A session in the hands of its owner, until the end of the transaction.
#[derive(Debug)]
pub(crate) struct Held<'a, 'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) id: &'a SessionId,
    pub(crate) known: &'a mut KnownSession,
    pub(crate) statements: &'a mut Statements<'c>,
}

#[cfg(test)]
mod tests;
