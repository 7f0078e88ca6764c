//! The end of the program, and of the children that do not care about it.

use std::process::{ExitStatus, Stdio};

use futures_util::future::join_all;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::unix::pipe::{OpenOptions, Receiver};
use tokio::process::Command;

use crate::support::program::{Program, program};

use crate::support::{Ask, Connection, PATIENCE, Session, initialize, within};

/// A child that heeds neither the end of its input nor a polite signal, with a helper that does the
/// same; their ids come over a named pipe.
struct Stubborn {
    folder: TempDir,
    told: Receiver,
}

impl Stubborn {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pids");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        // Open for writing, too, it has no end before the child has come.
        let told = OpenOptions::new().read_write(true).open_receiver(pipe).unwrap();
        Self { folder, told }
    }

    fn command(&self) -> Vec<String> {
        let pipe = self.folder.path().join("pids");
        let script =
            format!("trap '' HUP TERM; sleep 1000 & echo $$ $! > {}; wait; wait", pipe.display());
        ["--", "/bin/sh", "-c", &script].map(str::to_owned).to_vec()
    }

    /// The ids, as soon as the child runs.
    async fn pids(&mut self) -> Vec<Pid> {
        let mut line = String::new();
        within("the child", BufReader::new(&mut self.told).read_line(&mut line)).await.unwrap();
        let pid = |word: &str| Pid::from_raw(word.parse().unwrap()).unwrap();
        line.split_whitespace().map(pid).collect()
    }
}

async fn send(signal: &str, pid: u32) {
    let kill = Command::new("kill").args([format!("-{signal}"), pid.to_string()]).status();
    assert!(kill.await.unwrap().success());
}

/// Waits until the process has ended; a zombie counts as gone.
async fn gone(pid: Pid) {
    // Without such a process, there is nothing to wait for.
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    let ended = tokio::task::spawn_blocking(move || {
        let limit = Timespec::try_from(PATIENCE).unwrap();
        poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&limit))
    });
    assert_eq!(ended.await.unwrap(), Ok(1), "{pid:?} goes on");
}

/// How the program ends, when it gets the signal while a call of its child runs.
async fn ended_by(signal: &str) -> ExitStatus {
    let mut child = Stubborn::new();
    let upstream = [&["--drain-timeout".to_owned(), "100ms".to_owned()][..], &child.command()];
    let store = child.folder.path().join("store.db");
    let mut program = Program::serve("127.0.0.1:0", &store, &upstream.concat()).await;
    let mut connection = Connection::open(program.address).await;
    connection.ask(&Ask::post(&initialize("2025-11-25"))).await;
    let pids = child.pids().await;
    send(signal, program.pid()).await;
    let status = program.ended().await;
    for pid in pids {
        gone(pid).await;
    }
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn no_child_outlives_the_program_whatever_ends_it() {
    let signals = ["HUP", "INT", "QUIT", "TERM", "KILL"];
    let codes = join_all(signals.map(ended_by)).await.into_iter().map(|it| it.code());
    assert_eq!(Vec::from_iter(codes), [Some(0), Some(0), Some(0), Some(0), None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn command_that_a_closed_terminal_ends_says_so_with_its_code() {
    for (signal, code) in [("HUP", 129), ("INT", 130), ("QUIT", 131), ("TERM", 143)] {
        let mut child = Stubborn::new();
        let mut command = Command::new(program());
        command.arg("list").args(child.command()).stdin(Stdio::null()).stderr(Stdio::null());
        let mut running = command.kill_on_drop(true).spawn().unwrap();
        let pids = child.pids().await;
        send(signal, running.id().unwrap()).await;
        let status = within("the end of the command", running.wait()).await.unwrap();
        assert_eq!(status.code(), Some(code), "{signal}");
        for pid in pids {
            gone(pid).await;
        }
    }
}

#[tokio::test]
async fn program_that_ignores_hangups_from_its_start_goes_on() {
    let mut command = Command::new("/bin/sh");
    let script = r#"trap "" HUP; exec "$0" --json everything --listen 127.0.0.1:0"#;
    let mut program = Program::start(command.args(["-c", script]).arg(program())).await;
    send("HUP", program.pid()).await;
    Session::open(program.address, "2025-11-25").await;
    send("TERM", program.pid()).await;
    assert_eq!(program.ended().await.code(), Some(0));
}

#[tokio::test]
async fn descriptors_that_the_program_inherits_do_not_reach_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("descriptors");
    let child = format!("ls /proc/$$/fd > {}", file.display());
    let script = r#"exec 7</dev/null; exec "$0" list -- /bin/sh -c "$1""#;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).arg(program()).arg(child);
    let output = within("the end of the command", command.output()).await.unwrap();
    let seen = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    assert!(seen.lines().all(|it| it != "7"), "{seen}");
    assert!(["0", "1", "2"].iter().all(|own| seen.lines().any(|it| it == *own)), "{seen}");
}
