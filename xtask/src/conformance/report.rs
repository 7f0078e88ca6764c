//! The results, as lines for a terminal and as Markdown.

use std::fmt::{self, Display, Write as _};

use crate::conformance::catalog::{Leg, Side};
use crate::conformance::expected::Judgement;
use crate::conformance::outcome::{Outcome, Verdict};

/// All legs that were run, with the versions of the programs.
#[derive(Debug)]
pub(super) struct Report {
    versions: Vec<(String, String)>,
    legs: Vec<LegReport>,
}

/// The results of one side in one leg.
#[derive(Debug)]
pub(super) struct LegReport {
    side: Side,
    leg: Leg,
    rows: Vec<(Judgement, Outcome)>,
    /// The score of other programs in the same leg, as text.
    pub(super) rival: Option<String>,
}

/// How many scenarios passed, and how many checks in them.
#[derive(Debug, Default)]
struct Tally {
    count: usize,
    passed_count: usize,
    skipped_count: usize,
    checks_passed_count: usize,
    checks_failed_count: usize,
}

impl Report {
    pub(super) fn new(versions: &[(&str, String)]) -> Self {
        let mut report = Self { versions: Vec::new(), legs: Vec::new() };
        for (name, version) in versions {
            report.add_version(name, version);
        }
        report
    }

    pub(super) fn add_version(&mut self, name: &str, version: &str) {
        self.versions.push((name.to_owned(), version.to_owned()));
    }

    pub(super) fn add_leg(&mut self, leg: LegReport) {
        self.legs.push(leg);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    pub(super) fn surprises_count(&self) -> usize {
        self.legs.iter().map(|it| it.surprises().count()).sum()
    }
}

impl LegReport {
    pub(super) fn new(side: Side, leg: Leg, rows: Vec<(Judgement, Outcome)>) -> Self {
        Self { side, leg, rows, rival: None }
    }

    /// Adds the score of other programs.
    pub(super) fn beside(self, rival: Option<String>) -> Self {
        Self { rival, ..self }
    }

    /// The unexpected results, one line each.
    pub(super) fn surprises(&self) -> impl Iterator<Item = String> {
        self.rows.iter().filter_map(|(judgement, outcome)| {
            let name = &outcome.scenario.name;
            match (judgement, &outcome.verdict) {
                (Judgement::Fine | Judgement::KnownFailure, _) => None,
                (Judgement::Stale, _) => Some(format!("{name}: expected to fail, and did not")),
                (Judgement::Unexpected, Verdict::Failed(reason)) => {
                    Some(format!("{name}: {}", brief(reason)))
                }
                (Judgement::Unexpected, Verdict::Passed | Verdict::Skipped(_)) => {
                    Some(format!("{name}: required, and nothing was checked"))
                }
            }
        })
    }

    fn tally(&self, is_counted: impl Fn(&Outcome) -> bool) -> Tally {
        let mut tally = Tally::default();
        for (_, outcome) in self.rows.iter().filter(|(_, it)| is_counted(it)) {
            tally.add(outcome);
        }
        tally
    }

    fn scored(&self) -> Tally {
        self.tally(|it| it.scenario.unscored.is_none())
    }

    fn unscored(&self) -> Tally {
        self.tally(|it| it.scenario.unscored.is_some())
    }

    fn name(&self) -> String {
        format!("{} {}", self.side.name(), self.leg.name())
    }
}

impl Display for LegReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.tally(|_| true);
        write!(f, "{}: {} scored and {} unscored ", self.name(), self.scored(), self.unscored())?;
        write!(f, "scenarios passed, {} checks passed and ", all.checks_passed_count)?;
        write!(f, "{} failed", all.checks_failed_count)
    }
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        self.count += 1;
        match outcome.verdict {
            Verdict::Passed => self.passed_count += 1,
            Verdict::Skipped(_) => self.skipped_count += 1,
            Verdict::Failed(_) => {}
        }
        self.checks_passed_count += outcome.checks.passed_count;
        self.checks_failed_count += outcome.checks.failed_count;
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.passed_count, self.count)?;
        match self.skipped_count {
            0 => Ok(()),
            skipped_count => write!(f, " ({skipped_count} skipped)"),
        }
    }
}

/// The whole report as Markdown.
impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Conformance\n\n| what | version |\n|---|---|")?;
        for (name, version) in &self.versions {
            writeln!(f, "| {} | {} |", cell(name), cell(version))?;
        }
        writeln!(f, "\n| side | leg | scored | unscored | checks passed | checks failed |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for leg in &self.legs {
            let all = leg.tally(|_| true);
            write!(f, "| {} | {} ", leg.side.name(), leg.leg.name())?;
            write!(f, "| {} | {} ", leg.scored(), leg.unscored())?;
            writeln!(f, "| {} | {} |", all.checks_passed_count, all.checks_failed_count)?;
        }
        for leg in &self.legs {
            if let Some(rival) = &leg.rival {
                write!(f, "\n{}: {} scored scenarios pass; ", leg.name(), leg.scored())?;
                writeln!(f, "{rival} before the same server.")?;
            }
        }
        self.legs.iter().try_for_each(|it| write_scenarios(f, it))
    }
}

fn write_scenarios(f: &mut fmt::Formatter<'_>, leg: &LegReport) -> fmt::Result {
    writeln!(f, "\n## {}\n", leg.name())?;
    writeln!(f, "| scenario | scored | result | checks passed | failed | why |")?;
    writeln!(f, "|---|---|---|---|---|---|")?;
    for (judgement, Outcome { scenario, checks, verdict, .. }) in &leg.rows {
        let (result, why) = match verdict {
            Verdict::Passed => ("passed", ""),
            Verdict::Skipped(why) => ("skipped", why.as_str()),
            Verdict::Failed(why) => ("failed", why.as_str()),
        };
        let mut result = result.to_owned();
        result.write_str(match judgement {
            Judgement::Fine => "",
            Judgement::KnownFailure => ", as expected",
            Judgement::Unexpected | Judgement::Stale => ", **not expected**",
        })?;
        let scored = match &scenario.unscored {
            None => "yes".to_owned(),
            Some(reason) => format!("no: {reason}"),
        };
        write!(f, "| {} | {} | {result} ", cell(&scenario.name), cell(&scored))?;
        write!(f, "| {} | {} ", checks.passed_count, checks.failed_count)?;
        writeln!(f, "| {} |", cell(&brief(why)))?;
    }
    Ok(())
}

/// One line of an error: the suite may put a whole message into its reason.
fn brief(reason: &str) -> String {
    const CHARACTERS_MAX: usize = 300;
    let words = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
        None => words,
    }
}

/// Text that fits into a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests;
