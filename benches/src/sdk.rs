//! Eyot beside rmcp, the official SDK: the same tools, the same calls, in one run.
//!
//! Counts are exact and need no repetition; times are taken in rounds, in which both take turns.

mod heap;
mod instructions;
mod memory;
mod table;
mod times;

use clap::{Args, ValueEnum};

use crate::comparison::Turns;
use crate::program;
use crate::sdk::table::Row;
use crate::subject::Programs;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',')]
    parts: Vec<Part>,
    /// Calls by which two runs under callgrind differ
    #[arg(long, default_value_t = 1_000)]
    requests: u32,
    #[command(flatten)]
    turns: Turns,
    /// Sessions (or streams) that are held open at once
    #[arg(long, default_value_t = 10_000)]
    sessions: usize,
    /// Fail when a budget is broken
    #[arg(long)]
    check: bool,
}

/// A part of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Allocations, bytes and tasks, called within a process
    Heap,
    /// Instructions per request over loopback
    Instructions,
    /// Throughput and latency over loopback
    Times,
    /// Resident memory of sessions and streams
    Memory,
}

const ALL_PARTS: &[Part] = &[Part::Heap, Part::Instructions, Part::Times, Part::Memory];

/// Measures, prints a table for each part, and writes all to `out/bench-sdk.json`.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    let parts = if options.parts.is_empty() { ALL_PARTS } else { options.parts.as_slice() };
    let mut rows: Vec<Row> = Vec::new();
    for part in parts {
        let measured = match part {
            Part::Heap => heap::rows()?,
            Part::Instructions => instructions::rows(programs, options.requests)?,
            Part::Times => times::rows(programs, options.turns)?,
            Part::Memory => memory::rows(programs, options.sessions)?,
        };
        table::print(&measured)?;
        rows.extend(measured);
    }
    program::write("sdk", &rows)?;
    table::judge(&rows, options.check)
}
