//! The table of what sessions can have many of.

use eyot_jsonrpc::Id;
use eyot_session::{ItemChange, OpenQuestion, SessionId, SessionItems};
use rusqlite::{Connection, params};

use crate::checksum::Checksum;
use crate::failure::{Failure, corrupt};

/// Applies changes, in this order.
pub(crate) fn change(
    connection: &Connection,
    id: &SessionId,
    changes: &[ItemChange],
) -> Result<(), rusqlite::Error> {
    for change in changes {
        match Row::of(change) {
            Ok(row) => put(connection, id, &row)?,
            Err((kind, name)) => remove(connection, id, kind, name)?,
        }
    }
    Ok(())
}

/// Stores all items of a session.
pub(crate) fn put_all(
    connection: &Connection,
    id: &SessionId,
    items: &SessionItems,
) -> Result<(), rusqlite::Error> {
    let subscriptions = items.subscriptions().map(|uri| ItemChange::Subscribe(uri.into()));
    let questions = items.questions().iter().cloned().map(ItemChange::Ask);
    subscriptions.chain(questions).try_for_each(|it| change(connection, id, &[it]))
}

/// Adds the stored items to those that are known.
pub(crate) fn load(
    connection: &Connection,
    id: &SessionId,
    items: &mut SessionItems,
) -> Result<(), Failure> {
    let mut statement =
        connection.prepare_cached("SELECT kind, name, call, checksum FROM item WHERE sid = ?1")?;
    let mut rows = statement.query([id.as_str()])?;
    while let Some(row) = rows.next()? {
        let (name, call): (String, Option<String>) = (row.get(1)?, row.get(2)?);
        let found = Row { kind: row.get(0)?, name: &name, call: call.as_deref() };
        if row.get::<_, i64>(3)? != found.checksum(id) {
            return Err(damaged());
        }
        items.apply(found.decode().ok_or_else(damaged)?);
    }
    Ok(())
}

/// Deletes all items of a session.
pub(crate) fn remove_all(connection: &Connection, sid: &str) -> Result<(), rusqlite::Error> {
    connection.prepare_cached("DELETE FROM item WHERE sid = ?1")?.execute([sid])?;
    Ok(())
}

fn put(connection: &Connection, id: &SessionId, row: &Row<'_>) -> Result<(), rusqlite::Error> {
    let Row { kind, name, call } = *row;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO item(sid, kind, name, call, checksum) VALUES(?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![id.as_str(), kind, name, call, row.checksum(id)])?;
    Ok(())
}

fn remove(
    connection: &Connection,
    id: &SessionId,
    kind: i64,
    name: &str,
) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached("DELETE FROM item WHERE sid = ?1 AND kind = ?2 AND name = ?3")?
        .execute(params![id.as_str(), kind, name])?;
    Ok(())
}

/// An item as it is stored.
#[derive(Clone, Copy)]
struct Row<'a> {
    kind: i64,
    name: &'a str,
    call: Option<&'a str>,
}

impl<'a> Row<'a> {
    /// The row that the change adds, or the key of the row that it removes.
    fn of(change: &'a ItemChange) -> Result<Self, (i64, &'a str)> {
        match change {
            ItemChange::Subscribe(uri) => Ok(Self { kind: SUBSCRIPTION, name: uri, call: None }),
            ItemChange::Ask(OpenQuestion { id, call }) => {
                let call = call.as_ref().map(Id::as_raw);
                Ok(Self { kind: QUESTION, name: id.as_raw(), call })
            }
            ItemChange::Unsubscribe(uri) => Err((SUBSCRIPTION, uri)),
            ItemChange::Settle(id) => Err((QUESTION, id.as_raw())),
        }
    }

    fn decode(&self) -> Option<ItemChange> {
        match (self.kind, self.call) {
            (SUBSCRIPTION, None) => Some(ItemChange::Subscribe(self.name.into())),
            (QUESTION, call) => {
                let call = match call {
                    Some(call) => Some(Id::parse(call)?),
                    None => None,
                };
                Some(ItemChange::Ask(OpenQuestion { id: Id::parse(self.name)?, call }))
            }
            _ => None,
        }
    }

    fn checksum(&self, id: &SessionId) -> i64 {
        Checksum::new()
            .bytes(id.as_str().as_bytes())
            .bytes(&self.kind.to_le_bytes())
            .bytes(self.name.as_bytes())
            .optional(self.call.map(str::as_bytes))
            .value()
    }
}

/// The error leaves out the id: a client that knows it can act for the session.
fn damaged() -> Failure {
    corrupt("an item of a session is not what was written").into()
}

const SUBSCRIPTION: i64 = 0;
const QUESTION: i64 = 1;
