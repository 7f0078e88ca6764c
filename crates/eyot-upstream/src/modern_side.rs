//! The modern side: one connection that all modern clients share.

mod log_turns;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use eyot_era::detect::{self, Asked};
use eyot_jsonrpc::{Message, Request, Response};
use eyot_service::{Fault, FaultKind, Messages, Reply, ReplyItem, Turn};
use eyot_types::codes;
use eyot_types::{Era, Method, Revision};
use futures_core::Stream;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use self::log_turns::LogTurns;
use crate::lines::route::hears_log;
use crate::{CallClock, CallTimer, EraFound, ModernConnection, Sender, Upstream, probe_modern};

/// Finds out whether the upstream is modern, and holds the connection if it is.
#[derive(Debug)]
pub struct ModernSide {
    upstream: Arc<Upstream>,
    /// Replaced when its connection is lost; opened once for all who need it.
    cell: Mutex<Arc<OnceCell<Option<ModernConnection>>>>,
    log_turns: Arc<LogTurns>,
}

impl ModernSide {
    /// The modern side of an upstream, of which nothing is known yet.
    #[must_use]
    pub fn new(upstream: Arc<Upstream>) -> Self {
        Self { upstream, cell: Mutex::default(), log_turns: Arc::default() }
    }

    /// Sends a request of a client, or one of our own on behalf of clients.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when there is no answer; an answer that is an error is none.
    ///
    /// # Cancel safety
    ///
    /// The upstream is told that its call is given up.
    pub async fn request(
        &self,
        connection: &ModernConnection,
        request: Request,
        sender: &Sender,
    ) -> Result<Reply, Fault> {
        if self.upstream.target.is_shared_channel() && hears_log(&request) {
            return Box::pin(self.request_in_turn(connection, request, sender)).await;
        }
        self.ask(connection, request, sender).await
    }

    /// Sends a request that hears the log, alone on its connection.
    async fn request_in_turn(
        &self,
        connection: &ModernConnection,
        request: Request,
        sender: &Sender,
    ) -> Result<Reply, Fault> {
        let taking = self.log_turns.take(connection, &self.upstream, sender.owner());
        let (connection, turn) = taking.await?;
        Ok(match self.ask(&connection, request, sender).await? {
            Reply::Stream(items) => {
                let turn = Some((connection, turn));
                Reply::Stream(Messages::new(Held { items, turn }))
            }
            reply => reply,
        })
    }

    async fn ask(
        &self,
        connection: &ModernConnection,
        request: Request,
        sender: &Sender,
    ) -> Result<Reply, Fault> {
        let clock = CallClock::start(&self.upstream.runtime.limits.calls);
        let is_endless = request.is_method(Method::SubscriptionsListen.as_str());
        let is_discovery = request.is_method(Method::ServerDiscover.as_str());
        // Pinned, so that the timer is put beside it and not around: the future is big.
        let mut asking = pin!(async {
            let reply = connection.request(request, sender).await?;
            // Nothing else has been asked of an upstream whose era is pinned.
            match is_discovery && self.upstream.era.pinned().is_some() {
                true => reply.answer(drop).await.map(Reply::One),
                false => Ok(reply),
            }
        });
        let asked = clock.limit(asking.as_mut()).await.unwrap_or_else(Err);
        match self.weigh(is_discovery, asked)? {
            // A subscription is silent for as long as nothing changes.
            Reply::Stream(items) if !is_endless => {
                Ok(Reply::Stream(Messages::new(Watched::new(items, clock))))
            }
            reply => Ok(reply),
        }
    }

    /// Sends a notification or a response of a client.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when it was not taken.
    ///
    /// # Cancel safety
    ///
    /// The message may have been sent.
    pub async fn send(
        &self,
        connection: &ModernConnection,
        message: Message,
        sender: &Sender,
    ) -> Result<(), Fault> {
        let timeout = self.upstream.runtime.limits.calls.timeout;
        let mut sending = pin!(connection.send(message, sender));
        let sent = tokio::time::timeout(timeout, sending.as_mut()).await;
        sent.unwrap_or_else(|_| Err(Fault::timed_out(timeout)))
    }

