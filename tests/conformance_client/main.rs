//! The client under test in the official conformance suite, on the facade alone.
//!
//! The one argument is the address of the suite's server. The environment names the scenario, the
//! revision that the server speaks, and other data of the scenario.

mod answers;
mod scenario;

use std::env;
use std::process::ExitCode;

use anyhow::Context as _;
use eyot::types::{Era, Revision};
use eyot::{Client, EraMode};

use crate::scenario::Scenario;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stderr, reason = "the suite shows stderr if the client failed")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conformance-client: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let url = env::args().nth(1).context("the address of a server is missing")?;
    let scenario = Scenario::from_environment()?;
    let client = connect(&url).await.context("connect")?;
    let done = scenario.perform(&client).await;
    client.close().await;
    done
}

/// Connects in the revision of the suite: the suite does not test how a client finds the revision.
async fn connect(url: &str) -> anyhow::Result<Client> {
    let revision = env::var("MCP_CONFORMANCE_PROTOCOL_VERSION").context("no revision is named")?;
    let revision: Revision = revision.parse()?;
    let era = match revision.era() {
        Era::Legacy => EraMode::Legacy,
        Era::Modern => EraMode::Modern,
    };
    let client = Client::builder("eyot-conformance-client", env!("CARGO_PKG_VERSION"))
        .era(era)
        .revision(revision)
        .on_elicit(answers::elicit)
        .on_sample(answers::sample)
        .on_roots(answers::roots);
    Ok(client.connect(url).await?)
}
