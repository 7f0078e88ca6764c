//! What carries messages besides Streamable HTTP, each held against it: instructions of a call,
//! latencies, memory of what is idle, and the start of `eyot connect`.

mod counts;
mod idle;
mod latency;
mod setting;
mod start;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::budgets::{self, Judged};
use crate::callgrind;
use crate::comparison::Turns;
use crate::program;
use crate::subject::Programs;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Which tables
    #[arg(long, value_delimiter = ',', default_value = "counts,latency,idle,start")]
    parts: Vec<Part>,
    #[command(flatten)]
    turns: Turns,
    /// Idle connections at the second of two steps
    #[arg(long, default_value_t = 4_000)]
    idle: usize,
    /// Starts of `eyot connect`
    #[arg(long, default_value_t = 20)]
    starts: u32,
    /// Fail when a count breaks a budget
    #[arg(long)]
    check: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Instructions of a call
    Counts,
    /// Latency and CPU of a call
    Latency,
    /// Memory of idle connections
    Idle,
    /// The start and the memory of `eyot connect`
    Start,
}

/// What all parts gave.
#[derive(Debug, Default, Serialize)]
struct Report {
    counts: Vec<counts::Row>,
    latency: Vec<crate::comparison::Row>,
    idle: Vec<idle::Row>,
    start: Option<start::Row>,
}

/// Measures, prints a table for each part, and writes `out/bench-carriers.json`.
///
/// # Errors
///
/// When a client fails, or a budget is broken and checked.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    let (mut report, mut judged) = (Report::default(), Vec::new());
    let asked = |part| options.parts.contains(&part);
    if asked(Part::Counts) {
        callgrind::require()?;
        report.counts = counts::run(programs)?;
        for row in &report.counts {
            let Some(ratio) = row.ratio() else { continue };
            judged.push(Judged::new(row.name(), "carriers.instructions_ratio", ratio)?);
        }
    }
    if asked(Part::Latency) {
        let (rows, connect) = latency::run(programs, options.turns)?;
        report.latency = rows;
        judged.push(Judged::new("p50".to_owned(), "carriers.connect_p50_ratio", connect)?);
    }
    if asked(Part::Idle) {
        report.idle = idle::run(programs, options.idle)?;
        for row in &report.idle {
            let Some(table) = row.table() else { continue };
            judged.push(Judged::new(row.name(), table, row.bytes_each)?);
        }
    }
    if asked(Part::Start) {
        let row = start::run(programs, options.starts)?;
        judged.push(Judged::new("connect".to_owned(), "carriers.connect_start_ms", row.median_ms)?);
        let resident = row.resident_bytes as f64;
        judged.push(Judged::new("connect".to_owned(), "carriers.connect_bytes", resident)?);
        report.start = Some(row);
    }
    program::write("carriers", &report)?;
    budgets::tell(&judged, options.check)
}
