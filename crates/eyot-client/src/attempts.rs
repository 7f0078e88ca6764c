//! Whether a call that failed is made once more.

use std::sync::Arc;
use std::time::Duration;

use eyot_stdx::{Backoff, random_bytes};
use eyot_types::codes::{self, Outcome};
use eyot_types::{Era, ListToolsResult, Method};
use tokio::time::{Instant, sleep};

use crate::answer::drop_invalid_tools;
use crate::error::ClientError;
use crate::exchange::{Times, Watch};
use crate::params::{Params, to_raw};
use crate::perform::{Call, perform};
use crate::read::read;
use crate::session::Session;
use crate::state::{Loss, Shared};

/// What was tried already.
#[derive(Default)]
pub(crate) struct Attempts {
    count: u32,
    /// Attempts that the server has not taken.
    not_sent: u32,
    /// Attempts whose outcome is unknown.
    unknown: u32,
    has_refreshed: bool,
    has_renegotiated: bool,
    failing_since: Option<Instant>,
    last: Option<ClientError>,
}

/// A call that failed, and where.
pub(crate) struct FailedAttempt<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) session: &'a Arc<Session>,
    pub(crate) call: &'a Call,
    pub(crate) times: Times,
}

impl Attempts {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Until when the call waits for a server that cannot be reached: as long as it may be
    /// silent.
    pub(crate) fn deadline(&self, times: Times) -> Instant {
        let since = self.failing_since.unwrap_or(times.started);
        since.checked_add(times.timeout).unwrap_or(times.ends_at).min(times.ends_at)
    }

    /// The error of a call that has waited long enough.
    pub(crate) fn last_error(&self, times: Times) -> ClientError {
        self.last.clone().unwrap_or_else(|| times.elapsed(Outcome::NotSent))
    }

    /// Prepares the next attempt, or gives the error back.
    pub(crate) async fn judge(
        &mut self,
        failed: &FailedAttempt<'_>,
        error: ClientError,
    ) -> Result<(), ClientError> {
        if !self.may_repeat(failed, &error).await {
            return Err(error);
        }
        self.failing_since.get_or_insert_with(Instant::now);
        self.last = Some(error);
        let pause = if self.count == 0 { Duration::ZERO } else { self.pause() };
        self.count += 1;
        if Instant::now() + pause >= self.deadline(failed.times) {
            return Err(self.last_error(failed.times));
        }
        sleep(pause).await;
        Ok(())
    }

    /// Whether the request can be sent again, after the driver has looked after the connection.
    async fn may_repeat(&mut self, failed: &FailedAttempt<'_>, error: &ClientError) -> bool {
        let FailedAttempt { shared, session, call, .. } = failed;
        if self.count >= ATTEMPTS_MAX {
            return false;
        }
        match error {
            ClientError::Unreachable { reason } => {
                shared.report_loss(session, Loss::Broken(reason.clone())).await;
                true
            }
            ClientError::Lost { reason, outcome: Outcome::NotSent } => {
                self.not_sent += 1;
                if self.not_sent > NOT_SENT_MAX {
                    return false;
                }
                shared.report_loss(session, Loss::Gone(reason.clone())).await;
                true
            }
            ClientError::Lost { reason, outcome: Outcome::Unknown } => {
                // A link of lines that still works has lost this call only: its messages were not
                // read in time.
                if !shared.target.is_shared_channel() || !session.is_open() {
                    shared.report_loss(session, Loss::Broken(reason.clone())).await;
                }
                self.unknown += 1;
                // It may have run: only a request that changes nothing is sent again.
                call.method().is_read_only() && self.unknown <= UNKNOWN_MAX
            }
            ClientError::Rpc(rpc) if session.era() == Era::Modern => {
                self.may_correct(failed, rpc.code).await
            }
            _ => false,
        }
    }

    /// Whether a modern server's refusal can be mended.
    async fn may_correct(&mut self, failed: &FailedAttempt<'_>, code: i64) -> bool {
        let FailedAttempt { shared, session, call, .. } = failed;
        match code {
            codes::HEADER_MISMATCH
                if call.method() == Method::ToolsCall
                    && shared.target.has_headers()
                    && !self.has_refreshed =>
            {
                self.has_refreshed = true;
                // "The client SHOULD call `tools/list` to check for changes to the tool's
                // `inputSchema`, then retry" (2026-07-28, basic/transports/streamable-http).
                Box::pin(learn_tool(shared, call)).await
            }
            codes::UNSUPPORTED_VERSION if !self.has_renegotiated => {
                self.has_renegotiated = true;
                let reason = "the server no longer speaks the revision".to_owned();
                shared.report_loss(session, Loss::Gone(reason)).await;
                true
            }
            _ => false,
        }
    }

    fn pause(&self) -> Duration {
        let backoff = Backoff { base: PAUSE, delay_max: PAUSE_MAX };
        backoff.next_delay(self.count, u64::from_le_bytes(random_bytes())).max(PAUSE_MIN)
    }
}

/// Reads the tools anew until the called one comes; returns whether it did.
async fn learn_tool(shared: &Arc<Shared>, call: &Call) -> bool {
    let wanted = call.params.get("name").and_then(|it| serde_json::from_str::<String>(it).ok());
    shared.cache.forget(&Method::ToolsList);
    let mut cursor = None;
    for _page in 0..PAGES_MAX {
        let mut params = Params::new();
        if let Some(cursor) = cursor.as_ref().and_then(|it| to_raw(it).ok()) {
            params.set("cursor", cursor);
        }
        let page = Call::new(Method::ToolsList.as_str(), params);
        let watch = Watch::new(shared.config.timeout, shared.config.max_total);
        let Ok(answer) = perform(shared, &page, watch).await else { return false };
        let Ok(mut page) = read::<ListToolsResult>(&answer) else { return false };
        drop_invalid_tools(shared, &mut page);
        if page.tools.iter().any(|it| Some(&it.name) == wanted.as_ref()) {
            return true;
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return false;
        }
    }
    false
}

/// How often a request is sent again in all. The pauses between make it more than a call's time.
const ATTEMPTS_MAX: u32 = 32;
/// How often a request is sent again that the server has not taken: a new session helps, or it does
/// not.
const NOT_SENT_MAX: u32 = 1;
/// How often a request of unknown outcome is sent again.
const UNKNOWN_MAX: u32 = 2;
/// Pages that are read to find one tool.
const PAGES_MAX: u32 = 100;
/// Ceiling of the second pause; the first attempt after a failure does not wait.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Jitter may choose no pause at all.
const PAUSE_MIN: Duration = Duration::from_millis(20);
