//! HTTP clients before a server on standard input and output, through Eyot and through bridges of
//! others.

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use clap::Args;
use eyot_benches::exchange::Era;

use crate::budgets::{self, Judged};
use crate::comparison::{Comparison, Row, Side, Turns};
use crate::load::Load;
use crate::process::{self, Core, Server};
use crate::subject::Programs;
use crate::{pipe, program};

/// What to measure. `cargo xtask bench stdio` fetches the foreign bridges and says where they are.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Clients at the same time
    #[arg(long, value_delimiter = ',', default_value = "1,32")]
    clients: Vec<usize>,
    #[command(flatten)]
    turns: Turns,
    /// Node.js, for the other bridges
    #[arg(long, env = "EYOT_BENCH_NODE")]
    node: Option<PathBuf>,
    /// The script of npm mcp-proxy
    #[arg(long, env = "EYOT_BENCH_MCP_PROXY")]
    mcp_proxy: Option<PathBuf>,
    /// The script of npm supergateway
    #[arg(long, env = "EYOT_BENCH_SUPERGATEWAY")]
    supergateway: Option<PathBuf>,
}

/// What stands between the clients and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bridge {
    Eyot,
    McpProxy,
    Supergateway,
}

/// Measures, prints a row for each bridge, and writes `out/bench-stdio.json`.
///
/// # Errors
///
/// When a client fails.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    let (mut rows, mut judged) = (Vec::new(), Vec::new());
    println!("{}", Row::HEAD);
    for &clients in &options.clients {
        let (comparison, left_out) = measure(programs, options, clients)?;
        for &bridge in &comparison.subjects {
            let row = Row::new(&comparison, (bridge, Bridge::Eyot), clients);
            println!("{row}");
            rows.push(row);
            let Some(table) = bridge.budget().filter(|_| clients == BUDGET_CLIENTS) else {
                continue;
            };
            let ratio = comparison.ratio(Bridge::Eyot, bridge).requests_per_second;
            let what = format!("calls/s beside {bridge}, {clients} clients");
            judged.push(Judged::new(what, table, ratio)?);
        }
        for (bridge, reason) in left_out {
            println!("{:30}{clients:7}  left out: {reason:#}", bridge.to_string());
        }
    }
    program::write("stdio", &rows)?;
    budgets::tell(&judged, false)
}

/// What the budgets are for.
const BUDGET_CLIENTS: usize = 32;

/// What has been compared, and the bridges that could not be had, with the reason.
type Measured = (Comparison<Bridge>, Vec<(Bridge, anyhow::Error)>);

fn measure(programs: &Programs, options: &Options, clients: usize) -> anyhow::Result<Measured> {
    let mut driver = programs.driver(Core::of_clients(clients))?;
    let (mut sides, mut left_out) = (Vec::new(), Vec::new());
    for bridge in [Bridge::Eyot, Bridge::McpProxy, Bridge::Supergateway] {
        let server = match bridge.start(programs, options) {
            Err(reason) if bridge != Bridge::Eyot => {
                left_out.push((bridge, reason));
                continue;
            }
            started => started?,
        };
        let load = Load::echo(&server, Era::Legacy, clients, options.turns.extent());
        sides.push(Side { subject: bridge, server, load });
    }
    Ok((Comparison::measure(&mut driver, &sides, options.turns.rounds)?, left_out))
}

impl Bridge {
    fn start(self, programs: &Programs, options: &Options) -> anyhow::Result<Server> {
        let child =
            [programs.bench().to_str().context("the path of this program")?, "pipe-backend"];
        let address = free_address()?;
        let port = address.port().to_string();
        let mut command = process::on(Core::First);
        match self {
            Self::Eyot => return pipe::serve_pipe(programs),
            Self::McpProxy => {
                add_script(&mut command, options, options.mcp_proxy.as_ref())?;
                command.args(["--port", &port, "--host", "127.0.0.1", "--server", "stream", "--"]);
                command.args(child);
            }
            Self::Supergateway => {
                add_script(&mut command, options, options.supergateway.as_ref())?;
                command.args(["--port", &port, "--outputTransport", "streamableHttp"]);
                command.args(["--stateful", "--logLevel", "none", "--stdio", &child.join(" ")]);
            }
        }
        Server::start_foreign(command, address)
    }

    const fn budget(self) -> Option<&'static str> {
        match self {
            Self::Eyot => None,
            Self::McpProxy => Some("stdio.mcp_proxy_ratio"),
            Self::Supergateway => Some("stdio.supergateway_ratio"),
        }
    }
}

fn add_script(
    command: &mut Command,
    options: &Options,
    script: Option<&PathBuf>,
) -> anyhow::Result<()> {
    let node = options.node.as_ref().context("there is no Node.js for it")?;
    command.arg(node).arg(script.context("it was not fetched")?);
    Ok(())
}

/// An address of this machine at which nobody listens yet.
fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("find a free port")?;
    listener.local_addr().context("find a free port")
}

impl fmt::Display for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eyot => "eyot",
            Self::McpProxy => "npm mcp-proxy",
            Self::Supergateway => "npm supergateway",
        })
    }
}
