//! Tries a cell: starts its servers one after another, each with Eyot before it, and runs the
//! client.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::matrix::cells::{Cell, Client, Program, Runtime, Server, Table, Transport};
use crate::peers::Peers;
use crate::program;
use crate::running::{Running, free_port, listening, listening_with_sse};

/// The key of Eyot and its clients where clients are authenticated. No other program reaches them.
const KEY: &str = "the-key-of-the-matrix-is-no-secret";

/// The npm packages of the servers.
const NPM_PACKAGES: [&str; 5] = [
    "@modelcontextprotocol/client",
    "@modelcontextprotocol/server-everything",
    "@modelcontextprotocol/sdk",
    "@modelcontextprotocol/server",
    "ws",
];

/// How Eyot is started where clients come over a network.
const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--store", "memory:"];

/// The server of a cell.
#[derive(Debug)]
enum Upstream {
    /// Eyot starts it, by this command.
    Child(Command),
    Running(Running),
}

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

    /// The lines of the clients about every server of the cell.
    pub(super) fn try_cell(&self, cell: &Cell) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        for (server, arguments) in cell.servers() {
            let name = || format!("{} of {}", cell.name(), server.name);
            lines.extend(self.try_server(cell, server, arguments).with_context(name)?);
        }
        Ok(lines)
    }

    fn try_server(
        &self,
        cell: &Cell,
        server: &Server,
        arguments: &[&str],
    ) -> anyhow::Result<Vec<String>> {
        let mut command = self.server(server)?;
        command.args(arguments);
        let upstream = match cell.upstream {
            Transport::Stdio => Upstream::Child(command),
            Transport::Http | Transport::Sse | Transport::WebSocket => {
                let log = self.log(cell, server, "server");
                Upstream::Running(Running::start(command, &log, listening_of(cell.upstream))?)
            }
        };
        if cell.downstream == Transport::Stdio {
            return self.clients_of_pipes(cell, server, &upstream);
        }
        let mut eyot = Command::new(&self.eyot);
        let admin = free_port()?;
        eyot.env("RUST_LOG", "warn").arg("--json").args(SERVE);
        eyot.args(["--admin", &format!("127.0.0.1:{admin}")]);
        if self.has_key(cell, server) {
            eyot.args(["--api-key", &format!("matrix={KEY}")]);
        }
        upstream.name_to(&mut eyot, "--upstream", &self.peers);
        let eyot = Running::start(eyot, &self.log(cell, server, "eyot"), listening)?;
        let place = [place(&eyot.url, cell.downstream)];
        let mut said = Vec::new();
        for client in cell.clients() {
            said.extend(self.client(cell, client, server, &place)?);
        }
        said.extend(uncounted(&said, &metrics(admin)?));
        drop((eyot, upstream));
        Ok(said)
    }

    /// Runs clients that start Eyot themselves.
    fn clients_of_pipes(
        &self,
        cell: &Cell,
        server: &Server,
        upstream: &Upstream,
    ) -> anyhow::Result<Vec<String>> {
        let mut eyot = Command::new(&self.eyot);
        eyot.arg(if matches!(upstream, Upstream::Child(_)) { "run" } else { "connect" });
        upstream.name_to(&mut eyot, "--", &self.peers);
        let words = [eyot.get_program()].into_iter().chain(eyot.get_args());
        let words = words.map(|it| it.to_string_lossy().into_owned());
        let target: Vec<_> = ["--".to_owned()].into_iter().chain(words).collect();
        let mut said = Vec::new();
        for client in cell.clients() {
            said.extend(self.client(cell, client, server, &target)?);
        }
        Ok(said)
    }

    fn log(&self, cell: &Cell, server: &Server, who: &str) -> PathBuf {
        self.folder.join(format!("{}-{}-{who}.log", cell.name(), server.name))
    }

    /// No SDK's client at a WebSocket can be authenticated, and none on a pipe has to be.
    fn has_key(&self, cell: &Cell, server: &Server) -> bool {
        server.has_key && matches!(cell.downstream, Transport::Http | Transport::Sse)
    }

    /// The command of a server, without its arguments.
    fn server(&self, server: &Server) -> anyhow::Result<Command> {
        let mut command = match server.program {
            Program::Eyot => Command::new(&self.eyot),
            Program::Script(runtime, name) => self.script(runtime, name),
            Program::Package(path) => {
                let mut node = Command::new(self.peers.node());
                node.arg(self.peers.package_file(path));
                node
            }
        };
        command.env("EYOT_PEERS", self.peers.folder()).env("PORT", free_port()?.to_string());
        Ok(command)
    }

    fn script(&self, runtime: Runtime, name: &str) -> Command {
        let mut command = Command::new(match runtime {
            Runtime::Python(part) => self.python(part),
            Runtime::Node => self.peers.node(),
        });
        let script = Path::new(&program::project_root()).join("tests/peers").join(name);
        command.arg(script).env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("EYOT_PEERS", self.peers.folder());
        command
    }

    /// Runs the client until it ends by itself: the client has its own time limit.
    fn client(
        &self,
        cell: &Cell,
        client: &Client,
        server: &Server,
        target: &[String],
    ) -> anyhow::Result<Vec<String>> {
        let mut command = self.script(client.runtime, client.script);
        for feature in self.wanted(cell.table) {
            command.args(["--feature", feature]);
        }
        if self.has_key(cell, server) {
            command.env("EYOT_KEY", KEY);
        }
        command.arg(server.name).args(target).stdin(Stdio::null());
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

    /// The features to try; none for all of them.
    fn wanted(&self, table: Table) -> Vec<&str> {
        match (&self.only, table) {
            (Some(only), _) => vec![only],
            (None, Table::Eras) => Vec::new(),
            (None, Table::Transports) => table.features().map(|it| it.id).collect(),
        }
    }

    fn python(&self, part: &str) -> PathBuf {
        self.peers.folder().join(part).join("bin/python")
    }

    /// The versions of all programs, as a table.
    pub(super) fn versions(&self) -> anyhow::Result<String> {
        let mut table = "| what | version |\n|---|---|\n".to_owned();
        for part in ["py1", "py1-old", "py2"] {
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

impl Upstream {
    /// Adds the server to the arguments of Eyot: a command, or `flag` and its URL.
    fn name_to(&self, eyot: &mut Command, flag: &str, peers: &Peers) {
        match self {
            Self::Running(running) => eyot.args([flag, &running.url]),
            Self::Child(command) => {
                eyot.arg("--env").arg(format!("EYOT_PEERS={}", peers.folder().display()));
                eyot.arg("--").arg(command.get_program()).args(command.get_args())
            }
        };
    }
}

/// Where clients of a transport find Eyot, which says where its endpoint for HTTP is.
fn place(url: &str, downstream: Transport) -> String {
    let base = url.trim_end_matches("/mcp");
    match downstream {
        Transport::Stdio | Transport::Http => url.to_owned(),
        Transport::Sse => format!("{base}/sse"),
        Transport::WebSocket => format!("{}/ws", base.replacen("http", "ws", 1)),
    }
}

/// How the line is read in which a server says where it listens.
fn listening_of(transport: Transport) -> fn(&str) -> Option<String> {
    match transport {
        Transport::Sse => listening_with_sse,
        Transport::Stdio | Transport::Http | Transport::WebSocket => listening,
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
    // What interceptors have seen may not be kept: then there is no hint that the bridge could lose.
    let has_hints = std::env::var_os("EYOT_INTERCEPTORS").is_none();
    let is_counted = |name: &str| {
        let is_there = metrics.contains(&format!(r#"eyot_bridge_loss_total{{feature="{name}""#));
        is_there || name == "cache_hints" && !has_hints
    };
    let lost = said.iter().filter_map(|it| it.strip_prefix("lost ")?.split_once(": "));
    let uncounted = lost.filter(|(_, names)| !names.split(' ').all(is_counted));
    uncounted.map(|(id, names)| format!("FAIL {id}: not counted: {names}")).collect()
}

#[cfg(test)]
mod tests;
