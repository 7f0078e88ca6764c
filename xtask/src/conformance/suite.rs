//! Starts the suite and collects its results.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;

use crate::conformance::catalog::{Leg, Scenario, Side};
use crate::conformance::checks::Checks;
use crate::conformance::outcome::{Outcome, Verdict};
use crate::conformance::wait::{self, Ended};
use crate::peers::Peers;
use crate::program;

/// The suite's folder among the npm packages.
const PACKAGE: &str = "@modelcontextprotocol/conformance";

/// After this time the suite gives up a scenario; all scenarios of a server together take five
/// seconds.
const SCENARIO_PATIENCE: Duration = Duration::from_secs(60);

/// How much longer the suite itself may take to report that.
const SUITE_PATIENCE: Duration = Duration::from_secs(30);

/// The official suite, as it was fetched.
#[derive(Debug)]
pub(super) struct Suite<'a> {
    peers: &'a Peers,
}

/// The program under test, in the terms of the suite's command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The endpoint of a server.
    Url(String),
    /// The command that starts a client; the suite appends the address of its server.
    Command(String),
}

impl Target {
    pub(super) fn side(&self) -> Side {
        match self {
            Self::Url(_) => Side::Server,
            Self::Command(_) => Side::Client,
        }
    }
}

impl<'a> Suite<'a> {
    pub(super) fn find(peers: &'a Peers) -> anyhow::Result<Self> {
        let suite = Self { peers };
        anyhow::ensure!(suite.index().exists(), "the conformance suite is not there");
        Ok(suite)
    }

    /// The suite's list for a leg.
    pub(super) fn list(&self, leg: Leg) -> anyhow::Result<String> {
        program::read(self.command().args(["list", "--requirements", leg.name()]))
    }

    /// The packages of the suite, with their versions.
    pub(super) fn versions(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        let suite = format!("npm {PACKAGE} {}", self.peers.package_version(PACKAGE)?);
        let node = program::read(Command::new(self.peers.node()).arg("--version"))?;
        Ok(vec![("suite", suite), ("Node.js", node.trim().to_owned())])
    }

    /// Runs the scenarios one after another, never at once: a client that shares the machine with
    /// forty others fails for lack of time.
    pub(super) fn run(&self, run: &Run<'_>, list: Vec<Scenario>) -> anyhow::Result<Vec<Outcome>> {
        match (run.side(), list.len()) {
            (Side::Server, 2..) => self.run_all(run, list),
            (Side::Server | Side::Client, _) => {
                list.into_iter().map(|it| self.run_one(run, it)).collect()
            }
        }
    }

    /// Runs all scenarios of a server in one process: the suite runs them one after another, each
    /// with its own time limit, and starts up only once.
    fn run_all(&self, run: &Run<'_>, list: Vec<Scenario>) -> anyhow::Result<Vec<Outcome>> {
        let mut command = self.run_command(run);
        command.args(["--requirements", run.leg.name()]);
        let count = u32::try_from(list.len()).unwrap_or(u32::MAX);
        let patience = SCENARIO_PATIENCE.saturating_mul(count).saturating_add(SUITE_PATIENCE);
        let Ended { said, .. } = run.listen(command, patience)?;
        list.into_iter()
            .map(|scenario| {
                let said = section(&said, &scenario.name);
                // The exit code of this process is about all scenarios; the checks are about one.
                run.outcome(scenario, said, true)
            })
            .collect()
    }

    /// Runs one scenario in a process of its own.
    fn run_one(&self, run: &Run<'_>, scenario: Scenario) -> anyhow::Result<Outcome> {
        let mut command = self.run_command(run);
        command.args(["--scenario", &scenario.name, "--spec-version", run.leg.name()]);
        // Extensions belong to no revision; without this flag the suite would skip them.
        command.arg("--force");
        let patience = SCENARIO_PATIENCE.saturating_add(SUITE_PATIENCE);
        let Ended { said, is_success } = run.listen(command, patience)?;
        run.outcome(scenario, &said, is_success)
    }

