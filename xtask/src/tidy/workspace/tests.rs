//! A manifest that breaks the rules, and a crate that is missing on the map, are noticed.

use super::*;

const LINTS: &str = "\n[lints]\nworkspace = true\n";

#[track_caller]
fn check_files(files: &[(&str, String)], want: &[&str]) {
    let file =
        |(name, text): &(&str, String)| File { name: (*name).to_owned(), text: text.clone() };
    assert_eq!(check(&files.iter().map(file).collect::<Vec<_>>()), want);
}

fn manifest(rest: &str) -> (&'static str, String) {
    ("crates/a/Cargo.toml", format!("[package]\nname = \"a\"\n{rest}"))
}

fn map(text: &str) -> (&'static str, String) {
    (MAP, text.to_owned())
}

#[test]
fn tidy_workspace_is_fine() {
    check_files(&[manifest(LINTS), map("`a` does things\n")], &[]);
}

#[test]
fn manifest_without_the_lints_is_reported() {
    let want = ["crates/a/Cargo.toml: write `[lints]` and `workspace = true`"];
    check_files(&[manifest(""), map("`a`\n")], &want);
}

#[test]
fn crate_that_the_map_forgot_is_reported() {
    check_files(&[manifest(LINTS), map("a\n")], &["docs/ARCHITECTURE.md: does not name `a`"]);
}

#[test]
fn tree_without_a_map_is_reported() {
    check_files(&[manifest(LINTS)], &["docs/ARCHITECTURE.md: there is no map of the code"]);
}

#[test]
fn package_outside_the_workspace_goes_its_own_way() {
    check_files(&[manifest("[workspace]\n"), map("")], &[]);
}
