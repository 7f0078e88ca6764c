//! What many idle sessions cost those who call: a call beside few and many of them, and the sweep
//! that looks at all of them.

use std::fmt;
use std::time::Duration;

use clap::Args;
use eyot_benches::exchange::{Era, Form};
use serde::Serialize;

use crate::comparison::{Comparison, Row, Side, Turns};
use crate::driver::Driver;
use crate::load::{Extent, Load};
use crate::process::{self, Core, Server};
use crate::subject::{Hop, Programs};
use crate::{machine, program};

/// How far to go.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Idle sessions, few and many
    #[arg(long, value_delimiter = ',', default_value = "1000,50000")]
    sessions: Vec<usize>,
    #[command(flatten)]
    turns: Turns,
}

/// A server with so many idle sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Idle {
    sessions: usize,
}

/// What so many sessions cost.
#[derive(Debug, Serialize)]
struct Cost {
    sessions: usize,
    row: Row,
    /// What the process uses at once when only the sweep runs.
    sweep_cpu_us: f64,
    /// The longest that one client waited, in the calmest of a few rounds with a sweep in each.
    longest_wait_us: f64,
    files: usize,
}

/// Clients that call meanwhile.
const CLIENTS: usize = 32;

/// More than the time between two sweeps.
const SWEEP: Duration = Duration::from_secs(6);

/// Measures, prints rows, and writes `out/bench-sessions.json`.
///
/// # Errors
///
/// When a session is refused, or a client fails.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    let mut driver = programs.driver(Core::Second)?;
    let sides = options.sessions.iter().map(|it| side(programs, &mut driver, options.turns, *it));
    let sides = sides.collect::<anyhow::Result<Vec<_>>>()?;
    let comparison = Comparison::measure(&mut driver, &sides, options.turns.rounds)?;
    let longest_waits_us = longest_waits_us(programs, &sides)?;
    let mut costs = Vec::new();
    println!("{}", Row::HEAD);
    for (side, longest_wait_us) in sides.iter().zip(longest_waits_us) {
        let few = comparison.subjects.first().copied().unwrap_or(side.subject);
        let row = Row::new(&comparison, (side.subject, few), CLIENTS);
        let pid = side.server.pid();
        let sweep_cpu_us = machine::longest_burst(pid, 2 * SWEEP)?.as_secs_f64() * 1e6;
        let files = machine::footprint(pid)?.files;
        println!("{row}");
        println!(
            "{:37}sweep {sweep_cpu_us:.0} us CPU, longest wait of a client {longest_wait_us:.0} us, {files} open files",
            ""
        );
        let sessions = side.subject.sessions;
        costs.push(Cost { sessions, row, sweep_cpu_us, longest_wait_us, files });
    }
    program::write("sessions", &costs)
}

fn side(
    programs: &Programs,
    driver: &mut Driver,
    turns: Turns,
    sessions: usize,
) -> anyhow::Result<Side<Idle>> {
    let mut command = process::on(Core::First);
    programs.add_hop(&mut command, Hop::Eyot, &driver.endpoint(Form::Json));
    let server = Server::start(command)?;
    driver.open_sessions(server.url(), sessions)?;
    let load = Load::echo(&server, Era::Legacy, CLIENTS, turns.extent());
    Ok(Side { subject: Idle { sessions }, server, load })
}

/// Lets one client call longer than a sweep is away. Others make a wait longer, never shorter, so
/// the least of the rounds counts.
fn longest_waits_us(programs: &Programs, sides: &[Side<Idle>]) -> anyhow::Result<Vec<f64>> {
    const ROUNDS: usize = 3;
    let millis = u64::try_from(SWEEP.as_millis())?;
    let mut driver = programs.driver(Core::Second)?;
    let sides = sides.iter().map(|it| {
        let load = Load::echo(&it.server, Era::Legacy, 1, Extent::Millis(millis));
        (0..ROUNDS).try_fold(f64::INFINITY, |least, _| Ok(driver.measure(&load)?.max_us.min(least)))
    });
    sides.collect()
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} idle sessions", self.sessions)
    }
}
