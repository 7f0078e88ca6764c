//! What interceptors cost: a hop with a plan beside one without, and steps of each kind by themselves.

mod counts;
pub(crate) mod hop;
mod kind;
pub(crate) mod passes;
mod table;
mod verdict;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::comparison::Turns;
use crate::subject::Programs;
use crate::{budgets, callgrind, program};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Which tables
    #[arg(long, value_delimiter = ',', default_value = "counts,list,table,verdict")]
    parts: Vec<Part>,
    /// Small calls by which two runs of a hop differ
    #[arg(long, default_value_t = 1_000)]
    requests: u32,
    #[command(flatten)]
    turns: Turns,
    /// Fail when a count breaks a budget
    #[arg(long)]
    check: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Instructions and allocations of a call through hops
    Counts,
    /// A list of a thousand tools behind rules
    List,
    /// Instructions of 1 to 64 steps of each kind, without a hop
    Table,
    /// Latency and CPU of a call through hops, in turns
    Verdict,
}

/// What all parts gave.
#[derive(Debug, Default, Serialize)]
struct Report {
    counts: Vec<counts::Row>,
    list: Option<table::List>,
    table: Vec<table::Row>,
    verdict: Vec<verdict::Verdict>,
}

/// Measures, prints a table for each part, and writes `out/bench-interceptors.json`.
///
/// # Errors
///
/// When a client fails, or a count breaks its budget and is checked.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    callgrind::require()?;
    let mut report = Report::default();
    let (mut counted, mut timed) = (Vec::new(), Vec::new());
    let asked = |part| options.parts.contains(&part);
    if asked(Part::Counts) {
        (report.counts, counted) = counts::measure(programs, options.requests)?;
    }
    if asked(Part::List) {
        let (list, judged) = table::list(programs)?;
        report.list = Some(list);
        timed.push(judged);
    }
    if asked(Part::Table) {
        report.table = table::measure(programs)?;
    }
    if asked(Part::Verdict) {
        let (rows, judged) = verdict::measure(programs, options.turns)?;
        report.verdict = rows;
        timed.extend(judged);
    }
    program::write("interceptors", &report)?;
    budgets::tell(&timed, false)?;
    budgets::tell(&counted, options.check)
}
