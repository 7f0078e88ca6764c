//! Whether any answer reaches another call than its own: many clients with the same ids, over the
//! bridge in both directions.

use std::fmt::Write as _;

use anyhow::Context as _;
use clap::Args;
use eyot_benches::exchange::{Call, Era, Form, Tool};
use http::Uri;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::client::Client;
use crate::process::{self, Core, Server};
use crate::subject::{Hop, Programs};

/// How far to go.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Answers in all
    #[arg(long, default_value_t = 1_000_000)]
    answers: u64,
    /// Clients at the same time; all of them use the same ids
    #[arg(long, default_value_t = 64)]
    clients: u64,
}

/// Calls of many clients.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Crossing {
    url: String,
    era: Era,
    clients: u64,
    /// Of each client.
    calls: u64,
}

/// Runs, and says how many answers there were.
///
/// # Errors
///
/// When an answer is not that of its call.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let programs = Programs::find()?;
    let cells = [Era::Legacy, Era::Modern].into_iter();
    let cells = cells.flat_map(|era| [(era, Form::Json), (era, Form::Events)]);
    let cells: Vec<_> = cells.collect();
    let calls = options.answers.div_ceil(options.clients * cells.len() as u64);
    let mut answers = 0;
    for (era, form) in cells {
        let mut driver = programs.driver(Core::Second)?;
        let mut command = process::on(Core::First);
        programs.add_hop(&mut command, Hop::Bridge, &driver.endpoint(Hop::Bridge.face(era, form)));
        let server = Server::start(command)?;
        let (url, clients) = (server.url().to_owned(), options.clients);
        driver.check_crossing(&Crossing { url, era, clients, calls })?;
        server.stop()?;
        let count = clients * calls;
        println!("{era} clients before a {} backend, {form}: {count} answers", era.other());
        answers += count;
    }
    println!("{answers} answers with colliding ids, none crossed");
    Ok(())
}

impl Crossing {
    /// Lets all clients run.
    ///
    /// # Errors
    ///
    /// When an answer is not that of its call.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes all connections.
    pub(crate) async fn check(&self) -> anyhow::Result<()> {
        let url: Uri = self.url.parse().context("the endpoint")?;
        let mut running = JoinSet::new();
        for number in 0..self.clients {
            let client = Client::ready(&url, self.era, Tool::Echo).await?;
            running.spawn(check_client(client, self.era, (number, self.calls)));
        }
        while let Some(ended) = running.join_next().await {
            ended.context("a client panicked")??;
        }
        Ok(())
    }
}

async fn check_client(
    mut client: Client,
    era: Era,
    (number, calls): (u64, u64),
) -> anyhow::Result<()> {
    let mut text = String::new();
    for call in 0..calls {
        text.clear();
        write!(text, "{number}-{call}-end")?;
        let answer = client.ask(&Call::with_text(era, Tool::Echo, &text)).await?;
        let is_own = memchr::memmem::find(&answer, format!("\"{text}\"").as_bytes()).is_some();
        let said = String::from_utf8_lossy(&answer);
        anyhow::ensure!(is_own, "{text} was answered with {said}");
    }
    Ok(())
}
