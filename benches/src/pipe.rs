//! Many clients before one legacy server on a pipe: those of the modern era, over the bridge, beside
//! those of its own era.

use std::io::{BufRead as _, Write as _};

use anyhow::Context as _;
use clap::Args;
use eyot_benches::exchange::{Era, Tool};
use serde::Serialize;

use crate::backend;
use crate::budgets::{Budget, Verdict};
use crate::load::{Extent, Load, Sample};
use crate::process::{self, Core, Server};
use crate::program;
use crate::statistics::median;
use crate::subject::Programs;

/// How much to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Clients at the same time
    #[arg(long, default_value_t = 100)]
    clients: usize,
    /// Rounds; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Milliseconds for one era in one round
    #[arg(long, default_value_t = 1_000)]
    millis: u64,
    /// Fail when the budget is broken
    #[arg(long)]
    check: bool,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    clients: usize,
    legacy_requests_per_second: f64,
    modern_requests_per_second: f64,
    ratio: f64,
}

/// Measures, prints both figures and their ratio, and writes `out/bench-pipe.json`.
///
/// # Errors
///
/// When a client fails, or the budget is broken and checked.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let programs = Programs::find()?;
    let (mut legacy, mut modern, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let ours = sample(&programs, options, Era::Legacy)?.requests_per_second;
        let theirs = sample(&programs, options, Era::Modern)?.requests_per_second;
        legacy.push(ours);
        modern.push(theirs);
        ratios.push(theirs / ours);
    }
    let report = Report {
        clients: options.clients,
        legacy_requests_per_second: median(legacy),
        modern_requests_per_second: median(modern),
        ratio: median(ratios),
    };
    let verdict = Budget::find("pipe.modern_ratio")?.judge(report.ratio);
    println!(
        "{} clients before a legacy server on a pipe: legacy {:.0}/s, modern {:.0}/s, ratio {:.2}, {verdict}",
        report.clients,
        report.legacy_requests_per_second,
        report.modern_requests_per_second,
        report.ratio
    );
    let path = program::out_folder()?.join("bench-pipe.json");
    std::fs::write(&path, serde_json::to_vec_pretty(&report)?)?;
    anyhow::ensure!(!options.check || verdict != Verdict::Broken, "a budget is broken");
    Ok(())
}

fn sample(programs: &Programs, options: &Options, era: Era) -> anyhow::Result<Sample> {
    let mut driver = programs.driver(Core::Second)?;
    let mut command = process::on(Core::First);
    command.arg(programs.eyot()).args(["serve", "--json", "--listen", "127.0.0.1:0"]);
    command.args(["--store", "memory:", "--"]).arg(programs.bench()).arg("pipe-backend");
    let server = Server::start(command)?;
    let sample = driver.measure(&Load {
        url: server.url().to_owned(),
        era,
        tool: Tool::Echo,
        text_bytes: 200,
        connections: options.clients,
        extent: Extent::Millis(options.millis),
        server_pid: server.pid(),
    })?;
    server.stop()?;
    Ok(sample)
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
