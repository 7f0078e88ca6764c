//! The table of parked calls, and the key.

use bytes::Bytes;
use eyot_session::{Fence, ParkedCall, StoreError};
use eyot_stdx::{Secret, random_bytes};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::checksum::Checksum;
use crate::failure::{Failure, corrupt};
use crate::number::Number;

/// Stores a call; it replaces the earlier state of the call.
pub(crate) fn park(connection: &Connection, call: &ParkedCall) -> Result<(), Failure> {
    check_fence(connection, &call.name, call.fence)?;
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO parked(name, fence, expires_ms, checksum, content) \
         VALUES(?1, ?2, ?3, ?4, ?5)",
    )?;
    statement.execute(params![
        call.name,
        Number(call.fence.0),
        Number(call.expires_ms),
        checksum(&call.name, &call.content),
        &*call.content,
    ])?;
    Ok(())
}

/// Raises the fence of a call that has not expired, and reads it.
pub(crate) fn take_over(
    connection: &Connection,
    name: &str,
    now_ms: u64,
) -> Result<Option<ParkedCall>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT name, fence, expires_ms, checksum, content FROM parked \
         WHERE name = ?1 AND expires_ms > ?2",
    )?;
    let mut rows = statement.query(params![name, Number(now_ms)])?;
    let Some(mut call) = rows.next()?.map(decode).transpose()? else { return Ok(None) };
    call.fence = call.fence.next();
    connection
        .prepare_cached("UPDATE parked SET fence = ?2 WHERE name = ?1")?
        .execute(params![name, Number(call.fence.0)])?;
    Ok(Some(call))
}

/// Forgets a call.
pub(crate) fn unpark(connection: &Connection, name: &str, fence: Fence) -> Result<(), Failure> {
    check_fence(connection, name, fence)?;
    connection.prepare_cached("DELETE FROM parked WHERE name = ?1")?.execute([name])?;
    Ok(())
}

/// Forgets some of the calls that have expired; the rest is left for the next time.
pub(crate) fn sweep(connection: &Connection, now_ms: u64) -> Result<(), rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM parked WHERE name IN \
         (SELECT name FROM parked WHERE expires_ms <= ?1 LIMIT ?2)",
    )?;
    statement.execute(params![Number(now_ms), SWEPT_MAX])?;
    Ok(())
}

/// The key; made if there is none.
pub(crate) fn seal_key(connection: &Connection) -> Result<Secret<[u8; 32]>, Failure> {
    let made: [u8; 32] = random_bytes();
    connection
        .prepare_cached("INSERT OR IGNORE INTO seal_key(no, key) VALUES(1, ?1)")?
        .execute([&made[..]])?;
    let mut statement = connection.prepare_cached("SELECT key FROM seal_key WHERE no = 1")?;
    let key: Vec<u8> = statement.query_row((), |row| row.get(0))?;
    let key = key.try_into().map_err(|_| corrupt("key of the store has another length"));
    Ok(Secret::new(key?))
}

fn check_fence(connection: &Connection, name: &str, fence: Fence) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached("SELECT fence FROM parked WHERE name = ?1")?;
    let current: Option<Number> = statement.query_row([name], |row| row.get(0)).optional()?;
    match current {
        Some(Number(current)) if current != fence.0 => Err(StoreError::Fenced.into()),
        _ => Ok(()),
    }
}

fn decode(row: &Row<'_>) -> Result<ParkedCall, Failure> {
    let name: String = row.get("name")?;
    let content: Vec<u8> = row.get("content")?;
    if row.get::<_, i64>("checksum")? != checksum(&name, &content) {
        return Err(corrupt("a parked call is not what was written").into());
    }
    Ok(ParkedCall {
        name,
        fence: Fence(row.get::<_, Number>("fence")?.0),
        expires_ms: row.get::<_, Number>("expires_ms")?.0,
        content: Bytes::from(content),
    })
}

fn checksum(name: &str, content: &[u8]) -> i64 {
    Checksum::new().bytes(name.as_bytes()).bytes(content).value()
}

/// How many calls one sweep forgets.
const SWEPT_MAX: i64 = 1_024;
