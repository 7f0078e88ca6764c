//! Figures of both SDKs, side by side.

use std::fmt;

use serde::Serialize;

use crate::budgets::{Budget, Verdict};

/// One figure.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    what: String,
    /// The least that a server costs, where there is such a thing.
    bare: Option<f64>,
    eyot: f64,
    rmcp: Option<f64>,
    /// rmcp's figure over ours.
    ratio: Option<f64>,
    /// The table of `budgets.toml` that our figure is held against.
    budget: Option<&'static str>,
}

impl Row {
    /// A figure of both SDKs.
    pub(crate) fn new(what: impl Into<String>, eyot: f64, rmcp: f64) -> Self {
        let ratio = (eyot > 0.0).then(|| rmcp / eyot);
        Self { what: what.into(), bare: None, eyot, rmcp: Some(rmcp), ratio, budget: None }
    }

    /// The row with the figure of a bare server.
    pub(crate) fn bare(self, bare: f64) -> Self {
        Self { bare: Some(bare), ..self }
    }

    /// The row with a ratio that was taken otherwise.
    pub(crate) fn ratio(self, ratio: f64) -> Self {
        Self { ratio: Some(ratio), ..self }
    }

    /// The row, held against a budget.
    pub(crate) fn budget(self, table: &'static str) -> Self {
        Self { budget: Some(table), ..self }
    }

    fn verdict(&self) -> anyhow::Result<Option<Verdict>> {
        let budget = self.budget.map(Budget::find).transpose()?;
        Ok(budget.map(|it| it.judge(self.eyot)))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figure = |it: Option<f64>| it.map(short).unwrap_or_default();
        let Self { what, bare, eyot, rmcp, ratio, .. } = self;
        let (bare, rmcp) = (figure(*bare), figure(*rmcp));
        let ratio = ratio.map(|it| format!("{it:.2}")).unwrap_or_default();
        write!(f, "{what:46}{bare:>10}{:>10}{rmcp:>10}{ratio:>8}", short(*eyot))
    }
}

/// At least three digits of a number of any size.
fn short(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

/// Prints the rows of one part.
///
/// # Errors
///
/// When `budgets.toml` lacks a budget.
pub(crate) fn print(rows: &[Row]) -> anyhow::Result<()> {
    println!("{:46}{:>10}{:>10}{:>10}{:>8}", "", "bare", "eyot", "rmcp", "ratio");
    for row in rows {
        match row.verdict()? {
            Some(verdict) => println!("{row}  {verdict}"),
            None => println!("{row}"),
        }
    }
    println!();
    Ok(())
}

/// Counts the budgets that are broken; fails if it is asked to.
///
/// # Errors
///
/// When a budget is broken, or `budgets.toml` lacks it.
pub(crate) fn judge(rows: &[Row], is_gate: bool) -> anyhow::Result<()> {
    let mut broken = 0;
    for row in rows {
        broken += usize::from(row.verdict()? == Some(Verdict::Broken));
    }
    anyhow::ensure!(!is_gate || broken == 0, "{broken} budgets are broken");
    Ok(())
}
