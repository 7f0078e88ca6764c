//! The table of sessions.

use bytes::Bytes;
use eyot_session::{
    Claimant, Claimed, Fence, ItemChange, NodeId, RECORD_VERSION, SessionId, SessionRecord,
    SessionState, StoreError, StreamNo,
};
use eyot_types::Revision;
use rusqlite::{Connection, Row, named_params, params};

use crate::checksum::Checksum;
use crate::failure::{Failure, corrupt};
use crate::items;
use crate::number::Number;
use crate::owned::Owned;
use crate::streams;
use crate::tables::Tables;

/// Stores a session. The transaction is untouched when the id is taken.
pub(crate) fn create(tables: &mut Tables<'_>, record: &SessionRecord) -> Result<(), Failure> {
    let connection = tables.connection;
    tables.known.forget(record.id.as_str());
    let state = record.state.encode()?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO session(sid, owner, fence, next_stream, created_ms, expires_ms, version, \
         revision, principal, checksum, state_checksum, state, initialize) VALUES(:sid, :owner, :fence, :next_stream, :created_ms, :expires_ms, \
         :version, :revision, :principal, :checksum, :state_checksum, :state, :initialize) \
         ON CONFLICT(sid) DO NOTHING",
    )?;
    let inserted = statement.execute(named_params! {
        ":sid": record.id.as_str(),
        ":owner": record.owner.as_ref().map(NodeId::as_str),
        ":fence": Number(record.fence.0),
        ":next_stream": StreamNo::STANDALONE.0 + 1,
        ":created_ms": Number(record.created_ms),
        ":expires_ms": Number(record.expires_ms),
        ":version": RECORD_VERSION,
        ":revision": record.revision.as_str(),
        ":principal": record.principal,
        ":checksum": fixed_checksum(record),
        ":state_checksum": state_checksum(&record.id, RECORD_VERSION, &state),
        ":state": state,
        ":initialize": &*record.initialize,
    })?;
    if inserted == 0 {
        return Err(StoreError::Conflict.into());
    }
    Ok(items::put_all(connection, &record.id, &record.state.items)?)
}

/// The session even if it has expired.
pub(crate) fn find(
    connection: &Connection,
    id: &SessionId,
) -> Result<Option<SessionRecord>, Failure> {
    Ok(find_claimable(connection, id)?.map(|found| found.record))
}

/// Gives the session to the claimant if it `is_theirs`.
pub(crate) fn claim(
    tables: &mut Tables<'_>,
    id: &SessionId,
    claimant: &Claimant,
    is_theirs: impl FnOnce(&SessionRecord) -> bool,
) -> Result<Option<Claimed>, Failure> {
    let connection = tables.connection;
    tables.known.forget(id.as_str());
    let found = find_claimable(connection, id)?.filter(|it| is_theirs(&it.record));
    let Some(mut claimed) = found else { return Ok(None) };
    if claimant.seen.is_some_and(|it| it != claimed.record.fence) {
        return Err(StoreError::Conflict.into());
    }
    claimed.record.fence = claimed.record.fence.next();
    claimed.record.owner = Some(claimant.node.clone());
    connection
        .prepare_cached("UPDATE session SET fence = ?2, owner = ?3 WHERE sid = ?1")?
        .execute(params![id.as_str(), Number(claimed.record.fence.0), claimant.node.as_str()])?;
    if claimed.version < RECORD_VERSION {
        // What became items since then stood in the state.
        items::put_all(connection, id, &claimed.record.state.items)?;
        write_state(connection, id, &claimed.record.state)?;
    }
    let Found { record, next_stream, .. } = claimed;
    Ok(Some(Claimed { record, next_stream }))
}

/// Lets a session go.
pub(crate) fn release(tables: &mut Tables<'_>, session: Owned<'_>) -> Result<(), Failure> {
    tables.check(session)?;
    tables
        .connection
        .prepare_cached("UPDATE session SET owner = NULL WHERE sid = ?1")?
        .execute([session.id.as_str()])?;
    Ok(())
}

/// Replaces the state.
pub(crate) fn update(
    tables: &mut Tables<'_>,
    session: Owned<'_>,
    state: &SessionState,
) -> Result<(), Failure> {
    tables.check(session)?;
    write_state(tables.connection, session.id, state)
}

/// Changes items of the state.
pub(crate) fn change_items(
    tables: &mut Tables<'_>,
    session: Owned<'_>,
    changes: &[ItemChange],
) -> Result<(), Failure> {
    tables.check(session)?;
    Ok(items::change(tables.connection, session.id, changes)?)
}

fn write_state(
    connection: &Connection,
    id: &SessionId,
    state: &SessionState,
) -> Result<(), Failure> {
    let state = state.encode()?;
    let checksum = state_checksum(id, RECORD_VERSION, &state);
    connection
        .prepare_cached(
            "UPDATE session SET version = ?2, state_checksum = ?3, state = ?4 WHERE sid = ?1",
        )?
        .execute(params![id.as_str(), RECORD_VERSION, checksum, state])?;
    Ok(())
}