    /// Checks the answer of an upstream that is taken for modern, or pinned to that: a legacy
    /// upstream answers otherwise.
    fn weigh(&self, is_discovery: bool, asked: Result<Reply, Fault>) -> Result<Reply, Fault> {
        let era = &self.upstream.era;
        let question = if is_discovery { Asked::Discovery } else { Asked::Call };
        let is_legacy = match &asked {
            Ok(Reply::One(answer)) => detect::is_legacy_answer(answer, question, era.mode()),
            Ok(_) => false,
            Err(fault) => {
                let is_refusal = fault.kind == FaultKind::Refused;
                detect::is_legacy_fault(is_refusal, question, self.upstream.target.carrier())
            }
        };
        match asked {
            asked if !is_legacy => asked,
            asked if era.pinned().is_none() => {
                self.look_again();
                asked
            }
            Ok(Reply::One(answer)) => Ok(Reply::One(self.pinned_refusal(answer))),
            asked => asked.map_err(|fault| era.name_pin(fault)),
        }
    }

    fn pinned_refusal(&self, answer: Response) -> Response {
        let Some(mut error) = answer.error_object() else { return answer };
        self.upstream.era.name_pin_in(&mut error);
        Response::of_error(answer.id(), &error)
    }

    /// Lets the next request find out the era anew, unless that was done just now. An upstream over
    /// a pipe cannot change its era before the pipe ends.
    fn look_again(&self) {
        if self.upstream.era.invalidate_modern() {
            *self.cell.lock() = Arc::default();
        }
    }

    /// The open connection of an upstream that must be modern.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when the upstream is not modern, or nothing was learnt.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends a probing child.
    pub async fn required(&self) -> Result<ModernConnection, Fault> {
        let legacy = || {
            let error = codes::era_mismatch(Revision::LATEST_LEGACY.as_str(), Era::Modern);
            self.upstream.era.name_pin(Fault::upstream(error))
        };
        self.connection().await?.ok_or_else(legacy)
    }

    /// The open connection; `None` when the upstream is legacy.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when nothing was learnt of the era.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends a probing child.
    pub async fn connection(&self) -> Result<Option<ModernConnection>, Fault> {
        if let Some(connection) = self.open_connection() {
            return Ok(Some(connection));
        }
        if self.upstream.era.lacks(Era::Modern) {
            return Ok(None);
        }
        let cell = {
            let mut cell = self.cell.lock();
            if cell.get().is_some_and(|it| it.as_ref().is_none_or(|it| !it.is_open())) {
                *cell = Arc::default();
            }
            Arc::clone(&cell)
        };
        cell.get_or_try_init(|| Box::pin(self.open())).await.cloned()
    }

    /// The connection that is there already; `None`: it has to be opened, or the upstream may not
    /// be modern.
    #[must_use]
    pub fn open_connection(&self) -> Option<ModernConnection> {
        if self.upstream.era.lacks(Era::Modern) {
            return None;
        }
        let connection = self.cell.lock().get()?.clone()?;
        connection.is_open().then_some(connection)
    }

    async fn open(&self) -> Result<Option<ModernConnection>, Fault> {
        let era = &self.upstream.era;
        match probe_modern(&self.upstream).await? {
            EraFound::Modern(connection) => {
                eyot_metrics::upstreams_opened("modern");
                era.find_modern();
                Ok(Some(connection))
            }
            EraFound::Legacy => {
                era.find_only(Era::Legacy);
                Ok(None)
            }
        }
    }
}

/// The messages of a call that has its turn until they end.
struct Held {
    items: Messages,
    turn: Option<(ModernConnection, Turn)>,
}

impl Stream for Held {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.items).poll_next(cx));
        if item.is_none() {
            self.turn = None;
        }
        Poll::Ready(item)
    }
}

/// The messages of a call, each within its deadline. Dropping them cancels the call.
struct Watched {
    /// `None`: the deadline has passed.
    items: Option<Messages>,
    clock: CallClock,
    timer: CallTimer,
}

impl Watched {
    fn new(items: Messages, mut clock: CallClock) -> Self {
        clock.rest();
        Self { items: Some(items), clock, timer: CallTimer::default() }
    }
}

impl Stream for Watched {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { items, clock, timer } = &mut *self;
        let Some(running) = items else { return Poll::Ready(None) };
        if let Poll::Ready(item) = Pin::new(running).poll_next(cx) {
            if let Some(Ok(item)) = &item {
                clock.hear(item);
            }
            return Poll::Ready(item);
        }
        ready!(timer.poll_passed(|| clock.deadline(), cx));
        *items = None;
        Poll::Ready(Some(Err(clock.fault())))
    }
}

#[cfg(test)]
mod tests;
