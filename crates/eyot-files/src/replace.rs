//! Reads and writes whole files.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Those that the user's mask lets.
    Usual,
    /// The user alone.
    User,
}

/// Reads a file, at most so many bytes of it.
///
/// # Errors
///
/// It cannot be read.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Gives a file a new text. It keeps its mode, and its owner where this is allowed.
///
/// # Errors
///
/// Something went wrong, or the file is read-only, or has not this old text any more. It is as it
/// was then.
pub fn replace(path: &Path, old: &[u8], new: &[u8]) -> io::Result<()> {
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

/// Gives a file its text, whether it is there or not.
///
/// # Errors
///
/// Something went wrong.
pub fn write_new(path: &Path, text: &[u8], readers: Readers) -> io::Result<()> {
    let mode = if readers == Readers::User { 0o600 } else { 0o666 };
    through_another(path, |temporary| {
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(mode).open(temporary)?;
        file.write_all(text)?;
        file.sync_all()
    })
}

/// Writes a new file with the mode and the owner of another one.
pub(crate) fn write_beside(path: &Path, like: &Path, text: &[u8]) -> io::Result<()> {
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
