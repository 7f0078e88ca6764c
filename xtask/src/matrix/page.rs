//! The matrix as Markdown, and its place in the page about eras.

use std::fmt;

use anyhow::Context as _;

use crate::matrix::features::{FEATURES, Kind};
use crate::matrix::outcome::{Matrix, Said, State};

/// The page, under the root of the checkout.
pub(super) const FILE: &str = "docs/protocol/eras.md";

const BEGIN: &str = "<!-- matrix: written by `cargo xtask matrix --write` -->\n\n";
const END: &str = "\n<!-- matrix: end -->\n";

/// Replaces the matrix in the page.
pub(super) fn with_block(page: &str, block: &str) -> anyhow::Result<String> {
    let (before, _, after) = parts(page)?;
    Ok([before, BEGIN, block, END, after].concat())
}

/// The text before the matrix, the matrix, and the text after it.
fn parts(page: &str) -> anyhow::Result<(&str, &str, &str)> {
    let (before, rest) = page.split_once(BEGIN).context("the page has no place for the matrix")?;
    let (block, after) = rest.split_once(END).context("the matrix of the page has no end")?;
    Ok((before, block, after))
}

/// Reasons under a table, each once.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    /// The number of a reason.
    fn number(&mut self, text: String) -> usize {
        let known = self.0.iter().position(|it| *it == text);
        known.unwrap_or_else(|| {
            self.0.push(text);
            self.0.len().saturating_sub(1)
        }) + 1
    }

    fn cell(&mut self, state: &State<'_>) -> String {
        let (word, reason) = match state {
            State::Seen(Said::Carried) => return "carried".to_owned(),
            State::Seen(Said::Lost(names)) => {
                let reason = format!("Eyot says so in `_meta` of the answer: `{names}`");
                (Kind::Lost.as_str(), reason)
            }
            State::Seen(Said::Failed(why)) => ("**failed**", why.clone()),
            State::Explained(reason) => (reason.kind.as_str(), reason.text.to_owned()),
            State::Missing => ("**missing**", "no client has tried it".to_owned()),
        };
        format!("{word} ({})", self.number(reason))
    }
}

/// The whole matrix as Markdown: a row for each feature, a column for each cell, the reasons below
/// it.
impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| feature | what |")?;
        for column in &self.columns {
            write!(f, " {} |", column.cell.heading())?;
        }
        writeln!(f, "\n|---|---|{}", "---|".repeat(self.columns.len()))?;
        let mut notes = Notes::default();
        let only = self.only.as_deref();
        for feature in FEATURES.iter().filter(|it| only.is_none_or(|only| only == it.id)) {
            write!(f, "| `{}` | {} |", feature.id, feature.what)?;
            for column in &self.columns {
                write!(f, " {} |", notes.cell(&column.state(feature.id)))?;
            }
            writeln!(f)?;
        }
        for (index, note) in notes.0.iter().enumerate() {
            let line = if index == 0 { "\n" } else { "" };
            writeln!(f, "{line}{}. {note}", index + 1)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
