//! A call that is still being put together.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use eyot_types::{JsonObject, LogLevel, ProgressParams};
use futures_core::Stream;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::answer::sealed::Of;
use crate::answer::{Answered, Outcome, Page};
use crate::error::ClientError;
use crate::exchange::{ProgressListener, Watch};
use crate::open_client::OpenClient;
use crate::params::to_raw;
use crate::perform::{Call, perform};

/// A call, sent when it is awaited.
///
/// # Cancel safety
///
/// Dropping the future of a call that was sent cancels it: the server is told to cancel it. It may
/// have run.
#[must_use = "a call is sent when it is awaited"]
pub struct CallBuilder<T> {
    client: Arc<OpenClient>,
    call: Result<Call, ClientError>,
    timeout: Duration,
    max_total: Duration,
    progress: Option<ProgressListener>,
    result: PhantomData<fn() -> T>,
}

/// The future of a call.
pub type CallFuture<T> = Pin<Box<dyn Future<Output = Result<T, ClientError>> + Send>>;

impl<T: Outcome> CallBuilder<T> {
    pub(crate) fn new(client: Arc<OpenClient>, call: Result<Call, ClientError>) -> Self {
        let config = &client.shared().config;
        Self {
            timeout: config.timeout,
            max_total: config.max_total,
            client,
            call,
            progress: None,
            result: PhantomData,
        }
    }

    /// Silence of the server after which the call fails, instead of the client's. Progress, log
    /// messages and all else that belongs to the call start it anew; so does a question of the
    /// server, which has a limit of its own.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The longest that the call may take, progress or not, instead of the client's.
    pub fn max_total(mut self, max_total: Duration) -> Self {
        self.max_total = max_total;
        self
    }

    /// Asks for progress. `listener` is called in the order of the messages, never after the call
    /// has its result.
    pub fn progress(mut self, listener: impl FnMut(ProgressParams) + Send + 'static) -> Self {
        self.progress = Some(Box::new(listener));
        self
    }

    /// Asks for progress, as a stream beside the call. A reader that is too slow misses some.
    pub fn progress_stream(self) -> (Self, ProgressStream) {
        let (sender, receiver) = mpsc::channel(PROGRESS_MAX);
        let listener = move |progress| {
            if sender.try_send(progress).is_err() {
                eyot_metrics::messages_dropped("reader_too_slow");
            }
        };
        (self.progress(listener), ProgressStream(receiver))
    }

    /// Adds a member to the request's `_meta`, for example a trace.
    pub fn meta(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        if let Ok(call) = &mut self.call {
            call.params.meta.insert(key.into(), value.into());
        }
        self
    }

    /// Adds members to the request's `_meta`.
    pub fn with_meta(mut self, members: JsonObject) -> Self {
        if let Ok(call) = &mut self.call {
            call.params.meta.extend(members);
        }
        self
    }

    /// The least severe log messages that the server is to send for this call. Modern servers
    /// only: a legacy one has a level for the whole session, see
    /// [`Client::set_log_level`](crate::Client::set_log_level).
    pub fn log_level(mut self, level: LogLevel) -> Self {
        if let Ok(call) = &mut self.call {
            call.log_level = Some(level);
        }
        self
    }

    /// Gives the answer as it came, too.
    pub fn with_message(self) -> CallBuilder<Answered<T>> {
        let Self { client, call, timeout, max_total, progress, .. } = self;
        CallBuilder { client, call, timeout, max_total, progress, result: PhantomData }
    }

    /// Asks the server even if a result that was cached is fresh.
    pub fn fresh(mut self) -> Self {
        if let Ok(call) = &mut self.call {
            call.is_fresh = true;
        }
        self
    }
}

impl<T: Page> CallBuilder<T> {
    /// Goes on where an earlier page has ended.
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        if let (Ok(call), Ok(raw)) = (&mut self.call, to_raw(&cursor.into())) {
            call.params.set("cursor", raw);
        }
        self
    }
}

impl<T: Outcome> IntoFuture for CallBuilder<T> {
    type Output = Result<T, ClientError>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> CallFuture<T> {
        let Self { client, call, timeout, max_total, progress, .. } = self;
        Box::pin(async move {
            let call = call?;
            let watch = Watch { progress, ..Watch::new(timeout, max_total) };
            let answer = perform(client.shared(), &call, watch).await?;
            T::decode(answer, Of(client.shared()))
        })
    }
}

impl<T> fmt::Debug for CallBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.call.as_ref().map(|call| &call.method);
        f.debug_struct("CallBuilder").field("method", &method).finish_non_exhaustive()
    }
}

/// Progress of one call; ends with the call.
#[derive(Debug)]
pub struct ProgressStream(mpsc::Receiver<ProgressParams>);

impl ProgressStream {
    /// The next message; `None` when the call is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: messages are handed out once, whole.
    pub async fn next(&mut self) -> Option<ProgressParams> {
        self.0.recv().await
    }
}

impl Stream for ProgressStream {
    type Item = ProgressParams;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}

/// Progress messages that wait for their reader.
const PROGRESS_MAX: usize = 64;
