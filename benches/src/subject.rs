//! What is measured: a backend, alone or behind one hop.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use eyot_benches::exchange::{Era, Face, Form};
use serde::Serialize;

use crate::driver::Driver;
use crate::process::{self, Core, Server};
use crate::program;
use crate::servers_file;

/// What stands between the clients and the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hop {
    /// Nothing.
    None,
    /// hyper on both sides; messages are not read.
    Bare,
    /// hyper on both sides; envelopes are read both ways. The baseline of the budgets.
    Envelope,
    /// `eyot serve`.
    Eyot,
    /// `eyot serve` before a backend of the other era alone.
    Bridge,
    /// `eyot serve` before ten servers of a hundred tools each, as one.
    Gateway,
}

impl Hop {
    /// The face of the backend behind this hop for clients of an era.
    pub(crate) fn face(self, era: Era, form: Form) -> Face {
        let only = (self == Self::Bridge).then(|| era.other());
        Face { only, form }
    }
}

/// A hop and the era of its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) hop: Hop,
    pub(crate) era: Era,
}

impl Subject {
    /// The hop that this one is held against: the same clients, envelopes read.
    pub(crate) const fn baseline(self) -> Self {
        Self { hop: Hop::Envelope, era: self.era }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hop, era } = self;
        let hop = match hop {
            Hop::None => "no hop",
            Hop::Bare => "bare hop",
            Hop::Envelope => "envelope hop",
            Hop::Eyot => "eyot",
            Hop::Bridge => "bridge",
            Hop::Gateway => "gateway",
        };
        write!(f, "{hop}, {era}")
    }
}

impl Serialize for Subject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The programs that take part.
#[derive(Debug)]
pub(crate) struct Programs {
    bench: PathBuf,
    eyot: PathBuf,
}

impl Programs {
    /// Finds them. Without another `eyot`, it is built if cargo runs us.
    ///
    /// # Errors
    ///
    /// When one is missing.
    pub(crate) fn find(eyot: Option<PathBuf>) -> anyhow::Result<Self> {
        let eyot = eyot.map_or_else(program::eyot, Ok)?;
        Ok(Self { bench: program::bench()?, eyot })
    }

    /// Finds this program alone, for measurements without a hop of `eyot`.
    ///
    /// # Errors
    ///
    /// When the system does not say where it is.
    pub(crate) fn find_bench() -> anyhow::Result<Self> {
        let bench = program::bench()?;
        Ok(Self { eyot: bench.with_file_name("eyot"), bench })
    }

    pub(crate) fn bench(&self) -> &Path {
        &self.bench
    }

    /// Starts a driver on a core.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub(crate) fn driver(&self, core: Core) -> anyhow::Result<Driver> {
        let mut command = process::on(core);
        command.arg(&self.bench).arg("driver");
        Driver::start(command)
    }

    /// Starts a backend that stands alone, where the hops stand otherwise.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub(crate) fn backend(&self) -> anyhow::Result<Server> {
        let mut command = process::on(Core::First);
        command.arg(&self.bench).arg("backend");
        Server::start(command)
    }

    /// Adds to `command` the program `eyot` and how it serves; where, the caller adds.
    pub(crate) fn add_serve(&self, command: &mut Command, store: &str) {
        command.arg(&self.eyot).args(["serve", "--json", "--listen", "127.0.0.1:0"]);
        command.args(["--store", store]);
    }

    /// The words that start `eyot connect`.
    ///
    /// # Errors
    ///
    /// When the program's path is no text.
    pub(crate) fn connect(&self, url: &str) -> anyhow::Result<Vec<String>> {
        let eyot = self.eyot.to_str().context("the path of the program")?;
        Ok([eyot, "connect", url].map(str::to_owned).to_vec())
    }

    /// Adds to `command` the program and the arguments of a hop before `upstream`; nothing
    /// where there is no hop.
    pub(crate) fn add_hop(&self, command: &mut Command, hop: Hop, upstream: &str) {
        match hop {
            Hop::None => {}
            Hop::Bare => {
                command.arg(&self.bench).args(["bare-hop", "--upstream", upstream]);
            }
            Hop::Envelope => {
                command.arg(&self.bench).args(["bare-hop", "--envelope", "--upstream", upstream]);
            }
            Hop::Eyot => {
                self.add_serve(command, "memory:");
                command.args(["--upstream", upstream]);
            }
            Hop::Bridge => {
                self.add_hop(command, Hop::Eyot, upstream);
                command.args(["--affinity", "shared"]);
            }
            Hop::Gateway => {
                self.add_serve(command, "memory:");
                // Without the file the program says what is missing.
                let file = servers_file::file(upstream, GATEWAY_SERVERS).unwrap_or_default();
                command.arg("--config").arg(file);
            }
        }
    }
}

/// Servers behind the gateway of a hop.
const GATEWAY_SERVERS: usize = 10;
