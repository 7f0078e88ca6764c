//! The schema and its versions: forward only, one step per version.

use std::fs;
use std::path::Path;

use eyot_session::StoreError;
use rusqlite::{Connection, TransactionBehavior};

use crate::failure::{Failure, corrupt, unavailable};
use crate::files::{beside, create_private_file};

/// The step from each version to the next; the place in the list is the version before.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("schema/v1.sql"),
    include_str!("schema/v2.sql"),
    include_str!("schema/v3.sql"),
    include_str!("schema/v4.sql"),
    include_str!("schema/v5.sql"),
];

/// "EYOT", written in the file's header.
const APPLICATION_ID: i64 = 0x4559_4F54;

/// Brings a file to the newest version. Before that, an older file is copied to a file beside it
/// (`<name>.v<version>.backup`).
pub(crate) fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<(), Failure> {
    let known = version_number(migrations.len());
    let found = check(connection, known)?;
    if found == known {
        return Ok(());
    }
    if found > 0 {
        back_up(connection, path, found)?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have migrated the file first.
    let found = check(&transaction, known)?;
    for migration in migrations.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    Ok(transaction.commit()?)
}

/// Refuses a file that this program can read only after a migration.
pub(crate) fn check_current(connection: &Connection) -> Result<(), Failure> {
    let known = version_number(MIGRATIONS.len());
    let found = check(connection, known)?;
    if found == known {
        return Ok(());
    }
    let reason = format!("schema version {found} is older than {known}; open it for writing first");
    Err(unavailable(reason).into())
}

/// The version of a file that is ours or empty, and not too new.
pub(crate) fn check(connection: &Connection, known: u32) -> Result<u32, Failure> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let found = u32::try_from(found).unwrap_or(u32::MAX);
    if !is_ours(connection)? {
        return Err(corrupt("database of another program").into());
    }
    if found > known {
        return Err(StoreError::Unsupported { found, known }.into());
    }
    Ok(found)
}

fn is_ours(connection: &Connection) -> Result<bool, rusqlite::Error> {
    let id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    Ok(id == APPLICATION_ID || tables == 0)
}

/// Copies the whole content. A copy that was cut short never has the backup's name.
fn back_up(connection: &Connection, path: &Path, version: u32) -> Result<(), Failure> {
    let unfinished = beside(path, ".backup.unfinished");
    let backup = beside(path, &format!(".v{version}.backup"));
    let failed = |error: std::io::Error| unavailable(format!("backup: {error}"));
    if unfinished.exists() {
        fs::remove_file(&unfinished).map_err(failed)?;
    }
    create_private_file(&unfinished).map_err(failed)?;
    // SQLite accepts any text as the name of an existing, empty file.
    connection.execute("VACUUM INTO ?1", [unfinished.to_string_lossy()])?;
    Ok(fs::rename(&unfinished, &backup).map_err(failed)?)
}

fn version_number(migrations: usize) -> u32 {
    u32::try_from(migrations).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
