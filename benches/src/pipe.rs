//! Many clients before one legacy server on a pipe: those of the modern era, over the bridge, beside
//! those of its own era.

use std::io::{BufRead as _, Write as _};

use anyhow::Context as _;
use clap::Args;
use eyot_benches::exchange::Era;

use crate::backend;
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
    #[arg(long, default_value_t = 100)]
    clients: usize,
    #[command(flatten)]
    turns: Turns,
    /// Fail when the budget is broken
    #[arg(long)]
    check: bool,
}

/// Measures, prints both figures and their ratio, and writes `out/bench-pipe.json`.
///
/// # Errors
///
/// When a client fails, or the budget is broken and checked.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    let &Options { clients, turns, check } = options;
    let mut driver = programs.driver(Core::Second)?;
    let sides = [Era::Legacy, Era::Modern].map(|era| {
        let server = serve_pipe(programs)?;
        let load = Load::echo(&server, era, clients, turns.extent());
        Ok(Side { subject: era, server, load })
    });
    let sides = sides.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let comparison = Comparison::measure(&mut driver, &sides, turns.rounds)?;
    let rows = [Era::Legacy, Era::Modern];
    let rows = rows.map(|era| Row::new(&comparison, (era, Era::Legacy), clients));
    println!("{}", Row::HEAD);
    rows.iter().for_each(|row| println!("{row}"));
    program::write("pipe", &rows)?;
    let ratio = comparison.ratio(Era::Modern, Era::Legacy).requests_per_second;
    let what = format!("{clients} clients before a legacy server on a pipe");
    budgets::tell(&[Judged::new(what, "pipe.modern_ratio", ratio)?], check)
}

/// Starts `eyot` before a legacy server on a pipe.
///
/// # Errors
///
/// When it does not start.
pub(crate) fn serve_pipe(programs: &Programs) -> anyhow::Result<Server> {
    let mut command = process::on(Core::First);
    programs.add_serve(&mut command, "memory:");
    command.arg("--").arg(programs.bench()).arg("pipe-backend");
    Server::start(command)
}

/// Serves the legacy era on standard input and output, one message per line, until the input ends.
///
/// # Errors
///
/// When the other side has gone.
pub(crate) fn serve() -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line.context("read a message")?;
        if let Some(answer) = backend::legacy_line(&line) {
            output.write_all(&answer).context("write an answer")?;
            output.flush().context("write an answer")?;
        }
    }
    Ok(())
}
