//! The clients, servers, transports and faces, as data: one more of them is one more row.

use std::fmt;

/// The era of a client or a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Era {
    Legacy,
    Modern,
}

/// A client that tries every feature.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) era: Era,
    /// Its folder among the peers, with a Python in it.
    pub(super) part: &'static str,
    /// A file in `tests/peers`; its arguments are the name of a server and a URL.
    pub(super) script: &'static str,
}

/// A server, which knows one era only.
#[derive(Debug)]
pub(super) struct Server {
    /// The name that the scripts of the clients use.
    pub(super) name: &'static str,
    pub(super) era: Era,
    pub(super) program: Program,
    /// The transports it offers, each with the arguments that start it so.
    pub(super) offers: &'static [(Transport, &'static [&'static str])],
    /// Whether its clients are authenticated; then the calls of modern clients share a session. All
    /// other clients have one session each.
    pub(super) has_key: bool,
}

/// The program to start.
#[derive(Debug, Clone, Copy)]
pub(super) enum Program {
    /// `eyot` itself, for features that no foreign server has.
    Eyot,
    /// A script in `tests/peers`, for Node.js.
    Script(&'static str),
    /// A file of an npm package, for Node.js.
    Package(&'static str),
}

/// The way in which the proxy reaches a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// The server is a child of the proxy.
    Stdio,
    /// The server listens, and prints its address. The variable `PORT` gives it a free port.
    Http,
}

/// The way in which clients reach the proxy, which prints its address.
#[derive(Debug)]
pub(super) struct Face {
    /// A part of the names of cells; empty for the usual face.
    pub(super) suffix: &'static str,
    pub(super) arguments: &'static [&'static str],
}

const CLIENTS: &[Client] = &[
    Client { era: Era::Legacy, part: "py1", script: "client_py1.py" },
    Client { era: Era::Modern, part: "py2", script: "client_py2.py" },
];

const SERVERS: &[Server] = &[
    Server {
        name: "server-everything",
        era: Era::Legacy,
        program: Program::Package("@modelcontextprotocol/server-everything/dist/index.js"),
        offers: &[(Transport::Stdio, &["stdio"]), (Transport::Http, &["streamableHttp"])],
        has_key: false,
    },
    Server {
        name: "server-legacy",
        era: Era::Legacy,
        program: Program::Script("server_legacy.mjs"),
        offers: &[(Transport::Stdio, &["stdio"]), (Transport::Http, &["http", "0"])],
        has_key: true,
    },
    Server {
        name: "server-modern",
        era: Era::Modern,
        program: Program::Script("server_modern.mjs"),
        offers: &[(Transport::Stdio, &["stdio"]), (Transport::Http, &["http", "0"])],
        has_key: false,
    },
    Server {
        name: "eyot-everything",
        era: Era::Modern,
        program: Program::Eyot,
        offers: &[
            (Transport::Stdio, &["everything", "--era", "modern", "--stdio"]),
            (
                Transport::Http,
                &["--json", "everything", "--era", "modern", "--listen", "127.0.0.1:0"],
            ),
        ],
        has_key: false,
    },
];

const FACES: &[Face] =
    &[Face { suffix: "", arguments: &["serve", "--listen", "127.0.0.1:0", "--store", "memory:"] }];

/// One column of the matrix.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) client: &'static Client,
    pub(super) server_era: Era,
    pub(super) transport: Transport,
    pub(super) face: &'static Face,
}

/// Every cell, in the order of the page.
pub(super) fn all() -> Vec<Cell> {
    let mut cells = Vec::new();
    for face in FACES {
        for client in CLIENTS {
            for server_era in [Era::Legacy, Era::Modern] {
                let offers = SERVERS.iter().filter(|it| it.era == server_era);
                let mut transports = Vec::new();
                for &(transport, _) in offers.flat_map(|it| it.offers) {
                    if !transports.contains(&transport) {
                        transports.push(transport);
                        cells.push(Cell { client, server_era, transport, face });
                    }
                }
            }
        }
    }
    cells
}

impl Cell {
    pub(super) fn name(&self) -> String {
        let Self { client, server_era, transport, face } = self;
        format!("{}-{server_era}-{transport}{}", client.era, face.suffix)
    }

    /// The heading of its column.
    pub(super) fn heading(&self) -> String {
        let Self { client, server_era, transport, face } = self;
        format!("{} → {server_era}, {transport}{}", client.era, face.suffix)
    }

    /// Its servers, each with the arguments to start it with.
    pub(super) fn servers(
        &self,
    ) -> impl Iterator<Item = (&'static Server, &'static [&'static str])> {
        let (era, wanted) = (self.server_era, self.transport);
        SERVERS.iter().filter(move |it| it.era == era).filter_map(move |server| {
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
        })
    }
}
