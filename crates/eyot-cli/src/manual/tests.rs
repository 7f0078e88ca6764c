//! Every command is in the scripts and in the pages, and nothing that is hidden.

use std::io::Write as _;
use std::process::{Command as Process, Stdio};

use clap::{CommandFactory as _, ValueEnum as _};
use clap_complete::Shell;

use super::{page, pages, script, shown};
use crate::args::Args;

/// The names of the commands that people use, and of those that are hidden.
fn commands() -> (Vec<String>, Vec<String>) {
    let whole = Args::command();
    let names = whole.get_subcommands().map(|it| (it.is_hide_set(), it.get_name().to_owned()));
    let (hidden, shown): (Vec<_>, Vec<_>) = names.partition(|(is_hidden, _)| *is_hidden);
    let names = |them: Vec<(bool, String)>| them.into_iter().map(|(_, name)| name).collect();
    (names(shown), names(hidden))
}

/// Whether the text has this name as a word.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |it: char| it.is_alphanumeric() || it == '-';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default().chars().next_back();
        let after = text.get(at + name.len()..).unwrap_or_default().chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[test]
fn every_shell_completes_every_command_that_people_use() {
    let (shown, hidden) = commands();
    assert!(hidden.contains(&"reaper".to_owned()) && shown.contains(&"serve".to_owned()));
    for shell in Shell::value_variants() {
        let script = script(*shell).unwrap();
        for name in &shown {
            assert!(has_word(&script, name), "{shell}: {name}");
        }
        for name in &hidden {
            assert!(!has_word(&script, name), "{shell}: {name}");
        }
        assert!(script.contains("call-timeout"), "{shell}: flags");
    }
}

#[test]
fn script_of_bash_is_one_that_bash_reads() {
    let mut bash = Process::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    let script = script(Shell::Bash).unwrap();
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success());
}

#[test]
fn every_command_has_a_page_and_the_program_names_them_all() {
    let (shown_names, hidden) = commands();
    let pages = pages();
    let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"eyot") && names.contains(&"eyot-sessions-ls"), "{names:?}");
    let whole = page(shown()).unwrap();
    for name in &shown_names {
        assert!(names.contains(&&*format!("eyot-{name}")), "{names:?}");
        assert!(whole.contains(&format!("eyot\\-{name}(1)")), "{name}: {whole}");
    }
    for name in &hidden {
        assert!(!names.contains(&&*format!("eyot-{name}")), "{names:?}");
        assert!(!whole.contains(&format!("eyot\\-{name}(1)")), "{name}");
    }
    for (name, command) in pages {
        let page = page(command).unwrap();
        assert!(page.contains(&format!(".TH {name} 1")), "{name}: {page}");
        assert!(!page.contains("help(1)"), "{name}: {page}");
        assert!(page.contains(".SH SYNOPSIS"), "{name}");
    }
}
