//! The budgets of `budgets.toml`, and how a figure stands to one of them.

use std::fmt;

use anyhow::Context as _;

/// What a figure may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Budget {
    /// Beyond it the budget is broken.
    pub(crate) limit: f64,
    /// What is aimed at.
    pub(crate) goal: f64,
}

/// How a figure stands to its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Goal,
    Within,
    Broken,
}

impl Budget {
    /// The budget of a table of `budgets.toml`.
    ///
    /// # Errors
    ///
    /// When there is no such table, or it lacks a number.
    pub(crate) fn find(table: &str) -> anyhow::Result<Self> {
        let found = parse(include_str!("../budgets.toml"), table);
        found.with_context(|| format!("budgets.toml has no complete table `{table}`"))
    }

    /// Judges a figure. Whether more or less is better is seen from the goal.
    pub(crate) fn judge(self, figure: f64) -> Verdict {
        let is_less_better = self.goal <= self.limit;
        let reaches = |bound| if is_less_better { figure <= bound } else { figure >= bound };
        match (reaches(self.goal), reaches(self.limit)) {
            (true, _) => Verdict::Goal,
            (false, true) => Verdict::Within,
            (false, false) => Verdict::Broken,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Goal => "goal reached",
            Self::Within => "within budget",
            Self::Broken => "BUDGET BROKEN",
        })
    }
}

/// A figure, held against a budget.
#[derive(Debug)]
pub(crate) struct Judged {
    what: String,
    table: &'static str,
    figure: f64,
    verdict: Verdict,
}

impl Judged {
    /// Holds the figure of `what` against the budget of a table.
    ///
    /// # Errors
    ///
    /// As [`Budget::find`].
    pub(crate) fn new(what: String, table: &'static str, figure: f64) -> anyhow::Result<Self> {
        Ok(Self { what, table, figure, verdict: Budget::find(table)?.judge(figure) })
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, table, figure, verdict } = self;
        write!(f, "{what}: {table} {figure:.3}, {verdict}")
    }
}

/// Says how figures stand to their budgets; fails when one is broken, if it is asked to.
///
/// # Errors
///
/// When a budget is broken and `is_gate`.
pub(crate) fn tell(judged: &[Judged], is_gate: bool) -> anyhow::Result<()> {
    judged.iter().for_each(|it| println!("{it}"));
    let broken = judged.iter().filter(|it| it.verdict == Verdict::Broken).count();
    anyhow::ensure!(!is_gate || broken == 0, "{broken} budgets are broken");
    Ok(())
}

/// Reads one table of the little TOML that the budgets are written in: tables of numbers.
fn parse(text: &str, table: &str) -> Option<Budget> {
    let header = format!("[{table}]");
    let lines = text.lines().map(str::trim).skip_while(|it| *it != header).skip(1);
    let lines: Vec<&str> = lines.take_while(|it| !it.starts_with('[')).collect();
    let number = |key: &str| {
        let mut members = lines.iter().filter_map(|it| it.split_once('='));
        members.find(|it| it.0.trim() == key)?.1.trim().parse().ok()
    };
    Some(Budget { limit: number("limit")?, goal: number("goal")? })
}

#[cfg(test)]
mod tests;
