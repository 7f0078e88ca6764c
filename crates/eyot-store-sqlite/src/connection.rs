//! Connections: the settings of SQLite.

use std::path::Path;
use std::time::Duration;

use eyot_session::StoreError;
use rusqlite::{Connection, OpenFlags};

use crate::failure::{Failure, store_error_at, unavailable};
use crate::files::StoreFile;
use crate::options::{Durability, SqliteOptions};
use crate::schema::{self, MIGRATIONS};

/// How many statements stay prepared on each connection: more than there are.
const STATEMENTS_CACHED: usize = 64;

/// The connection that writes. Makes the file and its folder if they are missing.
pub(crate) fn open_writer(path: &Path, options: &SqliteOptions) -> Result<Connection, StoreError> {
    let file = StoreFile::prepare(path)?;
    let path = file.path();
    let open = || -> Result<Connection, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = connect(path, flags, options.busy_timeout)?;
        // SQLite opens a file that it may not write for reading, without an error.
        if connection.is_readonly("main")? {
            return Err(StoreError::ReadOnly { reason: "may not be written".to_owned() }.into());
        }
        // A file that is not a store of ours is not changed.
        schema::check(&connection, u32::MAX)?;
        set_up_writer(&connection, options)?;
        schema::migrate(&mut connection, path, MIGRATIONS)?;
        Ok(connection)
    };
    let connection = open().map_err(|failure| store_error_at(path, failure))?;
    file.check_beside()?;
    Ok(connection)
}

/// A connection that reads.
pub(crate) fn open_reader(path: &Path, busy_timeout: Duration) -> Result<Connection, StoreError> {
    let open = || -> Result<Connection, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = connect(path, flags, busy_timeout)?;
        schema::check_current(&connection)?;
        Ok(connection)
    };
    open().map_err(|failure| store_error_at(path, failure))
}

fn connect(
    path: &Path,
    flags: OpenFlags,
    busy_timeout: Duration,
) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// No `mmap_size`: a disk that fails to deliver a mapped page ends the process with
/// SIGBUS, where a failed read is an error of one call.
fn set_up_writer(connection: &Connection, options: &SqliteOptions) -> Result<(), Failure> {
    // This has an effect only on a file that is still empty.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(unavailable(format!("journal mode is {mode}, not wal")).into());
    }
    let synchronous = match options.durability {
        Durability::PowerLoss => "FULL",
        Durability::ProcessCrash => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "cache_size", -16_384)?; // KiB
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?; // pages, 16 MiB
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    limit_size(connection, options.file_bytes_max)
}

fn limit_size(connection: &Connection, file_bytes_max: Option<u64>) -> Result<(), Failure> {
    let Some(bytes_max) = file_bytes_max else { return Ok(()) };
    let page_bytes: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages_max = i64::try_from(bytes_max / u64::from(page_bytes.max(1))).unwrap_or(i64::MAX);
    let limit = "max_page_count";
    connection.pragma_update_and_check(None, limit, pages_max.max(1), |_| Ok(()))?;
    Ok(())
}
