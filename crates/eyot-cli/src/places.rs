//! The folders for files of the user.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use eyot::Target;
use eyot_stdx::Secret;

/// The folder for state that should survive a restart: `$XDG_STATE_HOME/eyot`, else
/// `~/.local/state/eyot`.
pub(crate) fn state_folder() -> anyhow::Result<PathBuf> {
    let base = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|it| it.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".local/state")));
    let base = base.context("no home folder: name a store with --store sqlite:PATH")?;
    Ok(base.join("eyot"))
}

/// The default store of an upstream: each has its own, so that a session of one is never offered to
/// another.
///
/// Its name says nothing of a secret of the upstream, and outlives it. Versions before made it of
/// the whole URL or command: such a file is given the present name.
pub(crate) fn default_store(target: &Target) -> anyhow::Result<PathBuf> {
    store_in(&state_folder()?, target)
}

/// The default store of the servers in these files.
pub(crate) fn store_of_files(files: &[PathBuf]) -> anyhow::Result<PathBuf> {
    let whole = |it: &PathBuf| std::fs::canonicalize(it).unwrap_or_else(|_| it.clone());
    let mut files: Vec<_> = files.iter().map(whole).collect();
    files.sort();
    let name = files.iter().map(|it| it.as_os_str().as_encoded_bytes()).collect::<Vec<_>>();
    Ok(state_folder()?.join(format!("sessions-many-{:016x}.db", fnv(&name.join(&b'\n')))))
}

fn store_in(folder: &Path, target: &Target) -> anyhow::Result<PathBuf> {
    let file = |text: &Secret<String>| {
        folder.join(format!("sessions-{:016x}.db", fnv(text.expose().as_bytes())))
    };
    let (place, earlier) = (file(&target.identity()), file(&target.plain_name()));
    if place != earlier && !place.exists() && earlier.exists() {
        let moved = move_store(&earlier, &place);
        moved.with_context(|| format!("cannot move the store {}", earlier.display()))?;
    }
    Ok(place)
}

/// Moves a store that no process has open. The file itself comes last: it is what is looked for when
/// this is done again.
fn move_store(from: &Path, to: &Path) -> std::io::Result<()> {
    for suffix in ["-wal", "-shm", ""] {
        let beside = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        match std::fs::rename(beside(from), beside(to)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// FNV-1a: the name must be the same in every version of the program.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests;
