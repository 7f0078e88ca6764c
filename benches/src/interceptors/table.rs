//! What so many steps of each kind cost, without a socket.

use std::fmt;

use serde::Serialize;

use super::kind::Kind;
use super::passes::{self, Options, What};
use crate::budgets::Judged;
use crate::callgrind::Counts;
use crate::subject::Programs;

/// Steps of one kind, with one size of calls: what they cost beyond a service without them.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    kind: Kind,
    text_bytes: usize,
    /// Numbers of steps, with instructions and allocations.
    cells: Vec<(usize, f64, f64)>,
}

const KINDS: &[Kind] =
    &[Kind::Validator, Kind::Mutator, Kind::Both, Kind::Rule, Kind::Async, Kind::Layer];
const STEPS: &[usize] = &[1, 4, 16, 64];
const SIZES: &[usize] = &[614, 8 << 10, 128 << 10];

/// Counts all, and prints a row for each kind and size.
///
/// # Errors
///
/// When a pass fails.
pub(super) fn measure(programs: &Programs) -> anyhow::Result<Vec<Row>> {
    let steps = STEPS.iter().map(|it| format!("{it:>12} steps")).collect::<String>();
    println!("instructions (allocations) more than without{:3}{steps}", "");
    let mut rows = Vec::new();
    for &text_bytes in SIZES {
        let bare = count(programs, (Kind::None, 0), text_bytes)?;
        for &kind in KINDS {
            let mut cells = Vec::new();
            for &steps in STEPS {
                let counted = count(programs, (kind, steps), text_bytes)?;
                let more = counted.instructions - bare.instructions;
                cells.push((steps, more, counted.allocations - bare.allocations));
            }
            let row = Row { kind, text_bytes, cells };
            println!("{row}");
            rows.push(row);
        }
    }
    Ok(rows)
}

fn count(
    programs: &Programs,
    (plan, steps): (Kind, usize),
    text_bytes: usize,
) -> anyhow::Result<Counts> {
    let times = if text_bytes > 0x1_0000 { 50 } else { 200 };
    passes::count(programs, Options { plan, steps, what: What::Call, text_bytes, times })
}

/// What a list of a thousand tools costs behind rules that hide some of them.
#[derive(Debug, Serialize)]
pub(super) struct List {
    rules: usize,
    ms: f64,
    instructions: f64,
}

/// Times and counts a list behind twenty rules.
///
/// # Errors
///
/// When a pass fails.
pub(super) fn list(programs: &Programs) -> anyhow::Result<(List, Judged)> {
    const RULES: usize = 20;
    let options =
        Options { plan: Kind::Hiding, steps: RULES, what: What::List, text_bytes: 0, times: 5 };
    let instructions = passes::count(programs, options)?.instructions;
    let ms = passes::time(programs, Options { times: 200, ..options })? / 1e3;
    println!("{RULES} rules and a list of 1,000 tools: {ms:.3} ms, {instructions:.0} instructions");
    let judged = Judged::new(format!("{RULES} rules"), "interceptors.list_ms", ms)?;
    Ok((List { rules: RULES, ms, instructions }, judged))
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, text_bytes, cells } = self;
        write!(f, "{:38}{text_bytes:7}", kind.to_string())?;
        cells.iter().try_for_each(|(_, instructions, allocations)| {
            write!(f, "{instructions:10.0} ({allocations:5.1})")
        })
    }
}
