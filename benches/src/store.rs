//! What it costs to store events before they are shown: SQLite beside memory. Legacy clients make
//! calls that are answered in events, a notification and the answer.

use std::fmt;

use anyhow::Context as _;
use clap::Args;
use eyot_benches::exchange::{Era, Form};
use serde::Serialize;
use tempfile::TempDir;

use crate::budgets::{self, Judged};
use crate::comparison::{Comparison, Row, Side, Turns};
use crate::load::Load;
use crate::process::{self, Core, Server};
use crate::program;
use crate::subject::Programs;

/// How much to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Clients at the same time
    #[arg(long, value_delimiter = ',', default_value = "1,8,32,256")]
    clients: Vec<usize>,
    /// Operations of the store in a call, by which its cost is divided: what has come together is
    /// stored together
    #[arg(long, default_value_t = 1)]
    operations: u32,
    #[command(flatten)]
    turns: Turns,
}

/// Where events are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Store {
    Memory,
    /// A file, synced before an event is shown.
    Sqlite,
}

const STORES: [Store; 2] = [Store::Memory, Store::Sqlite];

/// Events of one call.
const EVENTS: f64 = 2.0;

/// Both stores with so many clients.
#[derive(Debug, Serialize)]
struct Pair {
    rows: [Row; 2],
    sqlite_events_per_second: f64,
    /// What SQLite costs more than memory, for one operation.
    operation_cpu_us: f64,
}

/// Measures, prints rows, and writes `out/bench-store.json`.
///
/// # Errors
///
/// When a client fails.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    let (mut pairs, mut judged) = (Vec::new(), Vec::new());
    println!("{}", Row::HEAD);
    for &clients in &options.clients {
        let comparison = measure(programs, options.turns, clients)?;
        let rows = STORES.map(|it| Row::new(&comparison, (it, Store::Memory), clients));
        rows.iter().for_each(|row| println!("{row}"));
        let [memory, sqlite] = STORES.map(|it| comparison.median(it));
        let more_cpu_us = sqlite.cpu_us_per_request - memory.cpu_us_per_request;
        let operation_cpu_us = more_cpu_us / f64::from(options.operations);
        let sqlite_events_per_second = sqlite.requests_per_second * EVENTS;
        println!(
            "{:37}{sqlite_events_per_second:.0} events/s in SQLite, {operation_cpu_us:.1} us CPU an operation",
            ""
        );
        if clients == BUDGET_CLIENTS {
            let figure = sqlite_events_per_second;
            judged.push(Judged::new(what(clients), "store.events_per_second", figure)?);
            judged.push(Judged::new(what(clients), "store.operation_cpu_us", operation_cpu_us)?);
        }
        pairs.push(Pair { rows, sqlite_events_per_second, operation_cpu_us });
    }
    program::write("store", &pairs)?;
    budgets::tell(&judged, false)
}

/// What the budgets are for.
const BUDGET_CLIENTS: usize = 32;

fn what(clients: usize) -> String {
    format!("{}, {clients} clients", Store::Sqlite)
}

fn measure(programs: &Programs, turns: Turns, clients: usize) -> anyhow::Result<Comparison<Store>> {
    // Beside the results: a folder for temporary files may be in memory.
    let folder = tempfile::tempdir_in(program::out_folder()?).context("make a folder")?;
    let mut driver = programs.driver(Core::of_clients(clients))?;
    let mut sides = Vec::new();
    for subject in STORES {
        let mut command = process::on(Core::First);
        programs.add_serve(&mut command, &subject.url(&folder));
        command.args(["--upstream", &driver.endpoint(Form::Events)]);
        let server = Server::start(command)?;
        let load = Load::echo(&server, Era::Legacy, clients, turns.extent());
        sides.push(Side { subject, server, load });
    }
    Comparison::measure(&mut driver, &sides, turns.rounds)
}

impl Store {
    fn url(self, folder: &TempDir) -> String {
        match self {
            Self::Memory => "memory:".to_owned(),
            Self::Sqlite => format!("sqlite:{}", folder.path().join("events.db").display()),
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "events in memory",
            Self::Sqlite => "events in SQLite",
        })
    }
}
