//! The program under test: a server that listens, or a client that can be started.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use clap::ValueEnum;

use crate::conformance::catalog::{Leg, Side};
use crate::conformance::suite::Target;
use crate::conformance::wait;
use crate::peers::Peers;
use crate::program;
use crate::running::{Running, START_PATIENCE, free_port, listening};

/// The npm packages of the foreign programs.
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
    /// `eyot serve` before an `eyot everything` that is of the other era only
    Bridge,
    /// `eyot serve` before a foreign server that is of the other era only
    BridgeNpm,
    /// Another bridge, for comparison, before the server of `bridge`
    McpProxy,
    /// Another bridge, for comparison, before the server of `bridge-npm`
    McpProxyNpm,
}

impl Fixture {
    /// The list of known failures, under the root of the checkout.
    pub(super) fn expected_file(self) -> &'static str {
        match self {
            Self::Ours | Self::Through => "tests/conformance/expected.yml",
            Self::Npm => "tests/conformance/expected_npm.yml",
            Self::Bridge | Self::BridgeNpm => "tests/conformance/expected_bridge.yml",
            Self::McpProxy => "tests/conformance/expected_mcp_proxy.yml",
            Self::McpProxyNpm => "tests/conformance/expected_mcp_proxy_npm.yml",
        }
    }

    /// The program that does this work too, for a comparison.
    pub(super) fn rival(self) -> Option<Self> {
        match self {
            Self::Bridge => Some(Self::McpProxy),
            Self::BridgeNpm => Some(Self::McpProxyNpm),
            Self::Ours | Self::Npm | Self::Through | Self::McpProxy | Self::McpProxyNpm => None,
        }
    }

    /// Whether there is a program for this side.
    pub(super) fn has(self, side: Side) -> bool {
        side == Side::Server || matches!(self, Self::Ours | Self::Npm)
    }
}

/// The program under test; a server ends with this value.
#[derive(Debug)]
pub(super) struct Subject {
    /// The program and its version, as text.
    pub(super) of: String,
    pub(super) target: Target,
    _running: Vec<Running>,
}

impl Subject {
    /// A program of which only its address or command is known.
    pub(super) fn of_others(target: Target) -> Self {
        let of = match &target {
            Target::Url(it) | Target::Command(it) => format!("`{it}`"),
        };
        Self { of, target, _running: Vec::new() }
    }

    fn client(of: String, command: String) -> Self {
        Self { of, target: Target::Command(command), _running: Vec::new() }
    }

    /// The first of the processes is the one under test.
    fn server(of: String, running: Vec<Running>) -> anyhow::Result<Self> {
        let first = running.first().context("a server has a process")?;
        Ok(Self { of, target: Target::Url(first.url.clone()), _running: running })
    }
}

/// Makes the programs under test.
#[derive(Debug)]
pub(super) struct Workshop<'a> {
    pub(super) peers: &'a Peers,
    /// The folder for the logs.
    pub(super) folder: &'a Path,
    pub(super) leg: Leg,
    /// Whether the server behind a proxy is its child.
    pub(super) is_piped: bool,
}

/// The maker of a server.
#[derive(Debug, Clone, Copy)]
enum Maker {
    Us,
    Npm,
}

