//! Opening a connection: the era, the handshake, what was set before.

mod attempt;
mod finding;

use std::sync::Arc;
use std::time::Duration;

use eyot_era::detect::KnownEra;
use eyot_jsonrpc::{Message, Request};
use eyot_service::{Messages, Peer};
use eyot_types::codes::Outcome;
use eyot_types::{Era, InitializeParams, InitializeResult, Method, Revision};
use eyot_upstream::{LegacyConnection, LegacySource, LineConnection, Runtime};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Fuse, FusedFuture as _};
use serde_json::json;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::attempt::Attempt;
use crate::error::ClientError;
use crate::read::read;
use crate::restore::restore;
use crate::session::{Connection, Facts, Session};
use crate::state::Shared;

/// What moves a link of lines: polled by the client's driver.
pub(crate) type LineTask = Fuse<BoxFuture<'static, ()>>;

/// Opens connections, the first and every later one.
pub(crate) struct Opener {
    pub(crate) shared: Arc<Shared>,
    pub(crate) runtime: Runtime,
}

/// A connection that is ready for calls.
pub(crate) struct Opened {
    pub(crate) session: Arc<Session>,
    pub(crate) line: Option<LineTask>,
    /// Messages that belong to no call.
    pub(crate) listening: Option<Messages>,
    /// A process that was asked for its era and only has to end now.
    pub(crate) leftover: Option<LineTask>,
}

struct Lines {
    connection: LineConnection,
    task: Option<LineTask>,
}

impl Opener {
    /// Opens session `number`. What an earlier connection has found out saves asking.
    pub(crate) async fn open(&self, number: u64) -> Result<Opened, ClientError> {
        let mut opened = Attempt::new(self, number).run().await?;
        let restored = restore(&self.shared, &opened.session);
        drive(&mut opened.line, restored).await?;
        let revision = opened.session.facts.revision;
        let known = KnownEra { revision, found_at_ms: eyot_service::unix_ms() };
        *self.shared.known_era.lock() = Some(known);
        Ok(opened)
    }

    /// Opens a legacy session.
    async fn open_legacy(
        &self,
        number: u64,
        lines: Option<Lines>,
        patience: Duration,
    ) -> Result<Opened, ClientError> {
        let opening = timeout(patience, self.initialize(number, lines)).await;
        let silent = ClientError::Timeout { waited: patience, outcome: Outcome::Unknown };
        opening.unwrap_or(Err(silent))
    }

    async fn initialize(&self, number: u64, lines: Option<Lines>) -> Result<Opened, ClientError> {
        let config = &self.shared.config;
        let capabilities = config.handlers.capabilities();
        let params = InitializeParams::new(config.revision, capabilities, config.info.clone());
        let initialize = Request::unnumbered(Method::Initialize.as_str(), &params);
        let us = Peer::ourselves(Era::Legacy);
        let mut line = None;
        let source = match self.shared.target.http_link() {
            Some(link) => LegacySource::Http(link.clone()),
            None => {
                let lines = match lines {
                    Some(lines) => lines,
                    None => self.lines(Era::Legacy).await?,
                };
                lines.connection.speak(Era::Legacy).await;
                line = lines.task;
                LegacySource::Lines(lines.connection)
            }
        };
        let opening = LegacyConnection::open_over(source, &us, initialize, &self.runtime);
        let opened = drive(&mut line, opening).await;
        let opened = opened.map_err(|fault| ClientError::from_fault(&fault))?;
        let facts = agreed(&opened.answer)?;
        let connection = opened.connection;
        let initialized = Message::notification(Method::Initialized.as_str(), &json!({}));
        let sent = drive(&mut line, connection.send(initialized)).await;
        sent.map_err(|fault| ClientError::from_fault(&fault))?;
        // What the server sends before its stream is open is lost.
        let listening = connection.listen_soon(None, LISTEN_PATIENCE);
        let listening = drive(&mut line, listening).await;
        let session = session(number, Connection::Legacy(connection), facts);
        Ok(Opened { session, line, listening: Some(listening), leftover: None })
    }

    async fn lines(&self, era: Era) -> Result<Lines, ClientError> {
        let target = &self.shared.target;
        let opened = LineConnection::open(target, era, None, &self.runtime).await;
        let (connection, driver) =
            opened.map_err(|fault| match ClientError::from_fault(&fault) {
                // It was used before; trying again does not help.
                ClientError::Refused { reason } if !target.can_reconnect() => {
                    ClientError::Target { reason }
                }
                error => error,
            })?;
        Ok(Lines { connection, task: Some(driver.run().boxed().fuse()) })
    }
}

/// Does `work` while the link of lines moves.
pub(crate) async fn drive<T>(line: &mut Option<LineTask>, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|cx| {
        if let Some(task) = line.as_mut().filter(|it| !it.is_terminated()) {
            // Should it end, the work learns of it by itself.
            let _is_over = task.poll_unpin(cx).is_ready();
        }
        work.as_mut().poll(cx)
    })
    .await
}

fn session(number: u64, connection: Connection, facts: Facts) -> Arc<Session> {
    let retired = CancellationToken::new();
    Arc::new(Session { number, connection, facts, retired })
}

/// What an answer to `initialize` agrees on.
fn agreed(answer: &Message) -> Result<Facts, ClientError> {
    if let Ok(error) = answer.decode_error() {
        return Err(ClientError::Rpc(error));
    }
    let result: InitializeResult = read(answer)?;
    let revision = Revision::parse(&result.protocol_version);
    let revision = revision.filter(|it| it.era() == Era::Legacy).ok_or_else(|| {
        // "If the client does not support the version in the server's response, it SHOULD
        // disconnect" (2025-11-25, basic/lifecycle).
        let reason = format!("server wants revision {:?}", result.protocol_version);
        ClientError::Protocol { reason }
    })?;
    let InitializeResult { capabilities, server_info, instructions, .. } = result;
    Ok(Facts { revision, info: Some(server_info), capabilities, instructions })
}

/// How long the first call waits for the stream of messages that belong to no call.
const LISTEN_PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
