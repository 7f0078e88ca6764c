//! The tables as Markdown, and their places in the page about eras.

use std::fmt;

use anyhow::Context as _;

use crate::matrix::cells::{Cell, Era, Table, Transport};
use crate::matrix::features::Kind;
use crate::matrix::outcome::{Column, Matrix, Said, State};

/// The page, under the root of the checkout.
pub(super) const FILE: &str = "docs/protocol/eras.md";

/// Replaces a table in the page.
pub(super) fn with_block(page: &str, table: Table, block: &str) -> anyhow::Result<String> {
    let (before, _, after) = parts(page, table)?;
    let (begin, end) = table.marks();
    Ok([before, &begin, block, &end, after].concat())
}

/// The text before a table, the table, and the text after it.
fn parts(page: &str, table: Table) -> anyhow::Result<(&str, &str, &str)> {
    let (begin, end) = table.marks();
    let name = table.mark();
    let split = page.split_once(&begin);
    let (before, rest) = split.with_context(|| format!("the page has no place for {name}"))?;
    let split = rest.split_once(&end);
    let (block, after) = split.with_context(|| format!("{name} has no end in the page"))?;
    Ok((before, block, after))
}

impl Table {
    /// The word for its place in the page.
    const fn mark(self) -> &'static str {
        match self {
            Self::Eras => "matrix",
            Self::Transports => "transports",
        }
    }

    /// What stands before and after it in the page.
    fn marks(self) -> (String, String) {
        let name = self.mark();
        let begin = format!("<!-- {name}: written by `cargo xtask matrix --write` -->\n\n");
        (begin, format!("\n<!-- {name}: end -->\n"))
    }
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

    /// All features of a cell in one word.
    fn column(&mut self, column: Option<&Column>, exists: bool) -> String {
        let Some(column) = column else {
            let mut lacks =
                || format!("{} ({})", Kind::NotInEra.as_str(), self.number(NO_CELL.to_owned()));
            return if exists { "–".to_owned() } else { lacks() };
        };
        let missed: Vec<_> = column
            .missed()
            .map(|(feature, state)| format!("`{}`: {}", feature.id, self.cell(&state)))
            .collect();
        if missed.is_empty() { "carried".to_owned() } else { missed.join(", ") }
    }
}

/// Why no server of a pair of transports has an era.
const NO_CELL: &str = "HTTP with SSE is a transport of the legacy era: no server speaks both";

impl fmt::Display for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, note) in self.0.iter().enumerate() {
            let line = if index == 0 { "\n" } else { "" };
            writeln!(f, "{line}{}. {note}", index + 1)?;
        }
        Ok(())
    }
}

/// The whole table as Markdown, the reasons below it.
impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.table {
            Table::Eras => self.features(f),
            Table::Transports => self.transports(f),
        }
    }
}

impl Matrix {
    /// A row for each feature, a column for each cell.
    fn features(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| feature | what |")?;
        for column in &self.columns {
            write!(f, " {} |", column.cell.heading())?;
        }
        writeln!(f, "\n|---|---|{}", "---|".repeat(self.columns.len()))?;
        let mut notes = Notes::default();
        let only = self.only.as_deref();
        for feature in self.table.features().filter(|it| only.is_none_or(|only| only == it.id)) {
            write!(f, "| `{}` | {} |", feature.id, feature.what)?;
            for column in &self.columns {
                write!(f, " {} |", notes.cell(&column.state(feature.id)))?;
            }
            writeln!(f)?;
        }
        write!(f, "{notes}")
    }

    /// A row for each pair of transports, a column for each pair of eras.
    fn transports(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| client → Eyot | Eyot → server |")?;
        for (client, server) in Era::PAIRS {
            write!(f, " {client} → {server} |")?;
        }
        writeln!(f, "\n|---|---|{}", "---|".repeat(Era::PAIRS.len()))?;
        let mut notes = Notes::default();
        let is_tried = |downstream| self.columns.iter().any(|it| it.cell.downstream == downstream);
        for (downstream, upstream) in self.table.transports().filter(|it| is_tried(it.0)) {
            write!(f, "| {} | {} |", downstream.full_name(), upstream.full_name())?;
            for (client, server) in Era::PAIRS {
                let is_this = |it: &Cell| {
                    (it.downstream, it.upstream) == (downstream, upstream)
                        && (it.client_era, it.server_era) == (client, server)
                };
                let column = self.columns.iter().find(|it| is_this(&it.cell));
                let exists = self.table.cells().iter().any(is_this);
                write!(f, " {} |", notes.column(column, exists))?;
            }
            writeln!(f)?;
        }
        write!(f, "{notes}")
    }
}

impl Transport {
    const fn full_name(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Http => "Streamable HTTP",
            Self::Sse => "HTTP with SSE",
            Self::WebSocket => "WebSocket",
        }
    }
}

#[cfg(test)]
mod tests;
