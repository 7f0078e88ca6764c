//! A call from the first attempt to its result: what fails is repeated when that is safe.

use std::borrow::Cow;
use std::sync::Arc;

use eyot_jsonrpc::{Id, Message};
use eyot_types::{Era, JsonObject, LogLevel, Method, meta};
use http::HeaderMap;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::attempts::{Attempts, FailedAttempt};
use crate::cache::CacheKey;
use crate::error::ClientError;
use crate::exchange::{Exchange, Times, Watch};
use crate::params::Params;
use crate::rounds::Rounds;
use crate::session::Session;
use crate::state::Shared;

/// A call as the caller wants it.
pub(crate) struct Call {
    pub(crate) method: Cow<'static, str>,
    pub(crate) params: Params,
    pub(crate) log_level: Option<LogLevel>,
    /// Whether a cached result will not do.
    pub(crate) is_fresh: bool,
}

impl Call {
    pub(crate) fn new(method: impl Into<Cow<'static, str>>, params: Params) -> Self {
        Self { method: method.into(), params, log_level: None, is_fresh: false }
    }

    pub(crate) fn method(&self) -> Method<'_> {
        Method::parse(&self.method)
    }
}

/// Makes a call: every round of it, and every attempt.
pub(crate) async fn perform(
    shared: &Arc<Shared>,
    call: &Call,
    mut watch: Watch,
) -> Result<Message, ClientError> {
    let cached = Cached::find(shared, call).await?;
    if let Cached::Found(answer) = cached {
        return Ok(answer);
    }
    let mut attempts = Attempts::new();
    loop {
        let session = wait(shared, watch.times, &attempts).await?;
        let (rounds, result) = run_rounds(shared, &session, call, &mut watch).await;
        match result {
            Ok(answer) => {
                cached.keep(shared, &rounds, &answer);
                return Ok(answer);
            }
            Err(error) => {
                let failed = FailedAttempt { shared, session: &session, call, times: watch.times };
                attempts.judge(&failed, error).await?;
            }
        }
    }
}

/// Waits for the session as long as the call may be silent.
async fn wait(
    shared: &Shared,
    times: Times,
    attempts: &Attempts,
) -> Result<Arc<Session>, ClientError> {
    if let Some(session) = shared.session_now() {
        return Ok(session);
    }
    let session = timeout_at(attempts.deadline(times), shared.session()).await;
    session.unwrap_or_else(|_elapsed| Err(attempts.last_error(times)))
}

async fn run_rounds(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    call: &Call,
    watch: &mut Watch,
) -> (Rounds, Result<Message, ClientError>) {
    let mut rounds = Rounds::new();
    let result = loop {
        let params = rounds.params(&call.params);
        let answer = send(shared, session, call, &params, watch).await;
        let answer = match answer.and_then(fail_on_error) {
            Ok(answer) if session.era() == Era::Modern => answer,
            other => break other,
        };
        match rounds.take(shared, &call.method(), answer, watch.times).await {
            Ok(Some(answer)) => break Ok(answer),
            Ok(None) => {}
            Err(error) => break Err(error),
        }
    };
    (rounds, result)
}

fn fail_on_error(answer: Message) -> Result<Message, ClientError> {
    match answer.decode_error() {
        Ok(error) => Err(ClientError::Rpc(error)),
        Err(_) => Ok(answer),
    }
}

/// Sends one request under a new id, and waits for its answer.
async fn send(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    call: &Call,
    params: &Params,
    watch: &mut Watch,
) -> Result<Message, ClientError> {
    let number = shared.next_id();
    let id = Id::from_number(number);
    let wants_progress = watch.progress.is_some();
    let meta = request_meta(shared, session, call, wants_progress.then_some(number));
    let request = params.request(id, &call.method, &meta);
    if request.params().is_none() {
        let reason = "parameters are no valid JSON for this protocol".to_owned();
        return Err(ClientError::Request { reason });
    }
    let headers = param_headers(shared, session, call, params);
    let (guard, mut stray) = match wants_progress && session.era() == Era::Legacy {
        true => {
            let (guard, stray) = shared.expect_stray(number);
            (Some(guard), stray)
        }
        false => (None, mpsc::channel(1).1),
    };
    let exchange = Exchange::new(shared, session, request, headers);
    let answered = exchange.answer(watch, &mut stray).await;
    drop(guard);
    answered
}

/// The `_meta` of a request: the caller's, what the era wants, and the progress token.
pub(crate) fn request_meta(
    shared: &Shared,
    session: &Session,
    call: &Call,
    progress_token: Option<u64>,
) -> JsonObject {
    let mut members = call.params.meta.clone();
    if let Some(token) = progress_token {
        members.insert(meta::PROGRESS_TOKEN.to_owned(), token.into());
    }
    if session.era() == Era::Modern {
        members.extend(shared.modern_meta.clone());
        let level = call.log_level.clone().or_else(|| shared.settings.lock().log_level.clone());
        if let Some(level) = level {
            members.insert(meta::LOG_LEVEL.to_owned(), Value::from(level.as_str()));
        }
    }
    members
}

/// "Clients MUST mirror the designated parameter values into HTTP headers" (2026-07-28,
/// basic/transports/streamable-http, Custom Headers from Tool Parameters).
fn param_headers(shared: &Shared, session: &Session, call: &Call, params: &Params) -> HeaderMap {
    let is_mirrored = session.era() == Era::Modern && shared.http.is_some();
    if !is_mirrored || call.method() != Method::ToolsCall {
        return HeaderMap::new();
    }
    let name = params.get("name").and_then(|it| serde_json::from_str::<String>(it).ok());
    let name = name.unwrap_or_default();
    shared.known_tools.headers(&name, params.get("arguments"))
}

/// Whether a result was found in the cache, or will be kept there.
enum Cached {
    Found(Message),
    Missing(CacheKey, u64),
    Off,
}

impl Cached {
    async fn find(shared: &Shared, call: &Call) -> Result<Self, ClientError> {
        let key = CacheKey::of(&call.method, &call.params);
        let Some(key) = key.filter(|_| !shared.cache.is_off()) else { return Ok(Self::Off) };
        let owner = match &shared.http {
            Some(link) => link.fingerprint().await,
            None => Ok(0),
        };
        let owner = owner.map_err(|fault| ClientError::from_fault(&fault))?;
        let found = shared.cache.find(&key, owner, Instant::now()).filter(|_| !call.is_fresh);
        Ok(found.map_or(Self::Missing(key, owner), Self::Found))
    }

    fn keep(self, shared: &Shared, rounds: &Rounds, answer: &Message) {
        // "Requests carrying `inputResponses` or `requestState` MUST NOT be cached" (2026-07-28,
        // server/utilities/caching, Cache Key).
        if let Self::Missing(key, owner) = self
            && rounds.is_first()
        {
            shared.cache.keep(key, owner, answer, Instant::now());
        }
    }
}
