//! The syntax of variables in each dialect.

use super::{Expanded, Variables};
use crate::dialect::Dialect;
use crate::lookup::Lookup;

struct World;

impl Lookup for World {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "A" => Some("a".to_owned()),
            "EMPTY" => Some(String::new()),
            "TRICKY" => Some("${A}$A".to_owned()),
            "EYOT_INPUT_MY_KEY" => Some("typed".to_owned()),
            _ => None,
        }
    }

    fn file(&self, path: &str) -> Result<String, String> {
        if path == "/run/key" { Ok("filed\n".to_owned()) } else { Err("not found".to_owned()) }
    }

    fn workspace_folder(&self) -> Option<String> {
        Some("/project".to_owned())
    }

    fn home(&self) -> Option<String> {
        Some("/h".to_owned())
    }
}

fn expand(dialect: Dialect, text: &str) -> Expanded {
    let defaults = vec![("port".to_owned(), "80".to_owned())];
    let inputs = vec![crate::Input::new("my-key")];
    let path = "/bundle/manifest.json";
    Variables { dialect, path, lookup: &World, defaults, inputs }.expand(text)
}

#[track_caller]
fn check(dialect: Dialect, text: &str, expected: &str) {
    let expanded = expand(dialect, text);
    assert_eq!((expanded.text.as_str(), expanded.errors.len()), (expected, 0), "{expanded:?}");
}

#[track_caller]
fn refuse(dialect: Dialect, text: &str, part: &str) {
    let errors = expand(dialect, text).errors;
    assert!(errors.len() == 1 && errors[0].contains(part), "{errors:?}");
}

#[test]
fn claude_code_has_braces_and_defaults() {
    check(Dialect::ClaudeCode, "x-${A}-$A-${B:-d e}-${EMPTY:-d}", "x-a-$A-d e-d");
    refuse(Dialect::ClaudeCode, "${B}", "set the variable B");
    refuse(Dialect::ClaudeCode, "${env:A}", "write ${VAR}");
}

#[test]
fn vscode_has_inputs_folders_and_the_environment() {
    check(Dialect::VsCode, "${input:my-key} ${workspaceFolder} ${env:A}", "typed /project a");
    check(Dialect::VsCode, "${userHome}${/}x", "/h/x");
    refuse(Dialect::VsCode, "${input:other}", "`inputs`");
    refuse(Dialect::VsCode, "${A}", "${env:VAR}");
}

#[test]
fn other_clients_have_their_own_forms() {
    check(Dialect::Cursor, "${env:A} ${userHome}", "a /h");
    check(Dialect::Cline, "${env:A}", "a");
    refuse(Dialect::Cline, "${env:B}", "set the variable B");
    check(Dialect::Gemini, "$A/${A} $ 5$ $1", "a/a $ 5$ $1");
    refuse(Dialect::Gemini, "$B", "set the variable B");
    check(Dialect::Codex, "${A} $A", "${A} $A");
    check(Dialect::ClaudeDesktop, "${A}", "${A}");
    check(Dialect::Inspector, "${A}", "${A}");
}

#[test]
fn bundles_know_their_folder_and_what_the_user_fills_in() {
    check(Dialect::Bundle, "${__dirname}/x ${HOME} ${DESKTOP}", "/bundle/x /h /h/Desktop");
    check(Dialect::Bundle, "${user_config.port} ${user_config.my_key}", "80 typed");
    refuse(Dialect::Bundle, "${user_config.other}", "EYOT_INPUT_OTHER");
}

#[test]
fn registry_has_curly_braces() {
    check(Dialect::Registry, "http://h:{port}/{my-key} {} {a b}", "http://h:80/typed {} {a b}");
    refuse(Dialect::Registry, "{other}", "EYOT_INPUT_OTHER");
}

#[test]
fn our_own_form_has_files_and_an_escape() {
    check(Dialect::Eyot, "${A} ${env:A} ${file:/run/key} ${input:my-key}", "a a filed typed");
    check(Dialect::Eyot, "$${A} $A ${B:-x}", "${A} $A x");
    refuse(Dialect::Eyot, "${file:/other}", "not found");
}

#[test]
fn what_stands_for_a_variable_is_not_looked_through_again() {
    check(Dialect::ClaudeCode, "${TRICKY}", "${A}$A");
    check(Dialect::Gemini, "$TRICKY", "${A}$A");
}

#[test]
fn what_is_no_variable_is_passed_on_with_a_warning() {
    let expanded = expand(Dialect::ClaudeCode, "echo ${#x} ${");
    assert_eq!((expanded.text.as_str(), expanded.warnings.len()), ("echo ${#x} ${", 1));
    assert_eq!(expand(Dialect::ClaudeDesktop, "${A}").warnings.len(), 1);
}
