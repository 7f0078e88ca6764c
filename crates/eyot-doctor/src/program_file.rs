//! Where the program of a command is.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use eyot_stdio::Command;

use crate::finding::Finding;

/// The file of a command's program, or what is wrong.
pub(crate) fn find(command: &Command, own_path: Option<OsString>) -> Result<PathBuf, Finding> {
    if let Some(folder) = &command.cwd
        && !folder.is_dir()
    {
        let detail = format!("the working folder {} does not exist", folder.display());
        return Err(Finding::failed(detail, "make it, or name another one (`--cwd DIR`)"));
    }
    let program = Path::new(&command.program);
    if command.program.contains('/') {
        let place = command.cwd.clone().unwrap_or_default().join(program);
        return match kind(&place) {
            Kind::Program => Ok(place),
            kind => Err(unusable(&place, kind)),
        };
    }
    let named = command.env.iter().rfind(|(name, _)| name == "PATH");
    let path = named.and_then(|(_, value)| Some(OsString::from(value.as_ref()?))).or(own_path);
    let folders: Vec<_> = std::env::split_paths(&path.unwrap_or_default()).collect();
    let places = folders.iter().map(|it| it.join(program));
    let mut close = None;
    for place in places {
        match kind(&place) {
            Kind::Program => return Ok(place),
            Kind::Nothing => {}
            kind => close = close.or(Some((place, kind))),
        }
    }
    let (name, count) = (&command.program, folders.len());
    Err(match close {
        Some((place, kind)) => unusable(&place, kind),
        None => Finding::failed(
            format!("there is no `{name}` in the {count} folders of PATH"),
            "install it, or write its whole path; programs with a window often have another PATH \
             than a shell",
        ),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Program,
    /// A file that may not be run.
    File,
    Folder,
    Nothing,
}

fn kind(place: &Path) -> Kind {
    match std::fs::metadata(place) {
        Ok(found) if found.is_dir() => Kind::Folder,
        Ok(found) if found.permissions().mode() & 0o111 != 0 => Kind::Program,
        Ok(_) => Kind::File,
        Err(_) => Kind::Nothing,
    }
}

fn unusable(place: &Path, kind: Kind) -> Finding {
    let place = place.display();
    match kind {
        Kind::Folder => Finding::failed(
            format!("{place} is a folder"),
            "name the program in it; its arguments follow it as words of their own",
        ),
        Kind::File => Finding::failed(
            format!("{place} may not be run"),
            format!("`chmod +x {place}`, or start it with its interpreter: `-- python3 {place}`"),
        ),
        Kind::Program | Kind::Nothing => Finding::failed(
            format!("there is no {place}"),
            "is the path right? A relative one begins at the working folder (`--cwd DIR`)",
        ),
    }
}