/// Moves the ends of sessions; an end before the stored one changes nothing.
pub(crate) fn touch(
    connection: &Connection,
    touches: &[(SessionId, u64)],
) -> Result<(), rusqlite::Error> {
    let mut statement = connection
        .prepare_cached("UPDATE session SET expires_ms = ?2 WHERE sid = ?1 AND expires_ms < ?2")?;
    for (id, expires_ms) in touches {
        statement.execute(params![id.as_str(), Number(*expires_ms)])?;
    }
    Ok(())
}

/// Deletes a session with its streams and events; returns whether there was one.
pub(crate) fn remove(tables: &mut Tables<'_>, sid: &str) -> Result<bool, rusqlite::Error> {
    let connection = tables.connection;
    tables.known.forget(sid);
    streams::remove_all(connection, sid)?;
    items::remove_all(connection, sid)?;
    let deleted =
        connection.prepare_cached("DELETE FROM session WHERE sid = ?1")?.execute([sid])?;
    Ok(deleted > 0)
}

/// Deletes sessions that have expired.
pub(crate) fn sweep(
    tables: &mut Tables<'_>,
    now_ms: u64,
    limit: usize,
) -> Result<Vec<SessionId>, Failure> {
    let mut statement = tables.connection.prepare_cached(
        "SELECT sid FROM session WHERE expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2",
    )?;
    let rows = statement.query_map([Number(now_ms), Number::from(limit)], |row| row.get(0))?;
    let expired: Vec<String> = rows.collect::<Result<_, _>>()?;
    for sid in &expired {
        remove(tables, sid)?;
    }
    Ok(expired.iter().filter_map(|sid| SessionId::parse(sid)).collect())
}

/// Sessions in the order of their ids. A damaged one is left out and logged: it must not hide the
/// others.
pub(crate) fn list(
    connection: &Connection,
    after: Option<&SessionId>,
    limit: usize,
) -> Result<Vec<SessionRecord>, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM session WHERE sid > ?1 ORDER BY sid")?;
    let mut rows = statement.query([after.map_or("", SessionId::as_str)])?;
    let mut records = Vec::new();
    while records.len() < limit
        && let Some(row) = rows.next()?
    {
        match decode(connection, row).map_err(StoreError::from) {
            Ok(found) => records.push(found.record),
            Err(error) => tracing::warn!(%error, "session is left out of a list"),
        }
    }
    Ok(records)
}

fn find_claimable(connection: &Connection, id: &SessionId) -> Result<Option<Found>, Failure> {
    let mut statement = connection.prepare_cached("SELECT * FROM session WHERE sid = ?1")?;
    let mut rows = statement.query([id.as_str()])?;
    rows.next()?.map(|row| decode(connection, row)).transpose()
}

/// A session as it was found.
struct Found {
    record: SessionRecord,
    next_stream: StreamNo,
    /// The version in which its state is stored.
    version: u32,
}

fn decode(connection: &Connection, row: &Row<'_>) -> Result<Found, Failure> {
    let sid: String = row.get("sid")?;
    let id = SessionId::parse(&sid).ok_or_else(|| damaged("id"))?;
    let version: u32 = row.get("version")?;
    let state: Vec<u8> = row.get("state")?;
    if row.get::<_, i64>("state_checksum")? != state_checksum(&id, version, &state) {
        return Err(damaged("state").into());
    }
    let revision: String = row.get("revision")?;
    let mut record = SessionRecord {
        revision: Revision::parse(&revision).ok_or_else(|| damaged("revision"))?,
        principal: row.get("principal")?,
        initialize: Bytes::from(row.get::<_, Vec<u8>>("initialize")?),
        state: SessionState::decode(version, &state)?,
        owner: row.get::<_, Option<String>>("owner")?.as_deref().map(NodeId::new),
        fence: Fence(row.get::<_, Number>("fence")?.0),
        created_ms: row.get::<_, Number>("created_ms")?.0,
        expires_ms: row.get::<_, Number>("expires_ms")?.0,
        id,
    };
    if row.get::<_, i64>("checksum")? != fixed_checksum(&record) {
        return Err(damaged("record").into());
    }
    items::load(connection, &record.id, &mut record.state.items)?;
    Ok(Found { record, next_stream: StreamNo(row.get("next_stream")?), version })
}

/// The error leaves out the id: a client that knows it can act for the session.
fn damaged(part: &str) -> StoreError {
    corrupt(format!("{part} of a session is not what was written"))
}

fn fixed_checksum(record: &SessionRecord) -> i64 {
    Checksum::new()
        .bytes(record.id.as_str().as_bytes())
        .number(record.created_ms)
        .bytes(record.revision.as_str().as_bytes())
        .optional(record.principal.as_deref().map(str::as_bytes))
        .bytes(&record.initialize)
        .value()
}

fn state_checksum(id: &SessionId, version: u32, state: &[u8]) -> i64 {
    Checksum::new().bytes(id.as_str().as_bytes()).number(u64::from(version)).bytes(state).value()
}
