//! Runs the official conformance suite against a server and counts what is scored.

mod fixture;
mod score;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use crate::conformance::fixture::Fixture;
use crate::conformance::score::Score;
use crate::peers::Peers;
use crate::program;

/// The suite's own entry point, inside its npm package.
const SUITE: &str = "@modelcontextprotocol/conformance/dist/index.js";

/// Failures that are known; a listed one that passes is an error too.
const EXPECTED: &str = "tests/conformance/expected.yml";

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The server's endpoint; without it, the suite measures the fixture of this project
    #[arg(long)]
    url: Option<String>,
    /// One revision alone
    #[arg(long, value_enum)]
    leg: Option<Leg>,
}

/// One set of requirements.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Leg {
    #[value(name = "2025-11-25")]
    Legacy,
    #[value(name = "2026-07-28")]
    Modern,
}

impl Leg {
    fn name(self) -> &'static str {
        match self {
            Self::Legacy => "2025-11-25",
            Self::Modern => "2026-07-28",
        }
    }
}

/// Runs the legs one after the other: the suite and the server share the machine.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let peers = Peers::prepare();
    anyhow::ensure!(peers.package_file(SUITE).exists(), "the conformance suite is not there");
    let fixture = match options.url {
        Some(_) => None,
        None => Some(Fixture::start(&peers)?),
    };
    let started = fixture.as_ref().map(Fixture::url);
    let url = options.url.as_deref().or(started).context("a server to measure")?;
    let legs = options.leg.map_or_else(|| Leg::value_variants().to_vec(), |it| vec![it]);
    let mut failed = Vec::new();
    for leg in legs {
        if !measure(&peers, leg, url)? {
            failed.push(leg.name());
        }
    }
    anyhow::ensure!(failed.is_empty(), "does not conform to {}", failed.join(" and "));
    Ok(())
}

/// Runs one leg, prints its score and returns the verdict of the suite.
fn measure(peers: &Peers, leg: Leg, url: &str) -> anyhow::Result<bool> {
    let required = program::read(suite(peers).args(["list", "--requirements", leg.name()]))?;
    let details = program::project_root().join("target/conformance").join(leg.name());
    // The suite adds to what it finds; there may be nothing yet.
    fs::remove_dir_all(&details).ok();
    let mut run = suite(peers);
    run.args(["server", "--url", url, "--requirements", leg.name(), "--timeout", "60000"]);
    run.arg("--expected-failures").arg(EXPECTED).arg("--output-dir").arg(&details);
    let output = run.stdin(Stdio::null()).output().context("start the conformance suite")?;
    let told = String::from_utf8_lossy(&output.stdout);
    let score = Score::new(&required, &told);
    eprintln!("conformance {}: {score}", leg.name());
    explain(&score, &details);
    anyhow::ensure!(
        score.required_count() > 0,
        "the suite told nothing: {}",
        brief(&output.stderr)
    );
    Ok(output.status.success())
}

fn explain(score: &Score, details: &Path) {
    for scenario in score.failed() {
        eprintln!("  failed: {scenario}");
    }
    if !score.is_perfect() {
        eprintln!("  details: {}", details.display());
    }
}

fn suite(peers: &Peers) -> Command {
    let mut command = Command::new(peers.node());
    command.current_dir(program::project_root()).arg(peers.package_file(SUITE));
    command
}

/// The start of an error: a crashing suite prints its own code, minified, on one line.
fn brief(errors: &[u8]) -> String {
    const CHARACTERS_MAX: usize = 400;
    String::from_utf8_lossy(errors).chars().take(CHARACTERS_MAX).collect()
}
