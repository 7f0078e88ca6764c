//! The scenarios that the suite can run. Its list is made for people, so it is read line by line.

use anyhow::Context as _;
use clap::ValueEnum;

/// The side under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Side {
    Server,
    Client,
}

impl Side {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// One set of requirements, named after the revision that all its scenarios speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Leg {
    #[value(name = "2025-11-25")]
    Legacy,
    #[value(name = "2026-07-28")]
    Modern,
}

impl Leg {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Legacy => "2025-11-25",
            Self::Modern => "2026-07-28",
        }
    }
}

/// One scenario of the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scenario {
    pub(super) name: String,
    /// The reason why the suite does not count it; `None` for a required scenario.
    pub(super) unscored: Option<String>,
}

/// All scenarios of all legs.
#[derive(Debug)]
pub(super) struct Catalogs {
    legs: Vec<(Leg, Catalog)>,
}

impl Catalogs {
    /// Reads what the suite lists for each leg.
    pub(super) fn load(list: impl Fn(Leg) -> anyhow::Result<String>) -> anyhow::Result<Self> {
        let read = |leg: &Leg| {
            let catalog = list(*leg).and_then(|it| Catalog::parse(&it));
            Ok((*leg, catalog.with_context(|| format!("list what {} requires", leg.name()))?))
        };
        let legs: anyhow::Result<_> = Leg::value_variants().iter().map(read).collect();
        Ok(Self { legs: legs? })
    }

    /// Whether a side has this scenario in this leg.
    pub(super) fn has(&self, side: Side, leg: Leg, name: &str) -> bool {
        self.scenarios(side, leg).any(|it| it.name == name)
    }

    /// Whether a side has this scenario in any leg.
    pub(super) fn side_has(&self, side: Side, name: &str) -> bool {
        self.legs.iter().any(|(leg, _)| self.has(side, *leg, name))
    }

    /// The scenarios of a leg: all of them, or the one with this name.
    ///
    /// A name that no leg has may still be one of the suite; it is not scored then.
    pub(super) fn pick(&self, side: Side, leg: Leg, name: Option<&str>) -> Vec<Scenario> {
        let all = self.scenarios(side, leg).cloned();
        match name {
            None => all.collect(),
            Some(name) if self.side_has(side, name) => all.filter(|it| it.name == name).collect(),
            Some(name) => {
                let unscored = Some("not required".to_owned());
                vec![Scenario { name: name.to_owned(), unscored }]
            }
        }
    }

    fn scenarios(&self, side: Side, leg: Leg) -> impl Iterator<Item = &Scenario> {
        let catalogs = self.legs.iter().filter(move |(it, _)| *it == leg);
        catalogs.flat_map(move |(_, catalog)| catalog.of(side))
    }
}

/// All scenarios of one leg.
#[derive(Debug)]
struct Catalog {
    scenarios: Vec<(Side, Scenario)>,
}

impl Catalog {
    /// Reads what `list --requirements` prints.
    fn parse(list: &str) -> anyhow::Result<Self> {
        let mut scenarios = Vec::new();
        let mut section = Section::Preface;
        for line in list.lines().filter(|it| !it.trim().is_empty()) {
            match line.trim_start().strip_prefix("- ") {
                Some(item) => {
                    let scenario = section.scenario(item);
                    scenarios.push(scenario.with_context(|| format!("the suite lists `{line}`"))?);
                }
                None => section = Section::of(line),
            }
        }
        let is_complete = scenarios.iter().any(|(_, it)| it.unscored.is_none());
        anyhow::ensure!(is_complete, "the suite lists no required scenario");
        Ok(Self { scenarios })
    }

    /// The scenarios of one side, in the order of the suite.
    fn of(&self, side: Side) -> impl Iterator<Item = &Scenario> {
        self.scenarios.iter().filter(move |(it, _)| *it == side).map(|(_, scenario)| scenario)
    }
}

/// The section of the list that a line is in.
enum Section<'a> {
    Preface,
    Required(Side),
    /// With the reason why nothing here is scored.
    Unscored(&'a str),
}

impl<'a> Section<'a> {
    fn of(heading: &'a str) -> Self {
        if heading.starts_with("Server scenarios") {
            return Self::Required(Side::Server);
        }
        if heading.starts_with("Client scenarios") {
            return Self::Required(Side::Client);
        }
        // `  extension (6):` stands under a heading of its own.
        match heading.strip_prefix("  ").and_then(|it| it.split_once(" (")) {
            Some((reason, _)) => Self::Unscored(reason),
            None => Self::Preface,
        }
    }

    /// Reads `tools-list`, or `tasks-lifecycle [server]` where the side is not in the heading.
    fn scenario(&self, item: &str) -> Option<(Side, Scenario)> {
        let new = |name: &str, unscored: Option<&str>| Scenario {
            name: name.to_owned(),
            unscored: unscored.map(str::to_owned),
        };
        match self {
            Self::Preface => None,
            Self::Required(side) => Some((*side, new(item, None))),
            Self::Unscored(reason) => {
                let (name, side) = item.strip_suffix(']')?.split_once(" [")?;
                let mut sides = Side::value_variants().iter();
                let side = sides.find(|it| it.name() == side)?;
                Some((*side, new(name, Some(reason))))
            }
        }
    }
}

#[cfg(test)]
mod tests;
