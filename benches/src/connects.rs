//! Connections that a hop opens to its upstream for calls that run at the same time: none, once it
//! has as many as there are calls.

use std::fmt;

use clap::Args;
use eyot_benches::exchange::{Era, Form};

use crate::budgets::{self, Judged};
use crate::comparison::{Comparison, Row, Side, Turns};
use crate::load::{Load, Sample};
use crate::process::{self, Core, Server};
use crate::program;
use crate::statistics::median;
use crate::subject::{Hop, Programs, Subject};

/// How much to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Calls at the same time
    #[arg(long, value_delimiter = ',', default_value = "64,128,256")]
    clients: Vec<usize>,
    #[command(flatten)]
    turns: Turns,
    /// Fail when the budget is broken
    #[arg(long)]
    check: bool,
}

/// What is measured: clients of an era, and how they are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Case {
    subject: Subject,
    form: Form,
}

const CASES: &[Case] = &[
    Case { subject: Subject { hop: Hop::Eyot, era: Era::Legacy }, form: Form::Json },
    Case { subject: Subject { hop: Hop::Eyot, era: Era::Modern }, form: Form::Json },
    Case { subject: Subject { hop: Hop::Eyot, era: Era::Modern }, form: Form::Events },
];

/// Counts, prints a row for each case, and writes `out/bench-connects.json`.
///
/// # Errors
///
/// When a client fails, or the budget is broken and checked.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    let (mut rows, mut judged) = (Vec::new(), Vec::new());
    println!("{}   connects", Row::HEAD);
    for &clients in &options.clients {
        let comparison = measure(programs, options.turns, clients)?;
        for &case in CASES {
            let row = Row::new(&comparison, (case, case), clients);
            let connects = comparison.samples(case).map(|it: &Sample| it.connects_per_request);
            let connects = median(connects);
            println!("{row}   {connects:.4}");
            if clients == BUDGET_CLIENTS {
                let what = format!("{case}, {clients} clients");
                judged.push(Judged::new(what, "connects.per_call", connects)?);
            }
            rows.push((row, connects));
        }
    }
    program::write("connects", &rows)?;
    budgets::tell(&judged, options.check)
}

/// What the budget is for.
const BUDGET_CLIENTS: usize = 256;

fn measure(programs: &Programs, turns: Turns, clients: usize) -> anyhow::Result<Comparison<Case>> {
    let mut driver = programs.driver(Core::Second)?;
    let mut sides = Vec::new();
    for &case in CASES {
        let Case { subject, form } = case;
        let mut command = process::on(Core::First);
        programs.add_hop(&mut command, subject.hop, &driver.endpoint(form));
        let server = Server::start(command)?;
        let load = Load::echo(&server, subject.era, clients, turns.extent());
        sides.push(Side { subject: case, server, load });
    }
    Comparison::measure(&mut driver, &sides, turns.rounds)
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, form } = self;
        write!(f, "{subject}, {form}")
    }
}
