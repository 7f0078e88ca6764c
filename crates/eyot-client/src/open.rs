//! Opening a connection: the era, the handshake, what was set before.

use std::sync::Arc;
use std::time::Duration;

use eyot_era::Carrier;
use eyot_jsonrpc::{Message, Request, Response};
use eyot_service::{Fault, FaultKind, Messages, Peer};
use eyot_types::codes::{self, Outcome};
use eyot_types::{DiscoverResult, Era, InitializeParams, InitializeResult, Method, Revision, meta};
use eyot_upstream::{
    BoxStream, EraMode, HttpLink, LegacyConnection, LegacySource, LineConnection, ModernConnection,
    Runtime, Target,
};
use futures_util::future::{BoxFuture, Fuse, FusedFuture as _};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::StatusCode;
use parking_lot::Mutex;
use serde::Deserialize as _;
use serde_json::json;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::config::Verdict;
use crate::error::ClientError;
use crate::evidence::{self, EraStep};
use crate::restore::restore;
use crate::session::{Connection, Facts, Session};
use crate::state::Shared;

/// How the server is reached.
pub(crate) enum Dial {
    Http(HttpLink),
    /// A child, or a server of this process: each connection has one of its own.
    Lines(Target),
    /// A stream that is there once.
    Stream(Mutex<Option<BoxStream>>),
}

/// What moves a link of lines: polled by the client's driver.
pub(crate) type LineTask = Fuse<BoxFuture<'static, ()>>;

/// Opens connections, the first and every later one.
pub(crate) struct Opener {
    pub(crate) shared: Arc<Shared>,
    pub(crate) dial: Dial,
    pub(crate) runtime: Runtime,
}

/// A connection that is ready for calls.
pub(crate) struct Opened {
    pub(crate) session: Arc<Session>,
    pub(crate) line: Option<LineTask>,
    /// Messages that belong to no call.
    pub(crate) listening: Option<Messages>,
    /// A process that was asked for its era and has nothing more to do than to end.
    pub(crate) leftover: Option<LineTask>,
}

struct Lines {
    connection: LineConnection,
    task: Option<LineTask>,
}

/// What the server is.
enum Found {
    Modern(Opened),
    /// With the lines that were used for asking.
    Legacy(Option<Lines>),
}

impl Opener {
    /// Opens session `number`. What an earlier connection has found out saves asking.
    pub(crate) async fn open(&self, number: u64) -> Result<Opened, ClientError> {
        let verdict = *self.shared.verdict.lock();
        let known = verdict.map(|it| it.era());
        let connect = self.shared.config.limits.connect_timeout;
        let opened = match (self.shared.config.era, known) {
            (EraMode::Legacy, _) => self.open_legacy(number, None).await?,
            (EraMode::Modern, _) => match self.ask(number, connect).await? {
                Found::Modern(opened) => opened,
                Found::Legacy(_) => return Err(ClientError::Rpc(modern_only())),
            },
            (EraMode::Auto, Some(Era::Legacy)) => match self.open_legacy(number, None).await {
                // A stream is used up by now; anybody else may have changed.
                Err(ClientError::Rpc(_) | ClientError::Refused { .. })
                    if !matches!(self.dial, Dial::Stream(_)) =>
                {
                    self.find(number).await?
                }
                opened => opened?,
            },
            _ => self.find(number).await?,
        };
        let mut opened = opened;
        let restored = restore(&self.shared, &opened.session);
        drive(&mut opened.line, restored).await?;
        *self.shared.verdict.lock() = Some(Verdict::new(opened.session.facts.revision));
        Ok(opened)
    }

