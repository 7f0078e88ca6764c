//! Rules for every text file, read line by line.

use std::path::Path;

use crate::tidy::file::File;

/// Product lines per Rust file, tests excluded.
const FILE_LINES_MAX: usize = 500;

/// Lines of a `lib.rs`, which is a table of contents.
const LIB_LINES_MAX: usize = 60;

/// Text that does not belong in Rust code, and what to write instead.
///
/// Written in halves, so that this file does not find itself.
const BANNED: &[(&str, &str)] = &[
    (concat!("FIX", "ME"), "finish it before it is merged"),
    (concat!("TO", "DO"), "finish it, or write down in docs/decisions/ why it stays open"),
    (concat!("XX", "X:"), "finish it before it is merged"),
    (concat!("unimplemented", "!("), "finish it before it is merged"),
    (concat!("mod ", "utils"), "name the module after what it holds"),
    (concat!("mod ", "helpers"), "name the module after what it holds"),
    (concat!("mod ", "common"), "name the module after what it holds"),
];

/// Text that starts a task; only the files below may have it.
const SPAWNS: &[&str] =
    &[concat!("tokio::", "spawn("), concat!("task::", "spawn("), concat!("tasks.", "spawn(")];

/// The places where tasks start: one for each connection (an upstream session of the bridge is one,
/// too) and the one for detached calls.
const SPAWNERS: &[&str] = &[
    "crates/eyot-upstream/src/driver.rs",
    "crates/eyot-bridge/src/modern_to_legacy/driver.rs",
    "crates/eyot-endpoint/src/accept.rs",
    "crates/eyot-endpoint/src/http_server.rs",
    "crates/eyot-endpoint/src/detached_calls.rs",
    "crates/eyot-gateway/src/background.rs",
];

/// File names that tell nothing about the contents.
const EMPTY_NAMES: &[&str] =
    &["mod.rs", "util.rs", "utils.rs", "helpers.rs", "common.rs", "misc.rs"];

/// Folders that exist on one person's machine only.
const MACHINE_FOLDERS: &[&str] =
    &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];

/// Whether a file is text that people write: data and fixtures keep their bytes.
pub(super) fn is_text(name: &str) -> bool {
    const EXTENSIONS: &[&str] = &["rs", "toml", "md", "py", "mjs", "sh", "yml", "yaml"];
    let extension = Path::new(name).extension().and_then(|it| it.to_str());
    name == ".ci/run" || extension.is_some_and(|it| EXTENSIONS.contains(&it))
}

/// Every violation in one file.
pub(super) fn check(file: &File) -> Vec<String> {
    let mut problems = check_ends(file);
    if file.is_rust() {
        problems.extend(check_name(file));
        problems.extend(check_size(file));
    }
    for (line_no, line) in (1..).zip(file.text.lines()) {
        let found = check_line(file, line);
        problems.extend(found.into_iter().map(|it| format!("{}:{line_no}: {it}", file.name)));
    }
    problems
}

fn check_ends(file: &File) -> Vec<String> {
    let File { name, text } = file;
    let mut problems = Vec::new();
    if file.is_rust() && !text.starts_with("//!") {
        problems.push(format!("{name}:1: the first line says what the file is for (`//! ...`)"));
    }
    if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
        problems.push(format!("{name}:{}: ends with one line break", text.lines().count()));
    }
    problems
}

fn check_name(file: &File) -> Option<String> {
    let base = file.name.rsplit('/').next()?;
    let is_empty = EMPTY_NAMES.contains(&base);
    is_empty.then(|| format!("{}: name the file after the one thing that it holds", file.name))
}

fn check_size(file: &File) -> Option<String> {
    let File { name, text } = file;
    let lines_count = text.lines().count();
    if name.ends_with("/lib.rs") && lines_count > LIB_LINES_MAX {
        let rule = format!("a table of contents has at most {LIB_LINES_MAX}");
        return Some(format!("{name}:{LIB_LINES_MAX}: {lines_count} lines; {rule}"));
    }
    let is_long = !file.is_test() && lines_count > FILE_LINES_MAX;
    is_long.then(|| format!("{name}:{FILE_LINES_MAX}: {lines_count} lines; split the file"))
}

fn check_line(file: &File, line: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if line.ends_with([' ', '\t']) {
        problems.push("white space at the end of the line".to_owned());
    }
    if let Some(folder) = MACHINE_FOLDERS.iter().find(|it| names_folder(line, it)) {
        problems.push(format!("`{folder}` is a folder of one machine; write a relative path"));
    }
    if file.is_rust() {
        let banned = BANNED.iter().filter(|(banned, _)| line.contains(banned));
        problems.extend(banned.map(|(banned, instead)| format!("`{banned}`: {instead}")));
    }
    if file.is_product() && spawns(line) && !SPAWNERS.contains(&file.name.as_str()) {
        let places = SPAWNERS.join(", ");
        problems.push(format!("one task for each connection; they start in {places}"));
    }
    problems
}

/// Whether the line names a path that starts with `folder`.
///
/// Inside a longer path or an address (`file:///...`) this text is an example.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|it| it.chars().next_back());
        before.is_none_or(|it| !it.is_alphanumeric() && !"/.~-_})".contains(it))
    })
}

fn spawns(line: &str) -> bool {
    let is_comment = line.trim_start().starts_with("//");
    !is_comment && SPAWNS.iter().any(|it| line.contains(it))
}

#[cfg(test)]
mod tests;
