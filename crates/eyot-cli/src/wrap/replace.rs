//! Writes files at once: a reader sees the old text or the new one, whatever happens meanwhile.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;

/// Gives a file a new text. It keeps its mode, and its owner where this is allowed.
///
/// # Errors
///
/// Something went wrong, or the file is read-only, or has not this old text any more. It is as it
/// was then.
pub(super) fn replace(path: &Path, old: &[u8], new: &[u8]) -> io::Result<()> {
    if path.metadata()?.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
    }
    through_another(path, |temporary| {
        write_beside(temporary, path, new)?;
        if std::fs::read(path)? != old {
            let message = "another program has changed it meanwhile: try again";
            return Err(io::Error::other(message));
        }
        Ok(())
    })
}

/// Gives a file its text, which only the user may read if `is_private`.
///
/// # Errors
///
/// Something went wrong.
pub(super) fn write_new(path: &Path, text: &[u8], is_private: bool) -> io::Result<()> {
    through_another(path, |temporary| {
        let mode = if is_private { 0o600 } else { 0o666 };
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(mode).open(temporary)?;
        file.write_all(text)?;
        file.sync_all()
    })
}

/// Writes a new file with the mode and the owner of another one.
///
/// # Errors
///
/// Something went wrong, or the file exists.
pub(super) fn write_beside(path: &Path, like: &Path, text: &[u8]) -> io::Result<()> {
    let like = like.metadata()?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
        // Only root may give files away; the file is the user's own otherwise.
        drop(fchown(&file, Some(like.uid()), Some(like.gid())));
    }
    file.set_permissions(Permissions::from_mode(like.mode() & 0o777))?;
    file.sync_all()
}

/// Writes another file in the same folder, and gives it the name of this one.
fn through_another(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".eyot-{}", std::process::id()));
    let temporary = folder.join(name);
    let done = write(&temporary).and_then(|()| std::fs::rename(&temporary, path));
    if let Err(error) = done {
        drop(std::fs::remove_file(&temporary));
        return Err(error);
    }
    // The name is on the disk when the folder is; some file systems cannot say.
    drop(File::open(folder).and_then(|it| it.sync_all()));
    Ok(())
}
