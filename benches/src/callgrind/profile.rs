//! Reads the profile that callgrind writes (format 1, with compressed names).

use std::collections::HashSet;

use crate::callgrind::Counts;

/// Adds up a profile; `None` when it has no totals.
///
/// Readings of the clock are left out of the system calls: they are none outside valgrind,
/// which hides the kernel's own page (vDSO) from the program.
pub(super) fn parse(text: &str) -> Option<Counts> {
    let columns: Vec<&str> = value(text, "events: ")?.split_ascii_whitespace().collect();
    let column = |name| columns.iter().position(|it| *it == name);
    let (instructions, system_calls) = (column("Ir")?, column("sysCount")?);
    let totals = value(text, "totals: ")?.split_ascii_whitespace();
    let totals: Vec<f64> = totals.map_while(|it| it.parse().ok()).collect();
    let clock_readings = own_cost(text, "clock_gettime", system_calls);
    Some(Counts {
        instructions: *totals.get(instructions)?,
        system_calls: totals.get(system_calls)? - clock_readings,
        allocations: calls_of(text, ALLOCATE),
    })
}

/// What `#[global_allocator]` calls when it is mimalloc.
const ALLOCATE: &[&str] = &["mi_malloc_aligned", "mi_zalloc_aligned", "mi_realloc_aligned"];

/// The rest of the last line that starts with `key`.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().rev().find_map(|line| line.strip_prefix(key))
}

/// One line of a profile, as far as it matters here.
enum Line<'a> {
    /// What follows is the cost of this function: its number, and its name if it is new.
    Function {
        id: &'a str,
        name: &'a str,
    },
    /// A function that is called; its name may be new.
    Callee {
        id: &'a str,
        name: &'a str,
    },
    /// So many calls; the next cost is theirs, not the function's own.
    Calls(f64),
    /// A position and the costs there.
    Cost(&'a str),
    Other,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Self {
        let named = |text: &'a str| text.split_once(' ').unwrap_or((text, ""));
        if let Some((id, name)) = line.strip_prefix("fn=").map(named) {
            Self::Function { id, name }
        } else if let Some((id, name)) = line.strip_prefix("cfn=").map(named) {
            Self::Callee { id, name }
        } else if let Some(calls) = line.strip_prefix("calls=") {
            Self::Calls(calls.split_once(' ').and_then(|it| it.0.parse().ok()).unwrap_or_default())
        } else if line.starts_with(|it: char| it.is_ascii_digit() || "+-*".contains(it)) {
            Self::Cost(line)
        } else {
            Self::Other
        }
    }
}

/// The cost in one column that functions with `part` in their names have themselves.
fn own_cost(text: &str, part: &str, column: usize) -> f64 {
    let mut ids = HashSet::new();
    let (mut is_inside, mut is_call, mut total) = (false, false, 0.0);
    for line in text.lines().map(Line::parse) {
        if let Line::Function { id, name } | Line::Callee { id, name } = line
            && name.contains(part)
        {
            ids.insert(id);
        }
        match line {
            Line::Function { id, .. } => is_inside = ids.contains(id),
            Line::Calls(_) => is_call = true,
            Line::Cost(costs) if is_inside && !is_call => total += cost(costs, column),
            Line::Cost(_) => is_call = false,
            Line::Callee { .. } | Line::Other => {}
        }
    }
    total
}

/// How often functions of these names are called.
fn calls_of(text: &str, names: &[&str]) -> f64 {
    let mut ids = HashSet::new();
    let (mut is_asked, mut total) = (false, 0.0);
    for line in text.lines().map(Line::parse) {
        if let Line::Function { id, name } | Line::Callee { id, name } = line
            && names.contains(&name)
        {
            ids.insert(id);
        }
        match line {
            Line::Callee { id, .. } => is_asked = ids.contains(id),
            Line::Calls(calls) if is_asked => total += calls,
            Line::Function { .. } | Line::Calls(_) | Line::Cost(_) | Line::Other => {}
        }
    }
    total
}

/// One column behind the position; zeros at the end of a line are not written.
fn cost(costs: &str, column: usize) -> f64 {
    let cost = costs.split_ascii_whitespace().nth(column + 1);
    cost.and_then(|it| it.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
