//! Tries a cell: starts its servers one after another, each with Eyot before it, and runs the
//! client.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::matrix::cells::{Cell, Client, Program, Server, Transport};
use crate::peers::Peers;
use crate::program;
use crate::running::{Running, free_port, listening};

/// The key of Eyot and its clients where clients are authenticated. No other program reaches them.
const KEY: &str = "the-key-of-the-matrix-is-no-secret";

/// The npm packages of the servers.
const NPM_PACKAGES: [&str; 3] = [
    "@modelcontextprotocol/server-everything",
    "@modelcontextprotocol/sdk",
    "@modelcontextprotocol/server",
];

/// The place where cells are tried.
#[derive(Debug)]
pub(super) struct Laboratory {
    peers: Peers,
    eyot: PathBuf,
    /// The folder for the logs.
    folder: PathBuf,
    /// The only feature that is tried.
    only: Option<String>,
}

impl Laboratory {
    /// Builds the program.
    pub(super) fn new(peers: Peers, folder: PathBuf, only: Option<String>) -> anyhow::Result<Self> {
        let eyot = program::build("eyot-cli", "eyot")?;
        Ok(Self { peers, eyot, folder, only })
    }

    /// The lines of the client about every server of the cell.
    pub(super) fn try_cell(&self, cell: &Cell) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        for (server, arguments) in cell.servers() {
            let name = format!("{} of {}", cell.name(), server.name);
            lines.extend(self.try_server(cell, server, arguments).context(name)?);
        }
        Ok(lines)
    }

    fn try_server(
        &self,
        cell: &Cell,
        server: &Server,
        arguments: &[&str],
    ) -> anyhow::Result<Vec<String>> {
        let log =
            |who: &str| self.folder.join(format!("{}-{}-{who}.log", cell.name(), server.name));
        let mut command = self.server(server)?;
        command.args(arguments);
        let mut eyot = Command::new(&self.eyot);
        let admin = free_port()?;
        eyot.env("RUST_LOG", "warn").arg("--json").args(cell.face.arguments);
        eyot.args(["--admin", &format!("127.0.0.1:{admin}")]);
        if server.has_key {
            eyot.args(["--api-key", &format!("matrix={KEY}")]);
        }
        let upstream = match cell.transport {
            Transport::Http => {
                let running = Running::start(command, &log("server"), listening)?;
                eyot.args(["--upstream", &running.url]);
                Some(running)
            }
            Transport::Stdio => {
                eyot.arg("--env").arg(format!("EYOT_PEERS={}", self.peers.folder().display()));
                eyot.arg("--").arg(command.get_program()).args(command.get_args());
                None
            }
        };
        let eyot = Running::start(eyot, &log("eyot"), listening)?;
        let mut said = self.client(cell.client, server, &eyot.url)?;
        said.extend(uncounted(&said, &metrics(admin)?));
        drop((eyot, upstream));
        Ok(said)
    }

    /// The command of a server, without its arguments.
    fn server(&self, server: &Server) -> anyhow::Result<Command> {
        let mut node = Command::new(self.peers.node());
        let mut command = match server.program {
            Program::Eyot => Command::new(&self.eyot),
            Program::Script(name) => {
                node.arg(script(name));
                node
            }
            Program::Package(path) => {
                node.arg(self.peers.package_file(path));
                node
            }
        };
        command.env("EYOT_PEERS", self.peers.folder()).env("PORT", free_port()?.to_string());
        Ok(command)
    }

    /// Runs the client until it ends by itself: the client has its own time limit.
    fn client(&self, client: &Client, server: &Server, url: &str) -> anyhow::Result<Vec<String>> {
        let mut command = Command::new(self.python(client.part));
        command.arg(script(client.script)).env("PYTHONDONTWRITEBYTECODE", "1");
        if let Some(only) = &self.only {
            command.args(["--feature", only]);
        }
        if server.has_key {
            command.env("EYOT_KEY", KEY);
        }
        command.args([server.name, url]).stdin(Stdio::null());
        let output = command.output().with_context(|| format!("start {}", client.script))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let lines: Vec<_> = said.lines().map(str::to_owned).collect();
        let complaint = String::from_utf8_lossy(&output.stderr);
        // If only one feature is tried, a client without it prints nothing.
        let may_be_silent = self.only.is_some() && output.status.success();
        anyhow::ensure!(
            may_be_silent || !lines.is_empty(),
            "{} said nothing: {complaint}",
            client.script
        );
        Ok(lines)
    }

    fn python(&self, part: &str) -> PathBuf {
        self.peers.folder().join(part).join("bin/python")
    }

    /// The versions of all programs, as a table.
    pub(super) fn versions(&self) -> anyhow::Result<String> {
        let mut table = "| what | version |\n|---|---|\n".to_owned();
        for part in ["py1", "py2"] {
            let ask = "import importlib.metadata as it; print(it.version('mcp'))";
            let version = program::read(Command::new(self.python(part)).args(["-c", ask]))?;
            table.push_str(&format!("| PyPI `mcp` | {} |\n", version.trim()));
        }
        for name in NPM_PACKAGES {
            let version = self.peers.package_version(name)?;
            table.push_str(&format!("| npm `{name}` | {version} |\n"));
        }
        Ok(table)
    }
}

/// The metrics of Eyot.
fn metrics(port: u16) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("ask for metrics")?;
    let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).context("ask for metrics")?;
    stream.read_to_string(&mut text).context("read the metrics")?;
    Ok(text)
}

/// A failure for each loss that was reported to a client and not counted by Eyot.
fn uncounted(said: &[String], metrics: &str) -> Vec<String> {
    let is_counted =
        |name: &str| metrics.contains(&format!(r#"eyot_bridge_loss_total{{feature="{name}""#));
    let lost = said.iter().filter_map(|it| it.strip_prefix("lost ")?.split_once(": "));
    let uncounted = lost.filter(|(_, names)| !names.split(' ').all(is_counted));
    uncounted.map(|(id, names)| format!("FAIL {id}: not counted: {names}")).collect()
}

fn script(name: &str) -> PathBuf {
    Path::new(&program::project_root()).join("tests/peers").join(name)
}

#[cfg(test)]
mod tests;
