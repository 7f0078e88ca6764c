//! The one loop that looks after files.

use std::path::PathBuf;
use std::time::Duration;

use eyot_files::Watch;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

/// Something that is made of files, and made anew when one of them changes.
pub trait Reread: Sync {
    /// The files, as far as it is known now which they are.
    fn files(&self) -> Vec<PathBuf>;

    /// Reads them again. If they cannot be used, all stays as it was, and the log says why.
    fn reread(&self) -> BoxFuture<'_, ()>;
}

/// Reads again what has changed, one after the other in this order; and all of it when `hangup` is
/// notified. Never ready.
///
/// # Cancel safety
///
/// Dropping the future stops looking. What is being read may stay as it was.
pub async fn keep_fresh(all: &[&dyn Reread], hangup: &Notify) {
    let mut watched: Vec<_> = all.iter().map(|it| (*it, Watch::of(it.files()))).collect();
    loop {
        let is_told = tokio::select! {
            () = hangup.notified() => true,
            () = tokio::time::sleep(LOOK_INTERVAL) => false,
        };
        for (it, watch) in &mut watched {
            if watch.has_changed() || is_told {
                it.reread().await;
                watch.follow(it.files());
            }
        }
    }
}

/// A file that is being written is read again when it is whole.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
