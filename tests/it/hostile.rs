//! The hostile-input suite beside the checkout, if there is one: all its classes, at every face.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use eyot_testkit::shared;
use serde_json::Value;

use crate::support::program::program;

/// The classes of the faces, by which the suite's last lines show that each face was tried.
const FACES: [&str; 5] = ["session", "http-sse", "websocket", "stdio", "hostile-upstream"];

/// A raw body calls a tool of its own, while the suite's headers for the modern era name another.
/// If the body can be read, this mismatch is refused first, with a code that the test does not
/// know.
const WITH_OTHER_HEADERS: &str = "FAIL JS-25 ";

#[test]
fn no_hostile_input_of_the_suite_does_harm() {
    let Some(suite) = suite() else { return };
    check(&suite, None, "L", &[]);
}

#[test]
fn no_hostile_input_of_the_suite_does_harm_on_its_way_to_a_legacy_server() {
    let Some(suite) = suite() else { return };
    check(&suite, None, "M", &[WITH_OTHER_HEADERS]);
}

#[test]
fn no_hostile_input_of_the_suite_does_harm_on_its_way_to_a_modern_server() {
    let Some(suite) = suite() else { return };
    let systems = tempfile::NamedTempFile::new().unwrap();
    fs::write(systems.path(), before_a_modern_server(&suite).to_string()).unwrap();
    check(&suite, Some(systems.path()), "L", &[]);
}

/// Runs the suite; tests that fit both eras run in this one. Every test must pass except those
/// whose line begins with one of `known`.
fn check(suite: &Path, systems: Option<&Path>, era: &str, known: &[&str]) {
    let mut command = Command::new("python3");
    command.arg(suite).args(["--system", "eyot", "--set", "public"]);
    command.args(["--prefer", era]).env("EYOT_BIN", program());
    // The upstream's script is in the checkout, which must stay unchanged.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(systems) = systems {
        command.arg("--systems").arg(systems);
    }
    let judged = command.output().expect("python3 runs");
    let said = String::from_utf8_lossy(&judged.stdout);
    let failed = said.lines().filter(|it| it.starts_with("FAIL"));
    let (known_failed, failed): (Vec<_>, Vec<_>) =
        failed.partition(|line| known.iter().any(|it| line.starts_with(it)));
    assert!(failed.is_empty(), "{}\n{}", failed.join("\n"), last_lines(&said));
    assert_eq!(known_failed.len(), known.len(), "a known failure has gone: {}", last_lines(&said));
    assert!(judged.status.success() || !known.is_empty(), "{}", last_lines(&said));
    for class in FACES {
        let was_tried = said.lines().any(|it| it.starts_with(&format!("# {class} ")));
        assert!(was_tried, "nothing was tried of {class}: {}", last_lines(&said));
    }
}

/// The suite's own description of the program, but with another server behind it.
fn before_a_modern_server(suite: &Path) -> Value {
    let systems = fs::read_to_string(suite.with_file_name("systems.json")).unwrap();
    let mut systems: Value = serde_json::from_str(&systems).unwrap();
    let server = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/hostile_modern.py");
    for face in ["http", "ws", "sse", "stdio"] {
        let command = systems["eyot"][face]["cmd"].as_array_mut().unwrap();
        assert_eq!(command.pop().unwrap(), "{cmd...}", "the server comes last");
        command.extend(["{python}", server, "{here}/fixtures/upstream.py"].map(Value::from));
    }
    systems
}

fn last_lines(said: &str) -> String {
    let lines: Vec<_> = said.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn suite() -> Option<PathBuf> {
    shared("hostile/run.py")
}
