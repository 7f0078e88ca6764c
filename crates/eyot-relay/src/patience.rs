//! Calls wait for an upstream that cannot be reached now: one that restarts, moves, or is started a
//! moment later.

mod outage;

use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::ErrorObject;
use eyot_service::{BoxService, Call, Fault, Input, Messages, Reply, ReplyFuture, SharedService};
use eyot_stdx::{Backoff, random_bytes};
use eyot_types::{Method, codes, is_cancelled};
use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use self::outage::{Outage, Waiting};

/// How long calls wait, and what ends all of their waits at once.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by its users, who know both")]
pub struct Patience {
    /// From the beginning of a call on. Zero: none waits.
    pub time: Duration,
    /// Ends every wait: the client has gone, or the process drains.
    pub given_up: CancellationToken,
}

impl Patience {
    /// A service in front of this one, whose calls wait. They are sent again only if they provably
    /// were not sent; or if they are `initialize` or `server/discover`, which do nothing twice.
    ///
    /// It looks at the first word of each reply: replies should not have to be told before they have
    /// begun.
    #[must_use]
    pub fn before(self, service: BoxService) -> BoxService {
        match self.time.is_zero() {
            true => service,
            false => BoxService::of_shared(Arc::new(Patient {
                service,
                patience: self,
                outage: Arc::default(),
            })),
        }
    }
}

#[derive(Debug)]
struct Patient {
    service: BoxService,
    patience: Patience,
    outage: Arc<Outage>,
}

impl SharedService for Patient {
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
        let may_wait = match &call.input {
            Input::Request(_) | Input::Response(_) => true,
            // There is nothing to cancel at an upstream that has not been reached.
            Input::Notification(notification) => !is_cancelled(notification),
            // What listens has pauses of its own, and the end of a session is no reason to wait.
            _ => false,
        };
        match may_wait {
            true => Box::pin(async move { self.ask(call).await }),
            false => self.service.clone().call(call),
        }
    }
}

impl Patient {
    async fn ask(&self, call: Call) -> Result<Reply, Fault> {
        let ends_at = Instant::now().checked_add(self.patience.time);
        let mut waiting: Option<Waiting> = None;
        for attempt in 0.. {
            let asked = begun(self.service.clone().call(call.clone()).await).await;
            let Some(obstacle) = obstacle(&asked, &call.input) else {
                self.outage.handle_answer(asked.is_ok());
                return asked;
            };
            let Patience { time, given_up } = &self.patience;
            let left = ends_at.map_or(PAUSES.delay_max, |it| it.duration_since(Instant::now()));
            if left.is_zero() || given_up.is_cancelled() {
                return given_up_after(waiting.as_ref(), asked);
            }
            waiting.get_or_insert_with(|| self.outage.wait(&obstacle, *time));
            if !self.pause(attempt, left).await {
                return given_up_after(waiting.as_ref(), asked);
            }
        }
        Err(Fault::internal("a call was attempted too often"))
    }

    /// Waits for the next attempt; `false` when there is none.
    async fn pause(&self, attempt: u32, left: Duration) -> bool {
        let random = u64::from_le_bytes(random_bytes());
        let pause = PAUSES.next_delay(attempt, random).max(PAUSE_MIN).min(left);
        tokio::select! {
            biased;
            () = self.patience.given_up.cancelled() => false,
            () = self.outage.is_over() => true,
            () = sleep(pause) => true,
        }
    }
}

/// What is given up: a wait has told the operator why.
fn given_up_after(waiting: Option<&Waiting>, asked: Result<Reply, Fault>) -> Result<Reply, Fault> {
    match waiting {
        Some(_) => asked.map_err(Fault::told),
        None => asked,
    }
}

/// The reply once its first word is there: what was not sent is said by that, too.
async fn begun(asked: Result<Reply, Fault>) -> Result<Reply, Fault> {
    let Ok(Reply::Stream(mut messages)) = asked else { return asked };
    match messages.next().await {
        Some(Err(fault)) => Err(fault),
        first => Ok(Reply::Stream(Messages::new(stream::iter(first).chain(messages)))),
    }
}

/// Why the call was not answered, if it can be made again.
fn obstacle(asked: &Result<Reply, Fault>, input: &Input) -> Option<Fault> {
    let is_harmless = match input {
        Input::Request(request) => {
            matches!(Method::parse(request.method()), Method::Initialize | Method::ServerDiscover)
        }
        _ => false,
    };
    let may_repeat = |error: &ErrorObject| {
        codes::may_succeed_later(error) || is_harmless && codes::is_retryable(error)
    };
    match asked {
        Err(fault) => may_repeat(&fault.error).then(|| fault.clone()),
        // A proxy upstream says so of what is behind it.
        Ok(Reply::One(answer)) => answer.error_object().filter(may_repeat).map(Fault::upstream),
        Ok(_) => None,
    }
}

/// The pauses between attempts.
const PAUSES: Backoff =
    Backoff { base: Duration::from_millis(50), delay_max: Duration::from_secs(2) };
/// Jitter may choose no pause at all.
const PAUSE_MIN: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
