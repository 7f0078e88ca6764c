//! Instructions and allocations of a call through hops with plans, counted as those of other hops are.

use std::fmt;

use eyot_benches::exchange::{Era, Form};
use serde::Serialize;

use super::hop;
use super::kind::Kind;
use crate::budgets::Judged;
use crate::callgrind::{self, Counts};
use crate::load::{Extent, Load};
use crate::process::{Core, Server};
use crate::subject::Programs;

/// What stands in a hop, and the calls that go through it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Case {
    plan: Kind,
    steps: usize,
    era: Era,
    text_bytes: usize,
}

/// What stands in hops of small calls; first, what the others are held against.
const SMALL: &[(Kind, usize)] = &[
    (Kind::None, 0),
    (Kind::Empty, 0),
    (Kind::Elsewhere, 10),
    (Kind::Native, 10),
    (Kind::Both, 10),
    (Kind::Layer, 10),
    (Kind::Rule, 1),
];

/// The same of large calls.
const LARGE: &[(Kind, usize)] =
    &[(Kind::None, 0), (Kind::Native, 10), (Kind::Redaction, 1), (Kind::Secrets, 1)];

/// A message of 128 KiB.
const LARGE_BYTES: usize = 128 << 10;

/// The counts of one hop.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    #[serde(flatten)]
    case: Case,
    per_request: Counts,
    /// Beside the hop without a plan: instructions against its own, and allocations more than its own.
    beside: Option<(f64, f64)>,
}

/// Counts all hops, and prints a row for each.
///
/// # Errors
///
/// When a client fails.
pub(super) fn measure(
    programs: &Programs,
    requests: u32,
) -> anyhow::Result<(Vec<Row>, Vec<Judged>)> {
    let (mut rows, mut judged) = (Vec::new(), Vec::new());
    let eras = [Era::Legacy, Era::Modern];
    let small = eras.map(|era| (era, SMALL, 200, requests));
    let large = (Era::Modern, LARGE, LARGE_BYTES, (requests / 5).max(1));
    for (era, plans, text_bytes, requests) in small.into_iter().chain([large]) {
        let mut bare = None;
        for &(plan, steps) in plans {
            let case = Case { plan, steps, era, text_bytes };
            let per_request = count(programs, case, requests)?;
            let beside = bare.map(|bare| per_request.beside(bare));
            bare = bare.or(Some(per_request));
            let row = Row { case, per_request, beside };
            println!("{row}");
            judged.extend(row.judged()?);
            rows.push(row);
        }
    }
    Ok((rows, judged))
}

fn count(programs: &Programs, case: Case, requests: u32) -> anyhow::Result<Counts> {
    let once = total(programs, case, requests)?;
    let twice = total(programs, case, requests * 2)?;
    Ok(Counts::per_repetition(once, twice, requests))
}

/// What one run executes from start to end.
fn total(programs: &Programs, case: Case, requests: u32) -> anyhow::Result<Counts> {
    let Case { plan, steps, era, text_bytes } = case;
    let profile = callgrind::profile(&format!("plan, {case}"))?;
    let mut driver = programs.driver(Core::Second)?;
    let mut command = callgrind::command(&profile);
    hop::add(programs, &mut command, (plan, steps), &driver.endpoint(Form::Json));
    let server = Server::start(command)?;
    let extent = Extent::Requests(requests.into());
    driver.measure(&Load { text_bytes, ..Load::echo(&server, era, 1, extent) })?;
    server.stop()?;
    callgrind::totals(&profile)
}

impl Counts {
    /// Instructions against those of `bare`, and allocations more than its own.
    fn beside(self, bare: Self) -> (f64, f64) {
        (self.instructions / bare.instructions, self.allocations - bare.allocations)
    }
}

impl Row {
    /// What this row is held against.
    fn judged(&self) -> anyhow::Result<Vec<Judged>> {
        let Some((ratio, allocations)) = self.beside else { return Ok(Vec::new()) };
        let tables: &[_] = match (self.case.plan, self.case.text_bytes) {
            (Kind::Empty | Kind::Elsewhere, 200) => &[("interceptors.unseen_ratio", ratio)],
            (Kind::Native, 200) => {
                &[("interceptors.ten_ratio", ratio), ("interceptors.ten_allocations", allocations)]
            }
            (Kind::Both, 200) => &[("interceptors.ten_both_ratio", ratio)],
            (Kind::Rule, 200) => &[("interceptors.rule_ratio", ratio)],
            _ => &[],
        };
        let judged =
            tables.iter().map(|(table, figure)| Judged::new(self.case.to_string(), table, *figure));
        judged.collect()
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, steps, era, text_bytes } = self;
        match steps {
            0 => write!(f, "{plan}, {era}, {text_bytes}"),
            _ => write!(f, "{steps} {plan}, {era}, {text_bytes}"),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { instructions, allocations, .. } = self.per_request;
        let name = self.case.to_string();
        write!(f, "{name:44}{instructions:9.0} instructions {allocations:6.2} allocations")?;
        let Some((ratio, more)) = self.beside else { return Ok(()) };
        write!(f, "  x {ratio:.4}, {more:+.2} allocations")
    }
}
