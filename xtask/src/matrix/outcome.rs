//! How a feature went in a cell, and what that means for the whole.

use std::collections::BTreeMap;
use std::fmt;

use crate::matrix::cells::Cell;
use crate::matrix::features::{FEATURES, Feature, Kind, Reason, find};

/// What a client says of one feature at one server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Said {
    /// It came through.
    Carried,
    /// It did not, and the bridge says so itself: under these names.
    Lost(String),
    /// It did not.
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

/// What the matrix says of one feature in one cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State<'a> {
    /// A client has said so.
    Seen(&'a Said),
    /// No client has tried it, for this reason.
    Explained(&'static Reason),
    /// No client has tried it, and nobody knows why.
    Missing,
}

/// One cell that was tried.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) cell: Cell,
    seen: BTreeMap<&'static str, Said>,
    /// What went wrong and belongs to no feature.
    troubles: Vec<String>,
}

/// All that was tried.
#[derive(Debug)]
pub(super) struct Matrix {
    pub(super) columns: Vec<Column>,
    /// The only feature that was tried.
    pub(super) only: Option<String>,
}

/// What opens a session is no feature of its own when it goes well.
const OPENING: &str = "initialize";

impl Column {
    /// Takes the lines of the clients. Where several servers show a feature, the worst counts.
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

    /// What became of a feature.
    pub(super) fn state(&self, feature: &str) -> State<'_> {
        match (self.seen.get(feature), Reason::of(feature, &self.cell)) {
            (Some(said), _) => State::Seen(said),
            (None, Some(reason)) => State::Explained(reason),
            (None, None) => State::Missing,
        }
    }

    /// What is not as it should be, one line each.
    fn problems(&self, only: Option<&str>) -> Vec<String> {
        let name = self.cell.name();
        let features = FEATURES.iter().filter(|it| only.is_none_or(|only| only == it.id));
        let features = features.filter_map(|it| match self.state(it.id) {
            State::Seen(Said::Failed(why)) => Some(format!("{name}: {}: {why}", it.id)),
            State::Missing => Some(format!("{name}: {}: nobody has tried it", it.id)),
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
            FEATURES.iter().filter(|it| is(&self.state(it.id))).count()
        };
        let carried = count(|it| *it == State::Seen(&Said::Carried));
        let lost = count(|it| match it {
            State::Seen(Said::Lost(_)) => true,
            State::Explained(reason) => reason.kind == Kind::Lost,
            _ => false,
        });
        write!(f, "{}: {carried} of {} carried, {lost} lost", self.cell.name(), FEATURES.len())
    }
}

#[cfg(test)]
mod tests;
