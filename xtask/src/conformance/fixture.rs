//! A server that is known to pass, so that a failure is the fault of what stands before it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use crate::peers::Peers;
use crate::program;

/// A running server of both eras; it ends with this value.
#[derive(Debug)]
pub(super) struct Fixture {
    process: Child,
    url: String,
}

impl Fixture {
    /// Starts the server on a free port and waits until it says where it listens.
    pub(super) fn start(peers: &Peers) -> anyhow::Result<Self> {
        let script = program::project_root().join("tests/peers/everything_dual.mjs");
        let mut command = Command::new(peers.node());
        command.arg(script).arg("0").env("EYOT_PEERS", peers.folder());
        let process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let process = process.context("start the fixture")?;
        let mut fixture = Self { process, url: String::new() };
        let output = fixture.process.stdout.take().context("read the fixture")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).context("read the fixture")?;
        let url = line.trim().strip_prefix("listening ");
        fixture.url = url.context("the fixture did not say where it listens")?.to_owned();
        Ok(fixture)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
