//! Instructions and system calls that one request costs in each hop.
//!
//! Each hop runs twice under callgrind, with N and with 2N calls of one client: start and
//! warm-up are in both, so the difference is N calls and nothing else.

use anyhow::Context as _;
use clap::Args;
use eyot_benches::exchange::{Era, Form};
use serde::Serialize;

use crate::budgets::{Budget, Verdict};
use crate::callgrind::{self, Counts};
use crate::load::{Extent, Load};
use crate::process::{Core, Server};
use crate::program;
use crate::subject::{Hop, Programs, Subject};

/// How to count.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Calls by which the two runs differ
    #[arg(long, default_value_t = 1_000)]
    requests: u32,
    /// Bytes of the text that is sent and comes back
    #[arg(long, default_value_t = 200)]
    text_bytes: usize,
    /// Fail when a budget is broken
    #[arg(long)]
    check: bool,
}

/// What is counted, each baseline before what is held against it.
const CASES: &[(Hop, Era, Form)] = &[
    (Hop::Bare, Era::Legacy, Form::Json),
    (Hop::Envelope, Era::Legacy, Form::Json),
    (Hop::Eyot, Era::Legacy, Form::Json),
    (Hop::Bridge, Era::Legacy, Form::Json),
    (Hop::Envelope, Era::Modern, Form::Json),
    (Hop::Eyot, Era::Modern, Form::Json),
    (Hop::Bridge, Era::Modern, Form::Json),
    (Hop::Envelope, Era::Legacy, Form::Events),
    (Hop::Eyot, Era::Legacy, Form::Events),
    (Hop::Bridge, Era::Legacy, Form::Events),
    (Hop::Envelope, Era::Modern, Form::Events),
    (Hop::Eyot, Era::Modern, Form::Events),
    (Hop::Bridge, Era::Modern, Form::Events),
];

/// The counts of one hop.
#[derive(Debug, Serialize)]
struct Row {
    subject: Subject,
    form: Form,
    per_request: Counts,
    /// Instructions against the envelope hop with the same clients and answers.
    ratio: Option<f64>,
}

/// Counts, prints a table, and writes it to `out/bench-instructions.json`.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    callgrind::require()?;
    let mut rows: Vec<Row> = Vec::new();
    for &(hop, era, form) in CASES {
        let subject = Subject { hop, era };
        let per_request = count(programs, options, subject, form)
            .with_context(|| format!("{subject}, {form}"))?;
        let baseline = rows.iter().find(|it| it.subject == subject.baseline() && it.form == form);
        let ratio = baseline.map(|it| per_request.instructions / it.per_request.instructions);
        let row = Row { subject, form, per_request, ratio };
        print(&row);
        rows.push(row);
    }
    program::write("instructions", &rows)?;
    judge(&rows, options.check)
}

fn count(
    programs: &Programs,
    options: &Options,
    subject: Subject,
    form: Form,
) -> anyhow::Result<Counts> {
    let total = |requests| total(programs, options, (subject, form), requests);
    let once = total(options.requests)?;
    let twice = total(options.requests * 2)?;
    Ok(Counts::per_repetition(once, twice, options.requests))
}

/// What one run executes from start to end.
fn total(
    programs: &Programs,
    options: &Options,
    (subject, form): (Subject, Form),
    requests: u32,
) -> anyhow::Result<Counts> {
    let profile = callgrind::profile(&format!("{subject}, {form}"))?;
    let mut driver = programs.driver(Core::Second)?;
    let mut command = callgrind::command(&profile);
    let face = subject.hop.face(subject.era, form);
    programs.add_hop(&mut command, subject.hop, &driver.endpoint(face));
    let server = Server::start(command)?;
    let extent = Extent::Requests(requests.into());
    let load = Load::echo(&server, subject.era, 1, extent);
    driver.measure(&Load { text_bytes: options.text_bytes, ..load })?;
    server.stop()?;
    callgrind::totals(&profile)
}

fn print(row: &Row) {
    let Row { subject, form, per_request, ratio } = row;
    let Counts { instructions, system_calls, allocations } = per_request;
    let ratio = ratio.map(|it| format!("{it:.3} x envelope hop")).unwrap_or_default();
    let name = format!("{subject}, {form}");
    println!(
        "{name:30} {instructions:9.0} instructions {system_calls:6.2} system calls \
         {allocations:6.2} allocations  {ratio}"
    );
}

/// Holds Eyot's rows against the budgets. Those of allocations are of JSON answers.
fn judge(rows: &[Row], is_gate: bool) -> anyhow::Result<()> {
    let ratio_budget = Budget::find("hop.instructions_ratio")?;
    let allocations_budget = Budget::find("hop.allocations")?;
    let mut verdicts = Vec::new();
    for row in rows.iter().filter(|it| it.subject.hop == Hop::Eyot) {
        let ratio = row.ratio.context("a baseline is missing")?;
        verdicts.push((row, "hop.instructions_ratio", ratio, ratio_budget.judge(ratio)));
        if row.form == Form::Json {
            let allocations = row.per_request.allocations;
            let verdict = allocations_budget.judge(allocations);
            verdicts.push((row, "hop.allocations", allocations, verdict));
        }
    }
    for (row, table, figure, verdict) in &verdicts {
        println!("{}, {}: {table} {figure:.3}, {verdict}", row.subject, row.form);
    }
    let broken = verdicts.iter().filter(|it| it.3 == Verdict::Broken).count();
    anyhow::ensure!(!is_gate || broken == 0, "{broken} budgets are broken");
    Ok(())
}
