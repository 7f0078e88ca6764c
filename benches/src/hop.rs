//! Hops side by side: latency, throughput and CPU per request.
//!
//! Every round measures all hops one after the other, every second round backwards; ratios
//! are taken within a round, and the median of the rounds counts. What others do to the
//! machine meets both sides of a ratio alike, and the most crowded rounds are left out.

mod cell;
mod summary;

use anyhow::Context as _;
use clap::Args;

use crate::comparison::Turns;
use crate::hop::cell::Cell;
use crate::hop::summary::Summary;
use crate::program;
use crate::subject::Programs;
use eyot_benches::exchange::Form;

/// What to measure. The default is the short run over a few sizes.
#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// All sizes and connections, more rounds, longer ones
    #[arg(long)]
    full: bool,
    /// Sizes of the text that is sent and comes back, in bytes
    #[arg(long, value_delimiter = ',')]
    text_bytes: Vec<usize>,
    /// Numbers of clients
    #[arg(long, value_delimiter = ',')]
    connections: Vec<usize>,
    /// Forms of the answer
    #[arg(long, value_enum, value_delimiter = ',')]
    forms: Vec<Form>,
    /// Rounds that count
    #[arg(long)]
    rounds: Option<usize>,
    /// Milliseconds for one hop in one round
    #[arg(long)]
    millis: Option<u64>,
}

impl Options {
    fn cells(&self) -> Vec<Cell> {
        let sizes = given_or(&self.text_bytes, self.full, &[200, 65_536], ALL_SIZES);
        let connections = given_or(&self.connections, self.full, &[1, 32], ALL_CONNECTIONS);
        let forms = given_or(&self.forms, true, &[], &[Form::Json, Form::Events]);
        let turns = Turns {
            rounds: self.rounds.unwrap_or(if self.full { 7 } else { 5 }),
            millis: self.millis.unwrap_or(if self.full { 1_000 } else { 300 }),
        };
        let mut cells = Vec::new();
        for &form in &forms {
            for &text_bytes in &sizes {
                for &connections in &connections {
                    cells.push(Cell { form, text_bytes, connections, turns });
                }
            }
        }
        cells
    }
}

const ALL_SIZES: &[usize] = &[200, 4 << 10, 64 << 10, 1 << 20];
const ALL_CONNECTIONS: &[usize] = &[1, 32, 256];

fn given_or<T: Copy>(given: &[T], is_full: bool, quick: &[T], full: &[T]) -> Vec<T> {
    match (given.is_empty(), is_full) {
        (false, _) => given.to_vec(),
        (true, true) => full.to_vec(),
        (true, false) => quick.to_vec(),
    }
}

/// Measures, prints a table for each cell, and writes all to `out/bench-hop.json`.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    let (mut summaries, mut throughputs) = (Vec::new(), Vec::new());
    for cell in options.cells() {
        let comparison = cell.measure(programs).with_context(|| cell.to_string())?;
        let summary = Summary::new(cell, &comparison);
        println!("{summary}");
        throughputs.extend(summary.throughput()?);
        summaries.push(summary);
    }
    throughputs.iter().for_each(|it| println!("{it}"));
    program::write("hop", &summaries)
}
