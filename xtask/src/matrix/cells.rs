//! The clients, servers and transports, as data: one more of them is one more row.

use std::fmt;

use crate::matrix::features::{FEATURES, Feature};

/// A table of the page, with the cells that are tried for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Table {
    /// Every feature, for clients that speak Streamable HTTP.
    Eras,
    /// Some features, over every pair of transports.
    Transports,
}

/// The era of a client or a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Era {
    Legacy,
    Modern,
}

/// A client, and the transports that it is tried with.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) era: Era,
    /// The tables that it is tried for: one of them wants every feature of it.
    tables: &'static [Table],
    pub(super) runtime: Runtime,
    /// A file in `tests/peers`; its arguments are the name of a server and a URL, or a command.
    pub(super) script: &'static str,
}

/// A server, which knows one era only.
#[derive(Debug)]
pub(super) struct Server {
    /// The name that the scripts of the clients use.
    pub(super) name: &'static str,
    pub(super) era: Era,
    tables: &'static [Table],
    pub(super) program: Program,
    /// The transports it offers, each with the arguments that start it so.
    offers: &'static [(Transport, &'static [&'static str])],
    /// Whether its clients are authenticated, where they can be; then the calls of modern clients
    /// share a session. All other clients have one session each.
    pub(super) has_key: bool,
}

/// What runs a script.
#[derive(Debug, Clone, Copy)]
pub(super) enum Runtime {
    /// The Python in this folder of the peers.
    Python(&'static str),
    Node,
}

/// The program to start.
#[derive(Debug, Clone, Copy)]
pub(super) enum Program {
    /// `eyot` itself, for features that no foreign server has.
    Eyot,
    /// A script in `tests/peers`.
    Script(Runtime, &'static str),
    /// A file of an npm package, for Node.js.
    Package(&'static str),
}

/// The way in which one side of the proxy is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Transport {
    /// The server is a child of the proxy, or the proxy is a child of the client.
    Stdio,
    /// Streamable HTTP. A server that listens prints its address; the variable `PORT` gives it a
    /// free port.
    Http,
    /// HTTP with SSE, the transport of 2024-11-05.
    Sse,
    #[value(name = "ws")]
    WebSocket,
}

use Table::{Eras, Transports};
use Transport::{Http, Sse, Stdio, WebSocket};

const EVERY_TRANSPORT: &[Transport] = &[Stdio, Http, Sse, WebSocket];

const CLIENTS: &[Client] = &[
    Client {
        era: Era::Legacy,
        tables: &[Eras, Transports],
        runtime: Runtime::Python("py1"),
        script: "client_py1.py",
    },
    Client {
        era: Era::Modern,
        tables: &[Eras, Transports],
        runtime: Runtime::Python("py2"),
        script: "client_py2.py",
    },
    Client {
        era: Era::Legacy,
        tables: &[Transports],
        runtime: Runtime::Node,
        script: "client_ts1_transports.mjs",
    },
    Client {
        era: Era::Modern,
        tables: &[Transports],
        runtime: Runtime::Node,
        script: "client_ts2_transports.mjs",
    },
];

const SERVERS: &[Server] = &[
    Server {
        name: "server-everything",
        era: Era::Legacy,
        tables: &[Eras],
        program: Program::Package("@modelcontextprotocol/server-everything/dist/index.js"),
        offers: &[(Stdio, &["stdio"]), (Http, &["streamableHttp"])],
        has_key: false,
    },
    Server {
        name: "server-legacy",
        era: Era::Legacy,
        tables: &[Eras, Transports],
        program: Program::Script(Runtime::Node, "server_legacy.mjs"),
        offers: &[
            (Stdio, &["stdio"]),
            (Http, &["http", "0"]),
            (Sse, &["sse", "0"]),
            (WebSocket, &["ws", "0"]),
        ],
        has_key: true,
    },
    // The other servers that speak HTTP with SSE, or WebSocket, without our help.
    Server {
        name: "server-everything",
        era: Era::Legacy,
        tables: &[Transports],
        program: Program::Package("@modelcontextprotocol/server-everything/dist/index.js"),
        offers: &[(Sse, &["sse"])],
        has_key: false,
    },
    Server {
        name: "server-py1",
        era: Era::Legacy,
        tables: &[Transports],
        program: Program::Script(Runtime::Python("py1"), "server_py1.py"),
        offers: &[(WebSocket, &["ws"])],
        has_key: false,
    },
    Server {
        name: "server-py1-old",
        era: Era::Legacy,
        tables: &[Transports],
        program: Program::Script(Runtime::Python("py1-old"), "server_py1.py"),
        offers: &[(Sse, &["sse"])],
        has_key: false,
    },
    Server {
        name: "server-modern",
        era: Era::Modern,
        tables: &[Eras, Transports],
        program: Program::Script(Runtime::Node, "server_modern.mjs"),
        offers: &[(Stdio, &["stdio"]), (Http, &["http", "0"]), (WebSocket, &["ws", "0"])],
        has_key: false,
    },
    Server {
        name: "eyot-everything",
        era: Era::Modern,
        tables: &[Eras],
        program: Program::Eyot,
        offers: &[
            (Stdio, &["everything", "--era", "modern", "--stdio"]),
            (Http, &["--json", "everything", "--era", "modern", "--listen", "127.0.0.1:0"]),
        ],
        has_key: false,
    },
];

/// Clients of one era before servers of one era, over two transports.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) table: Table,
    pub(super) client_era: Era,
    pub(super) server_era: Era,
    /// How the proxy reaches the server.
    pub(super) upstream: Transport,
    /// How clients reach the proxy.
    pub(super) downstream: Transport,
}

impl Table {
    /// Every cell, in the order of the page.
    pub(super) fn cells(self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for &downstream in self.downstream() {
            for (client_era, server_era) in Era::PAIRS {
                for &upstream in self.upstream() {
                    let cell = Cell { table: self, client_era, server_era, upstream, downstream };
                    if cell.servers().next().is_some() {
                        cells.push(cell);
                    }
                }
            }
        }
        cells
    }

