//! Runs the official conformance suite against a server and a client.
//!
//! Every scenario of a revision is run, also those that the suite does not score, and every result
//! is compared with a strict list of expected failures.

mod catalog;
mod checks;
mod expected;
mod interceptors;
mod outcome;
mod report;
mod subject;
mod suite;
mod wait;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use crate::conformance::catalog::{Catalogs, Leg, Scenario, Side};
use crate::conformance::expected::Expected;
use crate::conformance::outcome::Outcome;
use crate::conformance::report::{LegReport, Report};
use crate::conformance::subject::{Fixture, Subject, Workshop};
use crate::conformance::suite::{Run, Suite, Target};
use crate::peers::Peers;
use crate::program;

/// The options of a run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// One side alone
    #[arg(long, value_enum)]
    side: Option<WantedSide>,
    /// One revision alone
    #[arg(long, value_enum)]
    leg: Option<Leg>,
    /// Whose programs are measured
    #[arg(long, value_enum, default_value = "ours")]
    fixture: Fixture,
    /// The server behind a proxy is started by the proxy
    #[arg(long)]
    pipe: bool,
    /// Any server, by its endpoint; no failure is expected of it
    #[arg(long, conflicts_with = "fixture")]
    url: Option<String>,
    /// Any client, by the command that starts it; no failure is expected of it
    #[arg(long, value_name = "CMD", conflicts_with = "fixture")]
    client: Option<String>,
    /// One scenario alone
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    /// Where the report is written
    #[arg(long, value_name = "FILE", default_value = "target/conformance/report.md")]
    report: PathBuf,
}

/// What the user wants to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WantedSide {
    Server,
    Client,
    /// The fixtures of the interceptor extension, which have no legs and no other programs
    Interceptors,
}

impl WantedSide {
    fn side(self) -> Option<Side> {
        match self {
            Self::Server => Some(Side::Server),
            Self::Client => Some(Side::Client),
            Self::Interceptors => None,
        }
    }
}

/// Runs what the options ask for, one leg after another: the suite and the programs under test
/// share the machine.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if options.side == Some(WantedSide::Interceptors) {
        return interceptors::run();
    }
    let root = program::project_root();
    let peers = Peers::prepare();
    let suite = Suite::find(&peers)?;
    let catalogs = Catalogs::load(|leg| suite.list(leg))?;
    let expected = options.expected(&root)?;
    expected.ensure_known(&catalogs)?;

    let details = root.join("target/conformance").join(options.place());
    fs::create_dir_all(&details).context("make a folder for the details")?;
    let mut report = Report::new(&suite.versions()?);
    for side in options.sides(&catalogs) {
        for leg in options.legs() {
            let scenarios = catalogs.pick(side, leg, options.scenario.as_deref());
            if scenarios.is_empty() {
                continue;
            }
            let rival = options.rival_score(&root, (side, leg), &scenarios)?;
            let is_piped = options.pipe;
            let workshop = Workshop { peers: &peers, folder: &details, leg, is_piped };
            let subject = options.subject(side, &workshop)?;
            report.add_version(&format!("{} {}", side.name(), leg.name()), &subject.of);
            let run = Run::new(&subject.target, leg, &details)?;
            let outcomes = |run: &Run<'_>| suite.run(run, scenarios);
            report.add_leg(measure(&run, outcomes, &expected, rival)?);
        }
    }
    finish(&report, &root.join(&options.report))
}