impl Workshop<'_> {
    /// Builds the program under test, and starts it if it is a server.
    pub(super) fn make(&self, fixture: Fixture, side: Side) -> anyhow::Result<Subject> {
        match (fixture, side) {
            (Fixture::Ours, Side::Server) => self.alone(Maker::Us),
            (Fixture::Npm, Side::Server) => self.alone(Maker::Npm),
            (Fixture::Through, Side::Server) => self.behind_eyot(Maker::Us, None),
            (Fixture::Bridge, Side::Server) => self.behind_eyot(Maker::Us, Some(self.other_era())),
            (Fixture::BridgeNpm, Side::Server) => {
                self.behind_eyot(Maker::Npm, Some(self.other_era()))
            }
            (Fixture::McpProxy, Side::Server) => self.behind_mcp_proxy(Maker::Us),
            (Fixture::McpProxyNpm, Side::Server) => self.behind_mcp_proxy(Maker::Npm),
            (Fixture::Ours, Side::Client) => our_client(),
            (Fixture::Npm, Side::Client) => self.foreign_client(),
            (_, Side::Client) => anyhow::bail!("a proxy is no client"),
        }
    }

    /// A bridge has a client of one era and a server of the other.
    fn other_era(&self) -> &'static str {
        match self.leg {
            Leg::Legacy => "modern",
            Leg::Modern => "legacy",
        }
    }

    fn alone(&self, maker: Maker) -> anyhow::Result<Subject> {
        Subject::server(self.described(maker, None)?, vec![self.listening_server(maker, None)?])
    }

    fn behind_eyot(&self, maker: Maker, era: Option<&str>) -> anyhow::Result<Subject> {
        let mut command = eyot()?;
        command.args(["serve", "--listen", "127.0.0.1:0", "--store", "memory:"]);
        let server = match self.is_piped {
            true => {
                command.arg("--env").arg(self.peers_variable());
                command.arg("--").args(words(&self.server(maker, "stdio", era)?));
                None
            }
            false => {
                let server = self.listening_server(maker, era)?;
                command.args(["--upstream", &server.url]);
                Some(server)
            }
        };
        let proxy = Running::start(command, &self.log("proxy"), listening)?;
        let of = format!("{} behind `eyot serve` of {}", self.described(maker, era)?, version()?);
        Subject::server(of, std::iter::once(proxy).chain(server).collect())
    }

    /// npm `mcp-proxy` starts its server itself, and has no other way.
    fn behind_mcp_proxy(&self, maker: Maker) -> anyhow::Result<Subject> {
        let proxy = self.peers.mcp_proxy()?;
        let mut command = Command::new(self.peers.node());
        command.arg(&proxy.program).args([
            "--host",
            "127.0.0.1",
            "--port",
            &free_port()?.to_string(),
        ]);
        command.args(["--upstreamProtocol", self.other_era()]);
        let era = Some(self.other_era());
        command.arg("--").args(words(&self.server(maker, "stdio", era)?));
        command.env("EYOT_PEERS", self.peers.folder());
        let running = Running::start(command, &self.log("proxy"), listening_soon)?;
        let of = format!("{} behind {}", self.described(maker, era)?, proxy.name);
        Subject::server(of, vec![running])
    }

    fn listening_server(&self, maker: Maker, era: Option<&str>) -> anyhow::Result<Running> {
        Running::start(self.server(maker, "http", era)?, &self.log("server"), listening)
    }

    /// The command of a server, over `http` or `stdio`; without an era, it is of both.
    fn server(&self, maker: Maker, over: &str, era: Option<&str>) -> anyhow::Result<Command> {
        match maker {
            Maker::Us => {
                let mut command = eyot()?;
                command.arg("everything");
                match over {
                    "stdio" => command.arg("--stdio"),
                    _ => command.args(["--listen", "127.0.0.1:0"]),
                };
                command.args(era.map(|it| ["--era", it]).into_iter().flatten());
                Ok(command)
            }
            Maker::Npm => {
                let mut command = Command::new(self.peers.node());
                command.env("EYOT_PEERS", self.peers.folder());
                command.arg(script("everything_dual.mjs"));
                command.arg(if over == "stdio" { over } else { "0" }).args(era);
                Ok(command)
            }
        }
    }

    fn described(&self, maker: Maker, era: Option<&str>) -> anyhow::Result<String> {
        let era = era.map(|it| format!("{it} ")).unwrap_or_default();
        Ok(match maker {
            Maker::Us => format!("{era}`eyot everything` of {}", version()?),
            Maker::Npm => {
                format!("{era}npm {NPM_SERVER} {}", self.peers.package_version(NPM_SERVER)?)
            }
        })
    }

    fn foreign_client(&self) -> anyhow::Result<Subject> {
        let script = script("everything_client.mjs");
        let command = format!("{} {}", self.peers.node().display(), script.display());
        let version = self.peers.package_version(NPM_CLIENT)?;
        Ok(Subject::client(format!("npm {NPM_CLIENT} {version}"), command))
    }

    fn peers_variable(&self) -> String {
        format!("EYOT_PEERS={}", self.peers.folder().display())
    }

    fn log(&self, of: &str) -> PathBuf {
        self.folder.join(format!("{of}-{}.log", self.leg.name()))
    }
}

fn our_client() -> anyhow::Result<Subject> {
    let client = program::build("eyot-tests", "conformance-client")?;
    let of = format!("`conformance-client` of {}", version()?);
    Ok(Subject::client(of, client.display().to_string()))
}

fn eyot() -> anyhow::Result<Command> {
    let mut command = Command::new(program::build("eyot-cli", "eyot")?);
    command.arg("--json").env("RUST_LOG", "warn");
    Ok(command)
}

/// The words of a command line.
fn words(command: &Command) -> Vec<&std::ffi::OsStr> {
    std::iter::once(command.get_program()).chain(command.get_args()).collect()
}

/// Reads `starting server on port PORT`. The line comes a moment too early, so this waits.
fn listening_soon(line: &str) -> Option<String> {
    let port = line.strip_prefix("starting server on port ")?.parse().ok()?;
    wait::for_port(port, START_PATIENCE).then(|| format!("http://127.0.0.1:{port}/mcp"))
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
