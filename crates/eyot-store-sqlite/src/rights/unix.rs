//! Owners and modes.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::process::geteuid;

use super::Problem;

pub(crate) fn private_file(options: &mut OpenOptions) {
    options.mode(0o600);
}

pub(crate) fn private_folder(builder: &mut DirBuilder) {
    builder.mode(0o700);
}

/// Checks that the file is this user's, and takes all rights of others away.
///
/// All looks and changes go through one descriptor, so that they mean one file; a link is not
/// followed, and nothing waits for a writer of a pipe.
pub(crate) fn check_file(path: &Path) -> Result<(), Problem> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let file = match opened {
        Err(rustix::io::Errno::LOOP) => return Err(Problem::Unsafe("is a link".to_owned())),
        opened => File::from(opened.map_err(io::Error::from)?),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("is not a file").into());
    }
    check_owner(&found)?;
    if found.mode() & OF_OTHERS != 0 {
        mend(path, &file, found.mode() & !OF_OTHERS)?;
    }
    if file.metadata()?.mode() & OF_OTHERS != 0 {
        let text = "can be read by others, and its file system keeps no rights of files";
        return Err(Problem::Unsafe(text.to_owned()));
    }
    Ok(())
}

/// Checks that no other user can replace the files of the store at `path` in its folder.
pub(crate) fn check_folder(folder: &Path, path: &Path) -> Result<(), Problem> {
    let found = folder.metadata()?;
    if is_open_to_some(&found) {
        let folder = folder.display();
        tracing::warn!(%folder, "other users may replace the store: its folder is not ours alone");
    }
    if !is_open_to_all(&found) {
        return Ok(());
    }
    if is_ours(&found) && holds_nothing_else(folder, path)? {
        return Ok(mend(folder, &File::open(folder)?, found.mode() & !WRITE_OF_OTHERS)?);
    }
    let text = "can be written by everybody: choose a folder of its own for the store, such as one \
                inside of it, or take the right away (chmod o-w)";
    Err(Problem::Unsafe(text.to_owned()))
}

/// Checks that no other user has put a link there.
pub(crate) fn check_link(path: &Path) -> Result<(), Problem> {
    check_owner(&path.symlink_metadata()?)
}

fn check_owner(found: &Metadata) -> Result<(), Problem> {
    if is_ours(found) {
        return Ok(());
    }
    let (theirs, ours) = (found.uid(), geteuid().as_raw());
    Err(Problem::Unsafe(format!("belongs to user {theirs}, and this process to user {ours}")))
}

fn is_ours(found: &Metadata) -> bool {
    found.uid() == geteuid().as_raw()
}

/// Every user may put files there, and may rename and remove those of others: in a folder with the
/// sticky bit, such as `/tmp`, only their own.
fn is_open_to_all(found: &Metadata) -> bool {
    found.mode() & STICKY == 0 && found.mode() & WRITE_OF_ALL != 0
}

/// Some other users may: its owner, or those of its group.
fn is_open_to_some(found: &Metadata) -> bool {
    let is_foreign = !is_ours(found) && found.uid() != ROOT;
    found.mode() & STICKY == 0 && (is_foreign || found.mode() & WRITE_OF_GROUP != 0)
}

fn holds_nothing_else(folder: &Path, path: &Path) -> io::Result<bool> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    for entry in fs::read_dir(folder)? {
        if !entry?.file_name().as_encoded_bytes().starts_with(name) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn mend(path: &Path, file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode & MODE))?;
    let mode = format!("{:03o}", mode & MODE);
    tracing::warn!(path = %path.display(), mode, "others had rights to the store: taken away");
    Ok(())
}

const ROOT: u32 = 0;
const MODE: u32 = 0o7777;
const STICKY: u32 = 0o1000;
const OF_OTHERS: u32 = 0o077;
const WRITE_OF_OTHERS: u32 = WRITE_OF_GROUP | WRITE_OF_ALL;
const WRITE_OF_GROUP: u32 = 0o020;
const WRITE_OF_ALL: u32 = 0o002;