/// Runs one leg and prints the result, beside the score of other programs.
fn measure(
    run: &Run<'_>,
    outcomes: impl FnOnce(&Run<'_>) -> anyhow::Result<Vec<Outcome>>,
    expected: &Expected,
    rival: Option<String>,
) -> anyhow::Result<LegReport> {
    let started = Instant::now();
    let outcomes = outcomes(run)?;
    let judge = |it: Outcome| (expected.judge(&it), it);
    let rows = outcomes.into_iter().map(judge).collect();
    let leg = LegReport::new(run.side(), run.leg(), rows).beside(rival);
    eprintln!("conformance: {leg}, in {:.0} s", started.elapsed().as_secs_f64());
    if let Some(rival) = &leg.rival {
        eprintln!("  {rival} scored scenarios before the same server");
    }
    for surprise in leg.surprises() {
        eprintln!("  {surprise}");
    }
    Ok(leg)
}

/// Writes the report, and fails if any result in it was unexpected.
fn finish(report: &Report, file: &Path) -> anyhow::Result<()> {
    fs::write(file, report.to_string()).with_context(|| format!("write {}", file.display()))?;
    eprintln!("conformance: report in {}", file.display());
    let surprises_count = report.surprises_count();
    anyhow::ensure!(surprises_count == 0, "{surprises_count} results are not as expected");
    anyhow::ensure!(!report.is_empty(), "no scenario was run");
    Ok(())
}

impl Options {
    /// The folder of the details: several fixtures may be run at once.
    fn place(&self) -> String {
        let fixture = self.fixture.to_possible_value();
        let name = fixture.as_ref().map_or("", |it| it.get_name());
        match (&self.url, &self.client) {
            (None, None) if self.pipe => format!("{name}-pipe"),
            (None, None) => name.to_owned(),
            (Some(_), _) | (_, Some(_)) => "others".to_owned(),
        }
    }

    fn legs(&self) -> Vec<Leg> {
        self.leg.map_or_else(|| Leg::value_variants().to_vec(), |it| vec![it])
    }

    /// The sides to run: those that were named, or those that the other options imply.
    fn sides(&self, catalogs: &Catalogs) -> Vec<Side> {
        let is_wanted = |side: &Side| match (self.side, &self.url, &self.client) {
            (Some(wanted), ..) => wanted.side() == Some(*side),
            (None, None, None) => self.fixture.has(*side),
            (None, url, client) => match side {
                Side::Server => url.is_some(),
                Side::Client => client.is_some(),
            },
        };
        let sides = Side::value_variants().iter().copied().filter(is_wanted);
        match &self.scenario {
            // A name that the requirements do not have is left for the suite to judge.
            Some(name) if Side::value_variants().iter().any(|it| catalogs.side_has(*it, name)) => {
                sides.filter(|it| catalogs.side_has(*it, name)).collect()
            }
            Some(_) | None => sides.collect(),
        }
    }

    fn subject(&self, side: Side, workshop: &Workshop<'_>) -> anyhow::Result<Subject> {
        match (side, &self.url, &self.client) {
            (Side::Server, Some(url), _) => Ok(Subject::of_others(Target::Url(url.clone()))),
            (Side::Client, _, Some(line)) => Ok(Subject::of_others(Target::Command(line.clone()))),
            (Side::Server | Side::Client, ..) => workshop.make(self.fixture, side),
        }
    }

    /// The score of other programs in the same leg, from the list of their known failures.
    fn rival_score(
        &self,
        root: &Path,
        (side, leg): (Side, Leg),
        scenarios: &[Scenario],
    ) -> anyhow::Result<Option<String>> {
        let Some(rival) = self.fixture.rival().filter(|_| self.url.is_none()) else {
            return Ok(None);
        };
        let expected = Expected::load(&root.join(rival.expected_file()))?;
        let scored = scenarios.iter().filter(|it| it.unscored.is_none());
        let (failed, passed): (Vec<_>, Vec<_>) =
            scored.partition(|it| expected.has(side, leg, &it.name));
        let count = failed.len().saturating_add(passed.len());
        Ok(Some(format!("npm mcp-proxy passes {} of {count}", passed.len())))
    }

    /// The list of expected failures. It is about programs that this project knows.
    fn expected(&self, root: &Path) -> anyhow::Result<Expected> {
        match (&self.url, &self.client) {
            (None, None) => Expected::load(&root.join(self.fixture.expected_file())),
            (Some(_), _) | (_, Some(_)) => Ok(Expected::default()),
        }
    }
}