    const fn downstream(self) -> &'static [Transport] {
        match self {
            Eras => &[Http],
            Transports => EVERY_TRANSPORT,
        }
    }

    const fn upstream(self) -> &'static [Transport] {
        match self {
            Eras => &[Stdio, Http],
            Transports => EVERY_TRANSPORT,
        }
    }

    /// The features that its cells are tried for.
    pub(super) fn features(self) -> impl Iterator<Item = &'static Feature> {
        FEATURES.iter().filter(move |it| self == Eras || it.is_for_transports)
    }

    /// Every pair of transports: downstream and upstream.
    pub(super) fn transports(self) -> impl Iterator<Item = (Transport, Transport)> {
        let pairs = move |downstream| self.upstream().iter().map(move |it| (downstream, *it));
        self.downstream().iter().flat_map(move |it| pairs(*it))
    }
}

impl Era {
    /// Every client before every server.
    pub(super) const PAIRS: [(Self, Self); 4] = [
        (Self::Legacy, Self::Legacy),
        (Self::Legacy, Self::Modern),
        (Self::Modern, Self::Legacy),
        (Self::Modern, Self::Modern),
    ];
}

impl Cell {
    pub(super) fn name(&self) -> String {
        let Self { table, client_era, server_era, upstream, downstream } = self;
        let name = format!("{client_era}-{server_era}-{upstream}");
        match table {
            Eras => name,
            Transports => format!("{name}-from-{downstream}"),
        }
    }

    /// The heading of its column.
    pub(super) fn heading(&self) -> String {
        let Self { client_era, server_era, upstream, .. } = self;
        format!("{client_era} → {server_era}, {upstream}")
    }

    /// The clients that are tried.
    pub(super) fn clients(&self) -> impl Iterator<Item = &'static Client> {
        let (era, table) = (self.client_era, self.table);
        CLIENTS.iter().filter(move |it| it.era == era && it.tables.contains(&table))
    }

    /// Its servers, each with the arguments to start it with.
    pub(super) fn servers(
        &self,
    ) -> impl Iterator<Item = (&'static Server, &'static [&'static str])> {
        let (era, table, wanted) = (self.server_era, self.table, self.upstream);
        let servers = SERVERS.iter().filter(move |it| it.era == era && it.tables.contains(&table));
        servers.filter_map(move |server| {
            let offer = server.offers.iter().find(|(transport, _)| *transport == wanted)?;
            Some((server, offer.1))
        })
    }
}

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        })
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stdio => "stdio",
            Self::Http => "http",
            Self::Sse => "sse",
            Self::WebSocket => "ws",
        })
    }
}
