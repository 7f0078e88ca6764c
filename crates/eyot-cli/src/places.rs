//! The folders for files of the user.

use std::path::PathBuf;

use anyhow::Context as _;

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
pub(crate) fn default_store(fingerprint: &str) -> anyhow::Result<PathBuf> {
    let name = format!("sessions-{:016x}.db", fnv(fingerprint.as_bytes()));
    Ok(state_folder()?.join(name))
}

/// FNV-1a: the name must be the same in every version of the program.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
