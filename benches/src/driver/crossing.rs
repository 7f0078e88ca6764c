//! Calls of many clients that use the same ids.

use std::fmt::Write as _;

use anyhow::Context as _;
use eyot_benches::exchange::{Call, Era, Tool};
use http::Uri;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::client::Client;

/// Calls of many clients.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Crossing {
    pub(crate) url: String,
    pub(crate) era: Era,
    pub(crate) clients: u64,
    /// Of each client.
    pub(crate) calls: u64,
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
