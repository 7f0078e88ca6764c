//! Who is under test: a server that listens, or a client that can be started.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use clap::ValueEnum;
use serde::Deserialize;

use crate::conformance::catalog::Side;
use crate::conformance::suite::Target;
use crate::conformance::wait;
use crate::peers::Peers;
use crate::program;

/// A program that does not listen by then never will.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// The npm packages that the foreign programs are made of.
const NPM_SERVER: &str = "@modelcontextprotocol/server";
const NPM_CLIENT: &str = "@modelcontextprotocol/client";

/// Whose programs are under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Fixture {
    /// `eyot everything`, and the client on the facade of this workspace
    Ours,
    /// Foreign programs that are known to pass: what fails is the fault of this tool
    Npm,
    /// `eyot everything` behind `eyot serve`; there is no client like that
    Through,
}

impl Fixture {
    /// The list of what is known to fail, under the root of the checkout.
    pub(super) fn expected_file(self) -> &'static str {
        match self {
            Self::Ours | Self::Through => "tests/conformance/expected.yml",
            Self::Npm => "tests/conformance/expected_npm.yml",
        }
    }

    /// Whether there is such a program.
    pub(super) fn has(self, side: Side) -> bool {
        match (self, side) {
            (Self::Ours | Self::Npm, Side::Server | Side::Client) => true,
            (Self::Through, Side::Server) => true,
            (Self::Through, Side::Client) => false,
        }
    }

    /// Builds what is under test and starts it if it is a server, with its log in the folder.
    pub(super) fn prepare(
        self,
        side: Side,
        peers: &Peers,
        folder: &Path,
    ) -> anyhow::Result<Subject> {
        match (self, side) {
            (Self::Ours, Side::Server) => our_server(folder),
            (Self::Ours, Side::Client) => our_client(),
            (Self::Npm, Side::Server) => foreign_server(peers, folder),
            (Self::Npm, Side::Client) => foreign_client(peers),
            (Self::Through, Side::Server) => proxied_server(folder),
            (Self::Through, Side::Client) => anyhow::bail!("`through` is about servers"),
        }
    }
}

/// Who is under test; a server ends with this value.
#[derive(Debug)]
pub(super) struct Subject {
    /// What it is made of.
    pub(super) of: String,
    pub(super) target: Target,
    _running: Vec<Running>,
}

impl Subject {
    /// Somebody of whom nothing is known.
    pub(super) fn of_others(target: Target) -> Self {
        let of = match &target {
            Target::Url(it) | Target::Command(it) => format!("`{it}`"),
        };
        Self { of, target, _running: Vec::new() }
    }
}

/// One process of a server; it ends with this value.
#[derive(Debug)]
struct Running {
    process: Child,
    url: String,
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
    fn start(
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

fn our_server(folder: &Path) -> anyhow::Result<Subject> {
    let server = our_running_server(folder)?;
    let of = format!("`eyot everything` of {}", version()?);
    Ok(Subject { of, target: Target::Url(server.url.clone()), _running: vec![server] })
}

fn proxied_server(folder: &Path) -> anyhow::Result<Subject> {
    let server = our_running_server(folder)?;
    let mut command = eyot()?;
    command.args(["serve", "--listen", "127.0.0.1:0", "--store", "memory:"]);
    command.args(["--upstream", &server.url]);
    let proxy = Running::start(command, &folder.join("proxy.log"), listening_json)?;
    let of = format!("`eyot everything` behind `eyot serve`, both of {}", version()?);
    Ok(Subject { of, target: Target::Url(proxy.url.clone()), _running: vec![proxy, server] })
}

fn our_running_server(folder: &Path) -> anyhow::Result<Running> {
    let mut command = eyot()?;
    command.args(["everything", "--listen", "127.0.0.1:0"]);
    Running::start(command, &folder.join("server.log"), listening_json)
}

fn our_client() -> anyhow::Result<Subject> {
    let client = program::build("eyot-tests", "conformance-client")?;
    let target = Target::Command(client.display().to_string());
    let of = format!("`conformance-client` of {}", version()?);
    Ok(Subject { of, target, _running: Vec::new() })
}

fn foreign_server(peers: &Peers, folder: &Path) -> anyhow::Result<Subject> {
    let mut command = Command::new(peers.node());
    command.arg(script("everything_dual.mjs")).arg("0").env("EYOT_PEERS", peers.folder());
    let server = Running::start(command, &folder.join("server.log"), listening_text)?;
    let of = format!("npm {NPM_SERVER} {}", peers.package_version(NPM_SERVER)?);
    Ok(Subject { of, target: Target::Url(server.url.clone()), _running: vec![server] })
}

fn foreign_client(peers: &Peers) -> anyhow::Result<Subject> {
    let script = script("everything_client.mjs");
    let target = Target::Command(format!("{} {}", peers.node().display(), script.display()));
    let of = format!("npm {NPM_CLIENT} {}", peers.package_version(NPM_CLIENT)?);
    Ok(Subject { of, target, _running: Vec::new() })
}

fn eyot() -> anyhow::Result<Command> {
    let mut command = Command::new(program::build("eyot-cli", "eyot")?);
    command.arg("--json").env("RUST_LOG", "warn");
    Ok(command)
}

/// The version of this checkout.
fn version() -> anyhow::Result<String> {
    let mut git = Command::new("git");
    git.current_dir(program::project_root()).args(["-c", "safe.directory=*"]);
    let commit = program::read(git.args(["describe", "--always", "--dirty"]))?;
    Ok(format!("eyot {} at {}", env!("CARGO_PKG_VERSION"), commit.trim()))
}

fn script(name: &str) -> PathBuf {
    program::project_root().join("tests/peers").join(name)
}

/// Reads `listening URL`.
fn listening_text(line: &str) -> Option<String> {
    line.strip_prefix("listening ").map(str::to_owned)
}

/// Reads `{"listening":"URL"}`.
fn listening_json(line: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Ready {
        listening: String,
    }
    serde_json::from_str(line).ok().map(|it: Ready| it.listening)
}
