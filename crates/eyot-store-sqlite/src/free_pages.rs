//! Pages that deleted rows leave behind.

use rusqlite::Connection;

/// How many free pages (16 MiB) stay in the file for the next writes.
const KEPT: i64 = 4_096;
/// How many pages are given back at once at most: about a millisecond's work.
const STEP_MAX: i64 = 256;

/// Makes the file smaller by some pages if many are free.
pub(crate) fn give_back(connection: &Connection) -> Result<(), rusqlite::Error> {
    let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    let step = free.saturating_sub(KEPT).clamp(0, STEP_MAX);
    if step == 0 {
        return Ok(());
    }
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({step})"))?;
    let mut pages = statement.query(())?;
    // Each step of the statement gives back one page.
    while pages.next()?.is_some() {}
    Ok(())
}