    /// Asks for the era and opens a connection of it.
    async fn find(&self, number: u64) -> Result<Opened, ClientError> {
        let limits = &self.shared.config.limits;
        let lines = match self.ask(number, limits.connect_timeout).await? {
            Found::Modern(opened) => return Ok(opened),
            Found::Legacy(lines) => lines,
        };
        // "Some stdio servers exit on any pre-initialize request": a child that was asked is not
        // used any more.
        let is_used_again = matches!(self.dial, Dial::Stream(_));
        let (again, asked) = if is_used_again { (lines, None) } else { (None, lines) };
        let leftover = asked.and_then(|Lines { connection, task }| {
            drop(connection);
            task
        });
        match self.open_legacy(number, again).await {
            Ok(opened) => Ok(Opened { leftover, ..opened }),
            // It was only slow to answer: a program that is started for the first time may be.
            Err(ClientError::Rpc(error)) if codes::is_modern_evidence(error.code) => {
                match self.ask(number, limits.call_timeout).await? {
                    Found::Modern(opened) => Ok(Opened { leftover, ..opened }),
                    Found::Legacy(_) => Err(ClientError::Rpc(error)),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Asks with `server/discover`.
    async fn ask(&self, number: u64, patience: Duration) -> Result<Found, ClientError> {
        let (connection, mut lines) = match &self.dial {
            Dial::Http(link) => (ModernConnection::over_http(link.clone(), &self.runtime), None),
            Dial::Lines(_) | Dial::Stream(_) => {
                let lines = self.lines(Era::Modern)?;
                {
                    let connection = lines.connection.clone();
                    (ModernConnection::over_lines(connection, &self.runtime), Some(lines))
                }
            }
        };
        let mut nothing = None;
        let task = lines.as_mut().map_or(&mut nothing, |it| &mut it.task);
        let asked = drive(task, timeout(patience, self.discover(&connection))).await;
        match self.judge(asked, lines.is_some(), patience)? {
            Some(facts) => {
                let session = session(number, Connection::Modern(connection), facts);
                let (line, listening) = (lines.and_then(|it| it.task), None);
                Ok(Found::Modern(Opened { session, line, listening, leftover: None }))
            }
            None => Ok(Found::Legacy(lines)),
        }
    }

    /// What the answer to `server/discover` says, which is told to whoever wants to hear it.
    fn judge(
        &self,
        asked: Asked,
        is_lines: bool,
        patience: Duration,
    ) -> Result<Option<Facts>, ClientError> {
        let carrier = if is_lines { Carrier::Pipe } else { Carrier::Http };
        let seen = evidence::Asked { said: &asked, carrier, patience };
        let (answer, is_modern) = (seen.answer(), seen.is_modern());
        let judged = judge(asked, is_lines, patience);
        self.tell(|| EraStep::of_discover(answer, is_modern, &judged));
        judged
    }

    fn tell(&self, step: impl FnOnce() -> EraStep) {
        if let Some(listener) = &self.shared.config.handlers.era_step {
            listener(step());
        }
    }

    /// Asks, and once more where the server refuses the version and offers the same.
    ///
    /// "The client SHOULD select a mutually supported version from the `supported` list and retry
    /// the request" (2026-07-28, basic/versioning, Protocol Version Negotiation). Behind one
    /// address there may be servers of several ages.
    async fn discover(
        &self,
        connection: &ModernConnection,
    ) -> Result<(StatusCode, Response), Fault> {
        let params = json!({ "_meta": self.shared.modern_meta });
        let method = Method::ServerDiscover;
        let question = || Request::unnumbered(method.as_str(), &params);
        let (status, answer) = connection.ask(question()).await?;
        match answer.decode_error() {
            Ok(error) if offers_our_version(&error) => connection.ask(question()).await,
            _ => Ok((status, answer)),
        }
    }

    /// Opens a legacy session.
    async fn open_legacy(&self, number: u64, lines: Option<Lines>) -> Result<Opened, ClientError> {
        let patience = self.shared.config.limits.call_timeout;
        let opening = timeout(patience, self.initialize(number, lines)).await;
        let silent = ClientError::Timeout { waited: patience, outcome: Outcome::Unknown };
        let opened = opening.unwrap_or(Err(silent));
        let agreed = opened.as_ref().map(|it| it.session.facts.revision);
        self.tell(|| EraStep::of_initialize(agreed));
        opened
    }

    async fn initialize(&self, number: u64, lines: Option<Lines>) -> Result<Opened, ClientError> {
        let config = &self.shared.config;
        let capabilities = config.handlers.capabilities();
        let params = InitializeParams::new(config.revision, capabilities, config.info.clone());
        let initialize = Request::unnumbered(Method::Initialize.as_str(), &params);
        let us = Peer::ourselves(Era::Legacy);
        let mut line = None;
        let opened = match &self.dial {
            Dial::Http(link) => {
                let source = LegacySource::Http(link.clone());
                LegacyConnection::open_over(source, &us, initialize, &self.runtime).await
            }
            Dial::Lines(_) | Dial::Stream(_) => {
                let lines = match lines {
                    Some(lines) => lines,
                    None => self.lines(Era::Legacy)?,
                };
                lines.connection.speak(Era::Legacy).await;
                line = lines.task;
                let source = LegacySource::Lines(lines.connection);
                let opening = LegacyConnection::open_over(source, &us, initialize, &self.runtime);
                drive(&mut line, opening).await
            }
        };
        let opened = opened.map_err(|fault| ClientError::from_fault(&fault))?;
        let facts = agreed(&opened.answer)?;
        let connection = opened.connection;
        let initialized = Message::notification(Method::Initialized.as_str(), &json!({}));
        let sent = drive(&mut line, connection.send(initialized)).await;
        sent.map_err(|fault| ClientError::from_fault(&fault))?;
        let listening = drive(&mut line, listen(&connection)).await;
        let session = session(number, Connection::Legacy(connection), facts);
        Ok(Opened { session, line, listening: Some(listening), leftover: None })
    }

    fn lines(&self, era: Era) -> Result<Lines, ClientError> {
        let (connection, driver) = match &self.dial {
            Dial::Lines(target) => LineConnection::open(target, era, &self.runtime)
                .map_err(|fault| ClientError::from_fault(&fault))?,
            Dial::Stream(stream) => {
                let used_up = || ClientError::Target { reason: "the stream has ended".to_owned() };
                let stream = stream.lock().take().ok_or_else(used_up)?;
                LineConnection::over(stream, era, &self.runtime)
            }
            Dial::Http(_) => {
                return Err(ClientError::Target { reason: "a URL has no lines".to_owned() });
            }
        };
        Ok(Lines { connection, task: Some(driver.run().boxed().fuse()) })
    }
}

/// Does something while the link of lines moves.
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

/// The messages that belong to no call. The server's stream is open when this returns, or does not
/// open at once; it is waited for a moment, because what is sent while nobody listens is lost.
async fn listen(connection: &LegacyConnection) -> Messages {
    let connection = connection.clone();
    let mut opening = Box::pin(async move { connection.listen(None).await });
    match timeout(LISTEN_PATIENCE, &mut opening).await {
        Ok(messages) => messages,
        Err(_elapsed) => Messages::new(stream::once(opening).flatten()),
    }
}

type Asked = Result<Result<(StatusCode, Response), Fault>, tokio::time::error::Elapsed>;

/// What the answer to `server/discover` says; `None`: the server is legacy.
///
/// Over lines "the server returns any other error, or does not respond within a reasonable
/// timeout: the server is legacy" (2026-07-28, basic/transports/stdio). Over HTTP only a refusal
/// of the request itself says so: 401, 403, 5xx and silence are no evidence.
fn judge(asked: Asked, is_lines: bool, patience: Duration) -> Result<Option<Facts>, ClientError> {
    let (status, answer) = match asked {
        Ok(Ok(asked)) => asked,
        Ok(Err(fault)) if is_lines || fault.kind == FaultKind::Refused => {
            tracing::debug!(%fault, "server does not know the modern era");
            return Ok(None);
        }
        Ok(Err(fault)) => return Err(ClientError::from_fault(&fault)),
        Err(_elapsed) if is_lines => return Ok(None),
        Err(_elapsed) => {
            return Err(ClientError::Timeout { waited: patience, outcome: Outcome::Unknown });
        }
    };
    if let Ok(error) = answer.decode_error() {
        return judge_error(error, status);
    }
    let Ok(result) = answer.decode_result::<DiscoverResult>() else { return Ok(None) };
    if !result.supports(Revision::MODERN) {
        return no_common_version(&result.supported_versions);
    }
    let info = result.meta.as_ref().and_then(meta::server_info);
    let DiscoverResult { capabilities, instructions, .. } = result;
    Ok(Some(Facts { revision: Revision::MODERN, info, capabilities, instructions }))
}

/// "If the body contains a recognized modern JSON-RPC error, the server speaks a modern version"
/// (2026-07-28, basic/transports/streamable-http, Backward Compatibility).
fn judge_error(
    error: eyot_jsonrpc::ErrorObject,
    status: StatusCode,
) -> Result<Option<Facts>, ClientError> {
    if error.code == codes::UNSUPPORTED_VERSION {
        return no_common_version(&supported_versions(&error));
    }
    if codes::is_modern_evidence(error.code) || eyot_era::is_no_evidence(status.as_u16()) {
        return Err(ClientError::Rpc(error));
    }
    Ok(None)
}

fn offers_our_version(error: &eyot_jsonrpc::ErrorObject) -> bool {
    supported_versions(error).iter().any(|it| it == Revision::MODERN.as_str())
}

/// The versions that a server offers which refused ours; none for any other error.
fn supported_versions(error: &eyot_jsonrpc::ErrorObject) -> Vec<String> {
    let data = error.data.as_ref().filter(|_| error.code == codes::UNSUPPORTED_VERSION);
    let supported = data.and_then(|it| it.get("supported"));
    supported.and_then(|it| Vec::<String>::deserialize(it).ok()).unwrap_or_default()
}

/// "Select a mutually supported version": one of the legacy era may be among them.
fn no_common_version(supported: &[String]) -> Result<Option<Facts>, ClientError> {
    let has_legacy = supported
        .iter()
        .any(|text| Revision::parse(text).is_some_and(|revision| revision.era() == Era::Legacy));
    if has_legacy {
        return Ok(None);
    }
    let reason = format!("server speaks only {}", supported.join(", "));
    Err(ClientError::Protocol { reason })
}

/// What an answer to `initialize` agrees on.
fn agreed(answer: &Message) -> Result<Facts, ClientError> {
    if let Ok(error) = answer.decode_error() {
        return Err(ClientError::Rpc(error));
    }
    let result: InitializeResult = answer.decode_result().map_err(|error| {
        ClientError::Protocol { reason: format!("result of initialize: {error}") }
    })?;
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

fn modern_only() -> eyot_jsonrpc::ErrorObject {
    codes::era_mismatch(Revision::MODERN.as_str(), Era::Legacy)
}

/// How long the first call waits for the stream of messages that belong to no call.
const LISTEN_PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
