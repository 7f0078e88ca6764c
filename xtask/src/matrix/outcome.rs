//! The outcome of a feature in a cell, and what it means for the whole.

use std::collections::BTreeMap;
use std::fmt;

use crate::matrix::cells::{Cell, Table};
use crate::matrix::features::{Feature, Kind, Reason, find};

/// A client's report on one feature at one server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Said {
    /// The feature was carried.
    Carried,
    /// The feature was not carried, and the bridge reports the loss under these names.
    Lost(String),
    /// The feature was not carried.
    Failed(String),
}

/// One line of a client: `ok ID`, `lost ID: NAMES` or `FAIL ID: WHY`.
pub(super) fn read(line: &str) -> Option<(&str, Said)> {
    let (word, rest) = line.split_once(' ')?;
    let (id, detail) = rest.split_once(": ").unwrap_or((rest, ""));
    let said = match word {
        "ok" => Said::Carried,
        "lost" => Said::Lost(detail.to_owned()),
        "FAIL" => Said::Failed(detail.to_owned()),
        _ => return None,
    };
    Some((id, said))
}

/// The state of one feature in one cell of the matrix.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State<'a> {
    /// A client has reported on it.
    Seen(&'a Said),
    /// No client has tried it, for this reason.
    Explained(&'static Reason),
    /// No client has tried it, and there is no reason.
    Missing,
}

/// One cell that was tried.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) cell: Cell,
    seen: BTreeMap<&'static str, Said>,
    /// Problems that belong to no feature.
    troubles: Vec<String>,
}

/// All cells that were tried for one table.
#[derive(Debug)]
pub(super) struct Matrix {
    pub(super) table: Table,
    pub(super) columns: Vec<Column>,
    /// The only feature that was tried.
    pub(super) only: Option<String>,
}

/// Opening a session is no feature of its own when it succeeds.
const OPENING: &str = "initialize";

impl Column {
    /// Takes the lines of the clients. If several servers show a feature, the worst outcome counts.
    pub(super) fn new(cell: Cell, lines: &[String]) -> Self {
        let mut column = Self { cell, seen: BTreeMap::new(), troubles: Vec::new() };
        for line in lines {
            match read(line) {
                Some((OPENING, Said::Carried)) => {}
                Some((id, said)) => match find(id) {
                    Some(Feature { id, .. }) => column.see(id, said),
                    None => column.troubles.push(line.clone()),
                },
                None => column.troubles.push(line.clone()),
            }
        }
        column
    }

    fn see(&mut self, id: &'static str, said: Said) {
        let known = self.seen.entry(id).or_insert(Said::Carried);
        if said > *known {
            *known = said;
        }
    }

    /// The features of its table that were not carried.
    pub(super) fn missed(&self) -> impl Iterator<Item = (&'static Feature, State<'_>)> {
        let states = self.cell.table.features().map(|it| (it, self.state(it.id)));
        states.filter(|(_, state)| *state != State::Seen(&Said::Carried))
    }

    /// The state of a feature.
    pub(super) fn state(&self, feature: &str) -> State<'_> {
        match (self.seen.get(feature), Reason::of(feature, &self.cell)) {
            (Some(said), _) => State::Seen(said),
            (None, Some(reason)) => State::Explained(reason),
            (None, None) => State::Missing,
        }
    }

    /// The problems, one line each.
    fn problems(&self, only: Option<&str>) -> Vec<String> {
        let name = self.cell.name();
        let features =
            self.cell.table.features().filter(|it| only.is_none_or(|only| only == it.id));
        let features = features.filter_map(|it| match self.state(it.id) {
            State::Seen(Said::Failed(why)) => Some(format!("{name}: {}: {why}", it.id)),
            State::Missing => Some(format!("{name}: {}: no client has tried it", it.id)),
            State::Seen(Said::Carried | Said::Lost(_)) | State::Explained(_) => None,
        });
        features.chain(self.troubles.iter().map(|it| format!("{name}: {it}"))).collect()
    }
}

impl Matrix {
    pub(super) fn problems(&self) -> Vec<String> {
        self.columns.iter().flat_map(|it| it.problems(self.only.as_deref())).collect()
    }
}

/// The numbers of one cell.
impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |is: fn(&State<'_>) -> bool| {
            self.cell.table.features().filter(|it| is(&self.state(it.id))).count()
        };
        let carried = count(|it| *it == State::Seen(&Said::Carried));
        let lost = count(|it| match it {
            State::Seen(Said::Lost(_)) => true,
            State::Explained(reason) => reason.kind == Kind::Lost,
            _ => false,
        });
        let all = self.cell.table.features().count();
        write!(f, "{}: {carried} of {all} carried, {lost} lost", self.cell.name())
    }
}

#[cfg(test)]
mod tests;
