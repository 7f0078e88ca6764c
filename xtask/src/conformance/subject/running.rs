//! One process of a server under test.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use crate::conformance::wait;

/// A program that does not listen by then never will.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// One process of a server; it ends with this value.
#[derive(Debug)]
pub(super) struct Running {
    process: Child,
    pub(super) url: String,
    /// Held open, so that the process can go on writing.
    _output: BufReader<ChildStdout>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Running {
    /// Starts a program and waits until its first line says where it listens.
    pub(super) fn start(
        mut command: Command,
        log: &Path,
        listening: fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let errors = File::create(log).context("make a log file")?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut process = command.spawn().with_context(|| format!("start {name}"))?;
        let output = process.stdout.take().context("read the program")?;
        let told = wait::for_line(output, START_PATIENCE);
        let told = told.and_then(|(line, output)| {
            let url = listening(line.trim());
            let url = url.with_context(|| format!("it said {line:?}, see {}", log.display()))?;
            Ok((url, output))
        });
        match told.with_context(|| format!("{name} did not say where it listens")) {
            Ok((url, output)) => Ok(Self { process, url, _output: output }),
            Err(error) => {
                process.kill().ok();
                process.wait().ok();
                Err(error)
            }
        }
    }
}

/// Reads `listening URL`.
pub(super) fn listening_text(line: &str) -> Option<String> {
    line.strip_prefix("listening ").map(str::to_owned)
}

/// Reads `{"listening":"URL"}`.
pub(super) fn listening_json(line: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Ready {
        listening: String,
    }
    serde_json::from_str(line).ok().map(|it: Ready| it.listening)
}

/// Reads `starting server on port PORT`, which is said a moment too early, and waits.
pub(super) fn listening_soon(line: &str) -> Option<String> {
    let port = line.strip_prefix("starting server on port ")?.parse().ok()?;
    wait::for_port(port, START_PATIENCE).then(|| format!("http://127.0.0.1:{port}/mcp"))
}