    fn run_command(&self, run: &Run<'_>) -> Command {
        let mut command = self.command();
        command.env("EYOT_PEERS", self.peers.folder());
        match run.target {
            Target::Url(url) => command.args(["server", "--url", url]),
            Target::Command(line) => command.args(["client", "--command", line]),
        };
        command.arg("--timeout").arg(SCENARIO_PATIENCE.as_millis().to_string());
        command.arg("--output-dir").arg(&run.folder);
        command
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.peers.node());
        command.current_dir(program::project_root()).arg(self.index());
        command
    }

    fn index(&self) -> PathBuf {
        self.peers.package_file(PACKAGE).join("dist/index.js")
    }
}

/// One target in one leg, with a folder for the details.
#[derive(Debug)]
pub(super) struct Run<'a> {
    target: &'a Target,
    leg: Leg,
    folder: PathBuf,
}

impl<'a> Run<'a> {
    /// Empties the folder: the suite adds to the files that it finds.
    pub(super) fn new(target: &'a Target, leg: Leg, details: &Path) -> anyhow::Result<Self> {
        let folder = details.join(target.side().name()).join(leg.name());
        if folder.exists() {
            fs::remove_dir_all(&folder).context("remove the details of the last run")?;
        }
        fs::create_dir_all(&folder).context("make a folder for the details")?;
        Ok(Self { target, leg, folder })
    }

    pub(super) fn side(&self) -> Side {
        self.target.side()
    }

    pub(super) fn leg(&self) -> Leg {
        self.leg
    }

    /// Runs the suite and keeps its output.
    fn listen(&self, command: Command, patience: Duration) -> anyhow::Result<Ended> {
        let ended = wait::for_end(command, patience).context("run the conformance suite")?;
        let log = OpenOptions::new().create(true).append(true).open(self.folder.join("log.txt"));
        log.context("open the log")?.write_all(ended.said.as_bytes()).context("write the log")?;
        Ok(ended)
    }

    fn outcome(&self, scenario: Scenario, said: &str, is_content: bool) -> anyhow::Result<Outcome> {
        let checks = match self.checks_file(&scenario.name) {
            Some(file) => {
                let json = fs::read_to_string(&file);
                Some(Checks::parse(&json.with_context(|| format!("read {}", file.display()))?)?)
            }
            None => None,
        };
        let verdict = Verdict::new(checks.as_ref(), is_content, said);
        let (side, leg) = (self.side(), self.leg);
        Ok(Outcome { side, leg, scenario, checks: checks.unwrap_or_default(), verdict })
    }

    /// Finds `server-NAME-TIME/checks.json`, or `NAME-TIME/checks.json` for a client.
    fn checks_file(&self, scenario: &str) -> Option<PathBuf> {
        let name = match self.side() {
            Side::Server => format!("server-{scenario}"),
            Side::Client => scenario.to_owned(),
        };
        // The name of a scenario may have a folder in it.
        let start = self.folder.join(name);
        let name = start.file_name()?.to_str()?;
        let entries = fs::read_dir(start.parent()?).ok()?.filter_map(Result::ok);
        let mut files = entries
            .filter(|it| it.file_name().to_str().is_some_and(|it| is_result_of(name, it)))
            .map(|it| it.path().join("checks.json"));
        files.find(|it| it.is_file())
    }
}

/// Whether a folder is named after a scenario and a time, as in `ping-2026-11-25T09-34-50-424Z`.
fn is_result_of(scenario: &str, folder: &str) -> bool {
    const TIME: &str = "-0000-00-00T00-00-00-000Z";
    let Some(time) = folder.strip_prefix(scenario) else { return false };
    let is_alike = |(is, like): (char, char)| match like {
        '0' => is.is_ascii_digit(),
        _ => is == like,
    };
    time.len() == TIME.len() && time.chars().zip(TIME.chars()).all(is_alike)
}

/// The output of the suite about one scenario of many.
fn section<'a>(said: &'a str, scenario: &str) -> &'a str {
    let heading = format!("=== Running scenario: {scenario} ===");
    let after = said.split_once(&heading).map_or("", |(_, after)| after);
    after.split_once("\n=== ").map_or(after, |(section, _)| section)
}

#[cfg(test)]
mod tests;
