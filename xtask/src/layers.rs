//! Keeps dependencies pointing strictly downward, and the files of a crate out of loops.
//!
//! The table below *is* the architecture: a crate may depend only on crates of lower
//! layers, and crates of one layer do not know each other. A changed row is an
//! architecture decision, written down in `docs/decisions/`. Inside of a crate, not more than
//! two files need each other, a crate has a size that one person can know, and no type is
//! forgotten (`shape.rs`).

mod graph;
mod knots;
mod modules;
mod reader;
mod shape;

use std::collections::BTreeSet;

use crate::layers::graph::Graph;
use crate::layers::shape::{EXEMPT, Shape};
use crate::problems;

/// The architecture of this workspace.
const TABLE: Table = Table {
    layers: &[
        ("base", &["eyot-stdx", "eyot-metrics", "eyot-files", "eyot-document"]),
        ("wire", &["eyot-jsonrpc", "eyot-frame"]),
        ("protocol", &["eyot-types"]),
        ("rules", &["eyot-rules"]),
        ("machines", &["eyot-session", "eyot-era"]),
        ("service", &["eyot-service"]),
        ("interception", &["eyot-interceptors"]),
        ("built-in interceptors", &["eyot-guard"]),
        ("bindings", &["eyot-http", "eyot-stdio", "eyot-ws"]),
        ("storage", &["eyot-store-memory", "eyot-store-redis", "eyot-store-sqlite"]),
        ("engines", &["eyot-store"]),
        ("interceptors", &["eyot-policy"]),
        ("identity", &["eyot-auth"]),
        ("edges", &["eyot-endpoint", "eyot-upstream"]),
        ("peers", &["eyot-client", "eyot-server"]),
        ("sidecar", &["eyot-sidecar"]),
        ("diagnosis", &["eyot-doctor"]),
        ("bridge", &["eyot-bridge"]),
        ("relay", &["eyot-gateway", "eyot-relay"]),
        ("proxies", &["eyot-config", "eyot-proxy"]),
        ("files", &["eyot-interception", "eyot-wrap"]),
        ("facade", &["eyot"]),
        ("samples", &["eyot-samples", "eyot-terminal"]),
        ("program", &["eyot-cli"]),
    ],
    support: &["eyot-testkit"],
    tools: &["eyot-benches", "eyot-tests", "xtask"],
    owners: &[
        ("anyhow", &["eyot-cli"]),
        ("cel", &["eyot-rules"]),
        ("deadpool-redis", &["eyot-store-redis"]),
        ("granit-parser", &["eyot-document"]),
        ("hyper", &["eyot-http"]),
        ("jsonc-parser", &["eyot-document", "eyot-wrap"]),
        ("process-wrap", &["eyot-stdio"]),
        ("rmcp", &["eyot-benches"]),
        ("rusqlite", &["eyot-store-sqlite"]),
        ("similar", &["eyot-wrap"]),
        ("tokio-tungstenite", &["eyot-ws"]),
        ("rustls", &["eyot-http"]),
        ("tokio-rustls", &["eyot-http"]),
        ("toml", &["eyot-document", "eyot-wrap"]),
        ("tower", &["eyot-endpoint", "eyot-server"]),
        ("tower-http", &["eyot-policy", "eyot-endpoint"]),
        ("tungstenite", &["eyot-ws"]),
    ],
    bans: &[Ban {
        users: &[
            "eyot-document",
            "eyot-jsonrpc",
            "eyot-frame",
            "eyot-types",
            "eyot-rules",
            "eyot-session",
            "eyot-era",
            "eyot-config",
            "eyot-wrap",
        ],
        banned: &["tokio", "hyper", "mio", "rusqlite"],
        reason: "sans-IO: a driver in a higher layer does the I/O",
    }],
};

/// The rules about which crate may use which.
struct Table {
    /// Layers from the bottom up.
    layers: &'static [(&'static str, &'static [&'static str])],
    /// Every crate may use these, but only in `[dev-dependencies]`.
    support: &'static [&'static str],
    /// These may use every crate; no crate uses them.
    tools: &'static [&'static str],
    /// Packages that only their owners (and the tools) may name in a manifest.
    owners: &'static [(&'static str, &'static [&'static str])],
    /// Packages that some crates must not reach, not even through other packages.
    bans: &'static [Ban],
}

