//! A process that serves while something is tried with it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, PipeReader, Write as _, pipe};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

/// A program that does not listen after this time never will.
pub(crate) const START_PATIENCE: Duration = Duration::from_secs(30);

/// A process that listens; it ends with this value.
#[derive(Debug)]
pub(crate) struct Running {
    process: Child,
    pub(crate) url: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Running {
    /// Starts a program and waits until it prints, on a line that `listening` can read, where it
    /// listens. Its output goes into the log.
    pub(crate) fn start(
        mut command: Command,
        log: &Path,
        listening: fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let file = File::create(log).context("make a log file")?;
        let (reader, writer) = pipe().context("make a pipe")?;
        command.stdin(Stdio::null()).stdout(writer.try_clone().context("make a pipe")?);
        let process = command.stderr(writer).spawn();
        let process = process.with_context(|| format!("start {name}"))?;
        // The command holds the writing end open, and the reader waits for the end of it.
        drop(command);
        let mut running = Self { process, url: String::new() };
        let (told, tells) = mpsc::sync_channel(1);
        thread::spawn(move || keep(reader, file, listening, &told));
        let url = tells.recv_timeout(START_PATIENCE);
        running.url = url.with_context(|| {
            format!("{name} did not say where it listens, see {}", log.display())
        })?;
        Ok(running)
    }
}

/// Writes the output of a program to the log until it ends: if its output were not read, the
/// program would stop.
fn keep(
    reader: PipeReader,
    mut log: File,
    listening: fn(&str) -> Option<String>,
    told: &SyncSender<String>,
) {
    for line in BufReader::new(reader).lines().map_while(Result::ok) {
        if let Some(url) = listening(&line) {
            // Only the first is waited for.
            told.try_send(url).ok();
        }
        writeln!(log, "{line}").ok();
    }
}

/// A port that no program listens on now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("find a free port")?;
    Ok(listener.local_addr().context("find a free port")?.port())
}

/// Reads `{"listening":"URL"}`, `listening URL` and `… listening on port PORT`.
pub(crate) fn listening(line: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Ready {
        listening: String,
    }
    if let Ok(Ready { listening }) = serde_json::from_str(line) {
        return Some(listening);
    }
    if let Some(url) = line.strip_prefix("listening ") {
        return Some(url.to_owned());
    }
    let (_, port) = line.split_once("listening on port ")?;
    let port: u16 = port.trim().parse().ok()?;
    Some(format!("http://127.0.0.1:{port}/mcp"))
}

/// Reads `… running on port PORT`, and what `listening` reads.
pub(crate) fn listening_with_sse(line: &str) -> Option<String> {
    let Some((_, port)) = line.split_once("running on port ") else { return listening(line) };
    let port: u16 = port.trim().parse().ok()?;
    Some(format!("http://127.0.0.1:{port}/sse"))
}

#[cfg(test)]
mod tests;
