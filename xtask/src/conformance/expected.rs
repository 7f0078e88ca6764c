//! The known failures: a strict list that only shrinks.

use std::path::Path;
use std::{fmt, fs};

use anyhow::Context as _;
use clap::ValueEnum as _;

use crate::conformance::catalog::{Catalogs, Leg, Side};
use crate::conformance::outcome::{Outcome, Verdict};

/// The known failures.
#[derive(Debug, Default)]
pub(super) struct Expected {
    entries: Vec<Entry>,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    side: Side,
    scenario: String,
    /// The one leg in which it fails; without it, it fails wherever it runs.
    leg: Option<Leg>,
}

/// The relation of an outcome to the expected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It passed, or the suite checked nothing and does not score it.
    Fine,
    /// It failed, as the list says.
    KnownFailure,
    /// It failed, and the list does not say so.
    Unexpected,
    /// The list says that it fails, and it did not.
    Stale,
}

impl Expected {
    pub(super) fn load(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path);
        let read = || Self::parse(&text.context("read the list")?);
        read().with_context(|| format!("expected failures in {}", path.display()))
    }

    /// Reads a small part of YAML: `side:` or `side: []`, below it `  - scenario` or
    /// `  - scenario@leg`, and comments.
    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut parser = Parser { side: None, entries: Vec::new() };
        for (line_no, line) in (1..).zip(text.lines()) {
            let line = line.split_once('#').map_or(line, |(before, _)| before).trim_end();
            let is_read = line.is_empty() || parser.read(line).is_some();
            anyhow::ensure!(is_read, "line {line_no} is neither a side nor a scenario: {line}");
        }
        let entries = parser.entries;
        for (index, entry) in entries.iter().enumerate() {
            let is_again = entries.iter().take(index).any(|it| it.overlaps(entry));
            anyhow::ensure!(!is_again, "{entry} is listed twice");
        }
        Ok(Self { entries })
    }

    /// Fails if an entry names no scenario: its scenario was renamed, or never had this name, so
    /// the entry excuses nothing.
    pub(super) fn ensure_known(&self, catalogs: &Catalogs) -> anyhow::Result<()> {
        for entry in &self.entries {
            let is_known = match entry.leg {
                Some(leg) => catalogs.has(entry.side, leg, &entry.scenario),
                None => catalogs.side_has(entry.side, &entry.scenario),
            };
            anyhow::ensure!(is_known, "expected to fail, but not in the suite: {entry}");
        }
        Ok(())
    }

    /// Whether a scenario is known to fail.
    pub(super) fn has(&self, side: Side, leg: Leg, scenario: &str) -> bool {
        self.entries.iter().any(|it| it.matches(side, leg, scenario))
    }

    pub(super) fn judge(&self, outcome: &Outcome) -> Judgement {
        let Outcome { side, leg, scenario, .. } = outcome;
        let is_listed = self.has(*side, *leg, &scenario.name);
        match &outcome.verdict {
            Verdict::Failed(_) if is_listed => Judgement::KnownFailure,
            Verdict::Passed | Verdict::Skipped(_) if is_listed => Judgement::Stale,
            Verdict::Failed(_) => Judgement::Unexpected,
            // A required scenario must be shown.
            Verdict::Skipped(_) if scenario.unscored.is_none() => Judgement::Unexpected,
            Verdict::Passed | Verdict::Skipped(_) => Judgement::Fine,
        }
    }
}

/// The state of the parser.
struct Parser {
    /// The open section.
    side: Option<Side>,
    entries: Vec<Entry>,
}

impl Parser {
    /// Takes a line without its comment; `None` if the line is not valid here.
    fn read(&mut self, line: &str) -> Option<()> {
        match (line.strip_prefix("  - "), line.strip_suffix(" []")) {
            (Some(item), _) => self.entries.push(Entry::parse(self.side?, item)?),
            (None, Some(empty)) => {
                named_side(empty)?;
                self.side = None;
            }
            (None, None) => self.side = Some(named_side(line)?),
        }
        Some(())
    }
}

fn named_side(heading: &str) -> Option<Side> {
    let name = heading.strip_suffix(':')?;
    Side::value_variants().iter().copied().find(|it| it.name() == name)
}

impl Entry {
    fn parse(side: Side, item: &str) -> Option<Self> {
        let (scenario, leg) = match item.split_once('@') {
            Some((scenario, leg)) => (scenario, Some(leg)),
            None => (item, None),
        };
        let leg = match leg {
            Some(name) => Some(*Leg::value_variants().iter().find(|it| it.name() == name)?),
            None => None,
        };
        let is_name = !scenario.is_empty() && !scenario.contains([' ', ':']);
        is_name.then(|| Self { side, scenario: scenario.to_owned(), leg })
    }

    fn matches(&self, side: Side, leg: Leg, scenario: &str) -> bool {
        self.side == side && self.scenario == scenario && self.leg.is_none_or(|it| it == leg)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let is_same = self.side == other.side && self.scenario == other.scenario;
        is_same && (self.leg.is_none() || other.leg.is_none() || self.leg == other.leg)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.side.name(), self.scenario)?;
        self.leg.map_or(Ok(()), |it| write!(f, "@{}", it.name()))
    }
}

#[cfg(test)]
mod tests;
