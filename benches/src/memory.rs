//! Resident memory that sessions and streams add.
//!
//! Two steps are measured, and the slope between them counts: what the program holds anyway
//! is in both.

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use eyot_benches::exchange::{Era, Form};
use serde::Serialize;

use crate::budgets::Budget;
use crate::driver::Driver;
use crate::machine::{self, Footprint};
use crate::process::{self, Core, Server};
use crate::program;
use crate::subject::{Hop, Programs};

/// How far to go.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Sessions (or streams) at the first step
    #[arg(long, default_value_t = 1_000)]
    pub(crate) first: usize,
    /// Sessions (or streams) at the second step
    #[arg(long, default_value_t = 10_000)]
    pub(crate) second: usize,
}

/// What is held open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Kind {
    /// Sessions whose connections are closed.
    Sessions,
    /// Sessions with an open stream of events, each on a connection of its own.
    Streams,
    /// Calls of modern clients that a legacy upstream asks, at rest.
    Parked,
}

/// Both steps of one kind.
#[derive(Debug, Serialize)]
pub(crate) struct Steps {
    kind: Kind,
    first: (usize, Footprint),
    pub(crate) second: (usize, Footprint),
    /// The slope between the steps.
    pub(crate) bytes_each: f64,
}

/// Measures sessions, streams, then parked calls; writes `out/bench-memory.json`.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    anyhow::ensure!(options.first < options.second, "the second step must be the larger one");
    let mut all = Vec::new();
    for kind in [Kind::Sessions, Kind::Streams, Kind::Parked] {
        let steps = measure_hop(programs, options, kind).with_context(|| format!("{kind:?}"))?;
        print(&steps)?;
        all.push(steps);
    }
    program::write("memory", &all)
}

fn measure_hop(programs: &Programs, options: &Options, kind: Kind) -> anyhow::Result<Steps> {
    let mut driver = programs.driver(Core::Second)?;
    let mut command = process::on(Core::First);
    if kind == Kind::Parked {
        let face = Hop::Bridge.face(Era::Modern, Form::Asking);
        programs.add_hop(&mut command, Hop::Bridge, &driver.endpoint(face));
        let count = options.second.to_string();
        command.args(["--parked-calls-max", &count]);
    } else {
        programs.add_hop(&mut command, Hop::Eyot, &driver.endpoint(Form::Json));
    }
    let server = Server::start(command)?;
    let steps = measure(&mut driver, &server, options, kind)?;
    driver.close_streams()?;
    Ok(steps)
}

/// Measures a server in both steps. The driver holds what it has opened.
///
/// # Errors
///
/// When the server refuses a session or a stream.
pub(crate) fn measure(
    driver: &mut Driver,
    server: &Server,
    options: &Options,
    kind: Kind,
) -> anyhow::Result<Steps> {
    /// Enough for everything that exists once to exist.
    const WARM_UP: usize = 100;
    let mut step = |count, already| {
        open(driver, server, kind, count - already)?;
        settle(server)
    };
    step(WARM_UP, 0)?;
    let first = step(options.first, WARM_UP.min(options.first))?;
    let second = step(options.second, options.first)?;
    let added_bytes = second.anonymous_bytes as f64 - first.anonymous_bytes as f64;
    let bytes_each = added_bytes / (options.second - options.first) as f64;
    let (first, second) = ((options.first, first), (options.second, second));
    Ok(Steps { kind, first, second, bytes_each })
}

fn open(driver: &mut Driver, server: &Server, kind: Kind, count: usize) -> anyhow::Result<()> {
    match kind {
        Kind::Sessions => driver.open_sessions(server.url(), count),
        Kind::Streams => driver.open_streams(server.url(), count),
        Kind::Parked => driver.park_calls(server.url(), count),
    }
}

/// Waits until the footprint no longer changes: closed connections are gone, and the
/// allocator has given back what it does not need.
///
/// # Errors
///
/// When the server has ended.
pub(crate) fn settle(server: &Server) -> anyhow::Result<Footprint> {
    const PAUSE: Duration = Duration::from_millis(500);
    const PAUSES_MAX: u32 = 20;
    let mut last = machine::footprint(server.pid())?;
    for _ in 0..PAUSES_MAX {
        machine::pause(PAUSE)?;
        let now = machine::footprint(server.pid())?;
        if now == last {
            break;
        }
        last = now;
    }
    Ok(last)
}

fn print(steps: &Steps) -> anyhow::Result<()> {
    let Steps { kind, first, second, bytes_each } = steps;
    for (count, footprint) in [first, second] {
        let Footprint { anonymous_bytes, threads, files } = footprint;
        let resident_kb = anonymous_bytes >> 10;
        println!("{count:6} {kind:?}: {resident_kb} KB, {threads} threads, {files} open files");
    }
    let table = match kind {
        Kind::Sessions => "memory.session_bytes",
        Kind::Streams => "memory.stream_bytes",
        Kind::Parked => "memory.parked_call_bytes",
    };
    let verdict = Budget::find(table)?.judge(*bytes_each);
    println!("       {kind:?}: {bytes_each:.0} bytes each, {verdict}");
    Ok(())
}
