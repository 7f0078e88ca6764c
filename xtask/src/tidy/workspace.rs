//! Rules that hold between files: manifests and the map of the code.

use crate::tidy::file::File;

/// The page that names every crate.
const MAP: &str = "docs/ARCHITECTURE.md";

/// Every violation in the tree.
pub(super) fn check(files: &[File]) -> Vec<String> {
    let manifests: Vec<&File> = files.iter().filter(|it| is_member(it)).collect();
    let lints = manifests.iter().filter_map(|it| check_lints(it));
    lints.chain(check_map(files, &manifests)).collect()
}

/// Whether the file is the manifest of a package of this workspace; `fuzz/` has its own.
fn is_member(file: &File) -> bool {
    file.name.ends_with("/Cargo.toml") && !file.text.lines().any(|it| it == "[workspace]")
}

fn check_lints(manifest: &File) -> Option<String> {
    let inherits = manifest.text.contains("\n[lints]\nworkspace = true\n");
    let rule = "write `[lints]` and `workspace = true`";
    (!inherits).then(|| format!("{}: {rule}", manifest.name))
}

fn check_map(files: &[File], manifests: &[&File]) -> Vec<String> {
    let Some(map) = files.iter().find(|it| it.name == MAP) else {
        return vec![format!("{MAP}: there is no map of the code")];
    };
    let names = manifests.iter().filter_map(|it| package_name(it));
    let missing = names.filter(|it| !map.text.contains(&format!("`{it}`")));
    missing.map(|it| format!("{MAP}: does not name `{it}`")).collect()
}

fn package_name(manifest: &File) -> Option<&str> {
    let line = manifest.text.lines().find_map(|it| it.strip_prefix("name = \""))?;
    line.strip_suffix('"')
}

#[cfg(test)]
mod tests;
