//! Servers that are started.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use eyot_stdio::Command;
use eyot_upstream::Target;

use super::{check, examined, patient};
use crate::program_file::find;
use crate::{Ailment, Patient, Report, StepName, Verdict};

fn shell(script: &str) -> Patient {
    patient(Target::command("sh", ["-c", script]))
}

fn verdict(report: &Report, name: StepName) -> Option<Verdict> {
    report.steps.iter().find(|it| it.name == name).map(|it| it.verdict)
}

fn command(program: &str) -> Command {
    Command { program: program.to_owned(), args: Vec::new(), env: Vec::new(), cwd: None }
}

fn put(folder: &Path, name: &str, mode: u32) {
    let path = folder.join(name);
    std::fs::write(&path, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn program_is_found_where_the_system_finds_it() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(first.path(), "server", 0o644);
    put(second.path(), "server", 0o755);
    let path = std::env::join_paths([first.path(), second.path()]).unwrap();
    assert_eq!(find(&command("server"), Some(path)).unwrap(), second.path().join("server"));
    let alone = Some(OsString::from(first.path()));
    let finding = find(&command("server"), alone.clone()).unwrap_err();
    assert!(finding.detail.ends_with("server may not be run"), "{finding:?}");
    assert!(finding.advice.unwrap().starts_with("`chmod +x "));
    let finding = find(&command("other"), alone).unwrap_err();
    assert_eq!(finding.detail, "there is no `other` in the 1 folders of PATH");
}

#[test]
fn path_of_the_child_is_the_one_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "server", 0o755);
    let path = folder.path().to_str().unwrap().to_owned();
    let env = vec![("PATH".to_owned(), Some(path))];
    let command = Command { env, ..command("server") };
    assert_eq!(find(&command, None).unwrap(), folder.path().join("server"));
}

#[test]
fn relative_program_begins_at_the_working_folder() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "server", 0o755);
    let cwd = Some(folder.path().to_owned());
    let there = Command { cwd, ..command("./server") };
    assert!(find(&there, None).is_ok());
    let cwd = Some(folder.path().join("gone"));
    let finding = find(&Command { cwd, ..command("./server") }, None).unwrap_err();
    assert!(finding.detail.starts_with("the working folder"), "{finding:?}");
}

#[tokio::test]
async fn program_that_ends_is_told_with_its_code_and_its_last_words() {
    let report = examined(&shell("echo one >&2; echo API_KEY is missing >&2; exit 3")).await;
    let told = "(exit code 3); its last words: one | API_KEY is missing";
    let step = check(&report, Ailment::Unreachable, told, "--env API_KEY");
    assert_eq!(step.name, StepName::Process);
    let report = examined(&shell("exit 0")).await;
    check(&report, Ailment::Unreachable, "without a word on stderr", "`stdio`");
}

#[tokio::test]
async fn banner_alone_is_told_with_its_line() {
    let report = examined(&shell("echo '  Server v1 started  '; echo more; exit 0")).await;
    let told = "2 lines on stdout are no messages, the first: `Server v1 started`; then it ended";
    let step = check(&report, Ailment::Unreachable, told, "stdout is for messages alone");
    assert_eq!(step.name, StepName::FirstLine);
    let report = examined(&shell("echo 'Usage: server [stdio]'; exit 1")).await;
    check(&report, Ailment::Unreachable, "`Usage: server [stdio]`", "Are its arguments right?");
}

#[tokio::test]
async fn program_that_waits_for_other_input_is_given_up() {
    let patience = Duration::from_millis(100);
    let patient = Patient { patience, ..shell("exec sleep 100") };
    let report = examined(&patient).await;
    let step = check(&report, Ailment::Unreachable, "no line in 100ms", "`stdio`");
    assert_eq!(step.name, StepName::FirstLine);
}

#[tokio::test]
async fn script_without_its_interpreter_is_told_as_one() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "server", 0o755);
    let server = folder.path().join("server");
    std::fs::write(&server, "#!/nowhere/at-all\n").unwrap();
    let target = Target::command(server.to_str().unwrap(), [""; 0]);
    let report = examined(&patient(target)).await;
    check(&report, Ailment::Unreachable, "does not start", "interpreter");
    assert_eq!(verdict(&report, StepName::Command), Some(Verdict::Ok));
}
