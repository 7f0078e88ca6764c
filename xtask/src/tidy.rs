//! Rules about the text of the tree, each with its reason.
//!
//! What rustc, clippy and rustfmt check is not checked again here.

mod file;
mod source;
mod text;
mod workspace;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::tidy::file::File;
use crate::{problems, program};

/// Checks this checkout.
pub(crate) fn run() -> anyhow::Result<()> {
    problems::report(&check(&program::project_root())?)
}

/// Every violation in the tree under `root`, one line each.
fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let files = load(root)?;
    anyhow::ensure!(!files.is_empty(), "git lists no files in {}", root.display());
    let mut problems = workspace::check(&files);
    for file in &files {
        problems.extend(text::check(file));
        if file.is_rust() {
            problems.extend(source::check(file));
        }
    }
    Ok(problems)
}

/// Reads the files that git tracks, and the new ones that it would track.
fn load(root: &Path) -> anyhow::Result<Vec<File>> {
    let mut git = Command::new("git");
    // The checkout may belong to another user, as in a container.
    git.current_dir(root).args(["-c", "safe.directory=*"]);
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]);
    let names = program::read(&mut git)?;
    let names = names.split('\0').filter(|it| text::is_text(it));
    // A tracked file may have been deleted since the last commit.
    let present = names.map(|it| (it, root.join(it))).filter(|(_, path)| path.is_file());
    present
        .map(|(name, path)| {
            let text = fs::read_to_string(path).with_context(|| format!("read {name}"))?;
            Ok(File { name: name.to_owned(), text })
        })
        .collect()
}

#[cfg(test)]
mod tests;