struct Ban {
    users: &'static [&'static str],
    banned: &'static [&'static str],
    reason: &'static str,
}

/// The shapes of all crates; the product is made of those with a layer.
fn shapes(graph: &Graph) -> anyhow::Result<Vec<Shape>> {
    shape::load(graph, |it| TABLE.layer(it).is_some())
}

/// Checks this workspace against the table, and the shape of its crates.
pub(crate) fn run() -> anyhow::Result<()> {
    let graph = Graph::load()?;
    let shapes = shapes(&graph)?;
    for knot in shapes.iter().flat_map(Shape::knots) {
        eprintln!("knot: {knot}");
    }
    let problems = TABLE.check(&graph).into_iter().chain(EXEMPT.check(&shapes));
    problems::report(&problems.collect::<Vec<_>>())
}

impl Table {
    /// Every violation, one line each: first those of the crates, then stale rows.
    fn check(&self, graph: &Graph) -> Vec<String> {
        let crates = graph.local().flat_map(|user| self.check_crate(user, graph));
        crates.chain(self.stale(graph)).collect()
    }

    fn check_crate(&self, user: &str, graph: &Graph) -> Vec<String> {
        let mut problems = Vec::from_iter(self.unknown(user));
        for edge in graph.edges(user) {
            problems.extend(match graph.is_local(&edge.to) {
                true => self.not_downward(user, &edge.to, edge.is_dev_only),
                false => self.not_an_owner(user, &edge.to),
            });
        }
        for ban in self.bans.iter().filter(|it| it.users.contains(&user)) {
            if let Some(path) = graph.path(user, ban.banned) {
                problems.push(format!("{}: {}", path.join(" -> "), ban.reason));
            }
        }
        problems
    }

    fn unknown(&self, name: &str) -> Option<String> {
        let is_known = self.layer(name).is_some() || self.is_outside(name);
        (!is_known).then(|| format!("{name}: not in the table of xtask/src/layers.rs"))
    }

    fn not_downward(&self, user: &str, used: &str, is_dev_only: bool) -> Option<String> {
        if self.tools.contains(&used) {
            return Some(format!("{user} -> {used}: nothing depends on a tool"));
        }
        if self.tools.contains(&user) {
            return None;
        }
        if self.support.contains(&used) {
            let rule = "test support belongs in [dev-dependencies]";
            return (!is_dev_only).then(|| format!("{user} -> {used}: {rule}"));
        }
        let (user_rank, user_layer) = self.layer(user)?;
        let (used_rank, used_layer) = self.layer(used)?;
        (user_rank <= used_rank).then(|| {
            format!(
                "{user} (layer {user_layer}) -> {used} (layer {used_layer}): \
                 dependencies point strictly downward"
            )
        })
    }

    fn not_an_owner(&self, user: &str, used: &str) -> Option<String> {
        let (_, owners) = self.owners.iter().find(|(package, _)| *package == used)?;
        let is_allowed = owners.contains(&user) || self.is_outside(user);
        (!is_allowed).then(|| format!("{user} -> {used}: belongs to {}", owners.join(", ")))
    }

    fn stale(&self, graph: &Graph) -> Vec<String> {
        let local: BTreeSet<&str> = graph.local().collect();
        let layered = self.layers.iter().flat_map(|(_, crates)| *crates);
        let rows = layered.chain(self.support).chain(self.tools);
        let stale = rows.filter(|it| !local.contains(**it));
        stale.map(|it| format!("{it}: in the table, but not in the workspace")).collect()
    }

    /// The position (from the bottom up) and the name of a crate's layer.
    fn layer(&self, name: &str) -> Option<(usize, &'static str)> {
        let rank = self.layers.iter().position(|(_, crates)| crates.contains(&name))?;
        self.layers.get(rank).map(|(layer, _)| (rank, *layer))
    }

    fn is_outside(&self, name: &str) -> bool {
        self.support.contains(&name) || self.tools.contains(&name)
    }
}

#[cfg(test)]
mod tests;
