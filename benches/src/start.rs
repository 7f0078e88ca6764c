//! Time from exec to the first answered request.

use std::time::Instant;

use anyhow::Context as _;
use clap::Args;
use eyot_benches::exchange::{Era, Form, Tool};
use http::Uri;
use serde::Serialize;
use tempfile::TempDir;

use crate::budgets::Budget;
use crate::client::Client;
use crate::driver::Driver;
use crate::process::{self, Core, Server};
use crate::program;
use crate::statistics::median;
use crate::subject::Programs;

/// How often to start.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Starts with each store
    #[arg(long, default_value_t = 20)]
    runs: u32,
}

/// What the program starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Store {
    Memory,
    /// A file that does not exist yet.
    FreshSqlite,
    /// A file with the sessions of the starts before.
    ExistingSqlite,
}

/// The times of one store, in milliseconds.
#[derive(Debug, Serialize)]
struct Row {
    store: Store,
    median_ms: f64,
    max_ms: f64,
}

/// Measures, prints a row for each store, and writes `out/bench-start.json`.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    let driver = programs.driver(Core::Second)?;
    let folder = tempfile::tempdir().context("make a folder for stores")?;
    let budget = Budget::find("start.first_answer_ms")?;
    let mut rows = Vec::new();
    for store in [Store::Memory, Store::FreshSqlite, Store::ExistingSqlite] {
        // One more, and first: it reads the program from the disk and makes the file.
        let times_ms = (0..=options.runs).map(|run| {
            let place = place(store, &folder, run);
            start(programs, &driver, &place).with_context(|| format!("start with {place}"))
        });
        let times_ms = times_ms.collect::<anyhow::Result<Vec<f64>>>()?;
        let counted = times_ms.get(1..).unwrap_or_default();
        let max_ms = counted.iter().copied().fold(0.0, f64::max);
        let median_ms = median(counted.iter().copied());
        let verdict = budget.judge(median_ms);
        println!("{store:?}: median {median_ms:.1} ms, max {max_ms:.1} ms, {verdict}");
        rows.push(Row { store, median_ms, max_ms });
    }
    program::write("start", &rows)
}

fn place(store: Store, folder: &TempDir, run: u32) -> String {
    let file = match store {
        Store::Memory => return "memory:".to_owned(),
        Store::FreshSqlite => format!("fresh-{run}.db"),
        Store::ExistingSqlite => "existing.db".to_owned(),
    };
    format!("sqlite:{}", folder.path().join(file).display())
}

/// Starts the program, waits for the answer to one `initialize`, ends it again.
fn start(programs: &Programs, driver: &Driver, store: &str) -> anyhow::Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut command = process::on(Core::First);
    programs.add_serve(&mut command, store);
    command.args(["--upstream", &driver.endpoint(Form::Json)]);
    let begin = Instant::now();
    let server = Server::start(command)?;
    let url: Uri = server.url().parse().context("the endpoint")?;
    runtime.block_on(async {
        Client::connect(&url, Era::Legacy, Tool::Echo).await?.initialize().await
    })?;
    let took = begin.elapsed();
    server.stop()?;
    Ok(took.as_secs_f64() * 1e3)
}
