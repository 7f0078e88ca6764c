//! Instructions and system calls that one request costs in each hop.
//!
//! Each hop runs twice under callgrind, with N and with 2N calls of one client: start and
//! warm-up are in both, so the difference is N calls and nothing else.

use std::fmt;

use anyhow::Context as _;
use clap::Args;
use eyot_benches::exchange::{Era, Form};
use serde::Serialize;

use crate::budgets::{self, Judged};
use crate::callgrind::{self, Counts};
use crate::load::{Extent, Load};
use crate::process::{Core, Server};
use crate::program;
use crate::subject::{Hop, Programs, Subject};

/// How to count.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Sizes of the text that is sent and comes back, in bytes
    #[arg(long, alias = "text-bytes", value_delimiter = ',', default_value = "200")]
    sizes: Vec<usize>,
    /// Calls by which the two runs differ. Default: 1,000, fewer of large texts
    #[arg(long)]
    requests: Option<u32>,
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
    (Hop::Gateway, Era::Legacy, Form::Json),
    (Hop::Envelope, Era::Modern, Form::Json),
    (Hop::Eyot, Era::Modern, Form::Json),
    (Hop::Bridge, Era::Modern, Form::Json),
    (Hop::Gateway, Era::Modern, Form::Json),
    (Hop::Envelope, Era::Legacy, Form::Events),
    (Hop::Eyot, Era::Legacy, Form::Events),
    (Hop::Bridge, Era::Legacy, Form::Events),
    (Hop::Envelope, Era::Modern, Form::Events),
    (Hop::Eyot, Era::Modern, Form::Events),
    (Hop::Bridge, Era::Modern, Form::Events),
];

/// What one row is about.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Case {
    subject: Subject,
    form: Form,
    text_bytes: usize,
}

/// The counts of one hop.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    case: Case,
    per_request: Counts,
    /// Instructions against the envelope hop with the same clients and answers.
    ratio: Option<f64>,
    /// Instructions of the bridge, or of a gateway, against Eyot before one server of the clients' own
    /// era.
    same_era_ratio: Option<f64>,
}

/// Counts, prints a table, and writes it to `out/bench-instructions.json`.
///
/// # Errors
///
/// When a client fails, or a budget is broken and checked.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    callgrind::require()?;
    let mut rows: Vec<Row> = Vec::new();
    for &text_bytes in &options.sizes {
        for &(hop, era, form) in CASES {
            let case = Case { subject: Subject { hop, era }, form, text_bytes };
            let requests = options.requests.unwrap_or_else(|| case.requests());
            let per_request = count(programs, case, requests).with_context(|| case.to_string())?;
            let row = Row::new(case, per_request, &rows);
            println!("{row}");
            rows.push(row);
        }
    }
    program::write("instructions", &rows)?;
    let budgets = rows.iter().flat_map(|row| row.budgets().into_iter().map(move |it| (row, it)));
    let judged = budgets.map(|(row, (table, figure))| {
        Judged::new(row.case.to_string(), table, figure.context("a baseline is missing")?)
    });
    budgets::tell(&judged.collect::<anyhow::Result<Vec<_>>>()?, options.check)
}

fn count(programs: &Programs, case: Case, requests: u32) -> anyhow::Result<Counts> {
    let once = total(programs, case, requests)?;
    let twice = total(programs, case, requests * 2)?;
    Ok(Counts::per_repetition(once, twice, requests))
}

/// What one run executes from start to end.
fn total(programs: &Programs, case: Case, requests: u32) -> anyhow::Result<Counts> {
    let Case { subject, form, text_bytes } = case;
    let profile = callgrind::profile(&case.to_string())?;
    let mut driver = programs.driver(Core::Second)?;
    let mut command = callgrind::command(&profile);
    let face = subject.hop.face(subject.era, form);
    programs.add_hop(&mut command, subject.hop, &driver.endpoint(face));
    let server = Server::start(command)?;
    let extent = Extent::Requests(requests.into());
    driver.measure(&Load { text_bytes, ..Load::echo(&server, subject.era, 1, extent) })?;
    server.stop()?;
    callgrind::totals(&profile)
}

impl Case {
    /// Enough calls for the size: what is counted of each hardly differs.
    fn requests(self) -> u32 {
        match self.text_bytes {
            ..0x4000 => 1_000,
            0x4000..0x4_0000 => 200,
            _ => 30,
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, form, text_bytes } = self;
        write!(f, "{subject}, {form}, {text_bytes}")
    }
}

impl Row {
    /// Holds the counts of a case against the rows before it.
    fn new(case: Case, per_request: Counts, before: &[Self]) -> Self {
        let over = |subject: Subject| {
            let baseline = before.iter().find(|it| it.case == Case { subject, ..case })?;
            Some(per_request.instructions / baseline.per_request.instructions)
        };
        let Subject { hop, era } = case.subject;
        let same_era = matches!(hop, Hop::Bridge | Hop::Gateway);
        let same_era = same_era.then_some(Subject { hop: Hop::Eyot, era });
        let (ratio, same_era_ratio) = (over(case.subject.baseline()), same_era.and_then(over));
        Self { case, per_request, ratio, same_era_ratio }
    }

    /// The budgets that this row is held against, with its figures.
    fn budgets(&self) -> Vec<(&'static str, Option<f64>)> {
        let Case { subject: Subject { hop, era }, form, text_bytes } = self.case;
        let is_json = form == Form::Json;
        let (allocations, system_calls) =
            (Some(self.per_request.allocations), Some(self.per_request.system_calls));
        match (hop, text_bytes) {
            (Hop::Eyot, 200) if is_json => {
                vec![("hop.json_ratio", self.ratio), ("hop.allocations", allocations)]
            }
            (Hop::Eyot, 200) if era == Era::Legacy => vec![("hop.legacy_events_ratio", self.ratio)],
            (Hop::Eyot, 200) => vec![("hop.modern_events_ratio", self.ratio)],
            (Hop::Eyot, 0x1_0000) => vec![("hop.system_calls_64k", system_calls)],
            (Hop::Eyot, 0x10_0000) => vec![("hop.system_calls_1m", system_calls)],
            (Hop::Bridge, 200) if is_json => {
                vec![("bridge.ratio", self.same_era_ratio), ("bridge.allocations", allocations)]
            }
            (Hop::Bridge, 200) => vec![("bridge.ratio", self.same_era_ratio)],
            (Hop::Gateway, 200) => vec![("gateway.ratio", self.same_era_ratio)],
            (Hop::Bridge, 0x1_0000) => vec![("bridge.ratio_64k", self.same_era_ratio)],
            (Hop::Bridge, 0x10_0000) => vec![("bridge.ratio_1m", self.same_era_ratio)],
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, per_request, ratio, same_era_ratio } = self;
        let Counts { instructions, system_calls, allocations } = per_request;
        let name = case.to_string();
        write!(f, "{name:38}{instructions:9.0} instructions {system_calls:6.2} system calls")?;
        write!(f, " {allocations:6.2} allocations")?;
        if let Some(ratio) = ratio {
            write!(f, "  {ratio:.3} x envelope hop")?;
        }
        if let Some(ratio) = same_era_ratio {
            write!(f, ", {ratio:.3} x same era")?;
        }
        Ok(())
    }
}
