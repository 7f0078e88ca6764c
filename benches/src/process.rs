//! Child processes: started on a core of their own, ended with the value.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use crate::{machine, program};

/// The cores that a process may run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Core {
    /// What is measured.
    First,
    /// Everything else, where there is a second one.
    Second,
}

impl Core {
    /// Where so many clients run. A single one shares the core of what is measured: on two, the
    /// wake-up of an idle virtual CPU (some 50 µs each way) would drown everything else.
    pub(crate) fn of_clients(clients: usize) -> Self {
        if clients == 1 { Self::First } else { Self::Second }
    }
}

/// A server that runs; it ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    /// `None` of a program that is not ours: it is told nothing.
    pipes: Option<(ChildStdin, BufReader<ChildStdout>)>,
    url: String,
}

/// What a server says when it is ready.
#[derive(Deserialize)]
struct Ready {
    listening: String,
}

impl Server {
    /// Starts a server and waits until it says on its standard output where it listens.
    /// What it has to say otherwise goes to a log.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or ends before it is ready.
    pub(crate) fn start(mut command: Command) -> anyhow::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log_file()?);
        let mut process = command.spawn().with_context(|| format!("start {command:?}"))?;
        let input = process.stdin.take().context("write to a server")?;
        let output = process.stdout.take().context("read a server")?;
        let pipes = Some((input, BufReader::new(output)));
        let mut server = Self { process, pipes, url: String::new() };
        let line = server.line().with_context(|| format!("start {command:?}"))?;
        let ready: Ready = serde_json::from_str(&line).context("a server does not listen")?;
        server.url = ready.listening;
        Ok(server)
    }

    /// Starts a server that does not say when it is ready, and waits until somebody listens at
    /// `address`.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or does not listen within half a minute.
    pub(crate) fn start_foreign(mut command: Command, address: SocketAddr) -> anyhow::Result<Self> {
        const PAUSE: Duration = Duration::from_millis(50);
        const PAUSES_MAX: u32 = 600;
        command.stdin(Stdio::null()).stdout(log_file()?).stderr(log_file()?);
        let process = command.spawn().with_context(|| format!("start {command:?}"))?;
        let server = Self { process, pipes: None, url: format!("http://{address}/mcp") };
        for _ in 0..PAUSES_MAX {
            if TcpStream::connect(address).is_ok() {
                return Ok(server);
            }
            machine::pause(PAUSE)?;
        }
        anyhow::bail!("nothing listens at {address}; see {}", log()?.display())
    }

    /// Writes one line and reads one.
    ///
    /// # Errors
    ///
    /// When the server has ended.
    pub(crate) fn ask(&mut self, line: &str) -> anyhow::Result<String> {
        let (input, _) = self.pipes.as_mut().context("this server is told nothing")?;
        writeln!(input, "{line}").context("write to a server")?;
        self.line()
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let (_, output) = self.pipes.as_mut().context("this server says nothing")?;
        let mut line = String::new();
        output.read_line(&mut line).context("read a server")?;
        anyhow::ensure!(!line.is_empty(), "a server has ended; see {}", log()?.display());
        Ok(line)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Asks the server to end, and waits until it has.
    ///
    /// # Errors
    ///
    /// When it cannot be asked.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.pid().to_string();
        let asked = Command::new("sh").args(["-c", r#"kill -TERM "$0""#, &pid]).status()?;
        anyhow::ensure!(asked.success(), "the signal was not sent to {pid}");
        self.process.wait().context("wait for a server")?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Where servers write what is not an answer.
fn log() -> anyhow::Result<PathBuf> {
    Ok(program::out_folder()?.join("bench-servers.log"))
}

fn log_file() -> anyhow::Result<File> {
    Ok(OpenOptions::new().append(true).create(true).open(log()?)?)
}

/// A command that runs what is added to it (a program and its arguments) on one core, where
/// there is `taskset`, and with as many open files as the system allows.
///
/// The shell replaces itself with the program: the process id is the program's.
pub(crate) fn on(core: Core) -> Command {
    const SCRIPT: &str = r#"
        ulimit -n "$(ulimit -Hn)"
        command -v taskset >/dev/null && exec taskset -c "$0" "$@"
        exec "$@""#;
    let number = if core == Core::Second && machine::cpu_count() > 1 { "1" } else { "0" };
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, number]);
    command
}

/// Runs a command to its end and returns what it wrote to its standard output.
///
/// # Errors
///
/// When it cannot be started or fails.
pub(crate) fn read(mut command: Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("start {command:?}"))?;
    anyhow::ensure!(output.status.success(), "{command:?} ended with {}", output.status);
    String::from_utf8(output.stdout).with_context(|| format!("read the output of {command:?}"))
}
