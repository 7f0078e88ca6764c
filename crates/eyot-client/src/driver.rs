//! The one task of a client: keeps its connection, and opens it again when it is lost.

use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{MessageKind, Notification};
use eyot_service::{Fault, FaultKind, Messages, ReplyItem};
use eyot_stdx::{Backoff, random_bytes};
use eyot_types::{Era, Method};
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FusedFuture as _};
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::answering::Answering;
use crate::background::Background;
use crate::beat::{Beat, Pulse};
use crate::error::ClientError;
use crate::open::{LineTask, Opened, Opener, drive};
use crate::restore::check;
use crate::session::{Connection, Session};
use crate::state::{ClientEvent, Link, Liveness, Loss, Order, Shared};

/// Owns the connection of one client.
pub(crate) struct Driver {
    pub(crate) shared: Arc<Shared>,
    pub(crate) opener: Arc<Opener>,
    pub(crate) orders: mpsc::Receiver<Order>,
    pub(crate) stop: CancellationToken,
    side_work: SideWork,
}

/// Work that runs beside the connection.
#[derive(Default)]
struct SideWork {
    answering: Answering,
    work: FuturesUnordered<BoxFuture<'static, ()>>,
}

/// A connection that works as far as is known.
pub(crate) struct LiveConnection {
    session: Arc<Session>,
    line: Option<LineTask>,
    listening: Option<Messages>,
    /// When it was opened.
    since: Instant,
    background: Background,
    beat: Option<Beat>,
    /// Released when recovery of the connection is under way: a call waits for that.
    reporter: Option<oneshot::Sender<()>>,
}

/// Why a connection is left.
enum LeaveReason {
    Stop,
    /// The server may still know the session.
    Broken(String),
    /// It does not answer any more.
    Dead(String),
    /// It has said that it does not know the session, or the link of lines has ended.
    Gone(String),
}

/// Whether the server is told that its session is not needed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SessionEnd {
    Announced,
    Silent,
}

/// The outcome of recovery.
enum Recovered {
    /// The session works again.
    Same,
    New(Box<Opened>),
}

impl Driver {
    pub(crate) fn new(
        shared: Arc<Shared>,
        opener: Arc<Opener>,
        orders: mpsc::Receiver<Order>,
        stop: CancellationToken,
    ) -> Self {
        Self { shared, opener, orders, stop, side_work: SideWork::default() }
    }

    /// Keeps the connection until the client is closed.
    pub(crate) async fn run(mut self, mut live: LiveConnection) {
        loop {
            let leave = self.attend(&mut live).await;
            // Boxed, because it is large and rare, and this future lives as long as the client.
            let recovering = match leave {
                LeaveReason::Stop => break,
                leave => Box::pin(self.recover(live, leave)),
            };
            match recovering.await {
                Some(again) => live = again,
                None => {
                    self.end(None).await;
                    return;
                }
            }
        }
        self.end(Some(live)).await;
    }

    /// Makes a connection the one that calls use.
    pub(crate) fn enter(&mut self, opened: Opened) -> LiveConnection {
        let Opened { session, line, listening, leftover } = opened;
        if let Some(leftover) = leftover {
            self.side_work.work.push(Box::pin(leftover));
        }
        self.shared.touch();
        // Over HTTP a modern server has no session that could end unseen.
        let has_session = session.era() == Era::Legacy || self.shared.target.is_shared_channel();
        let heartbeat = self.shared.config.heartbeat.filter(|_| has_session);
        let background = Background::new(&self.shared, &session);
        let beat = heartbeat.map(Beat::new);
        let since = Instant::now();
        let live =
            LiveConnection { session, line, listening, since, background, beat, reporter: None };
        self.publish(&live);
        live
    }

    fn publish(&self, live: &LiveConnection) {
        let number = live.session.number;
        self.shared.link.send_replace(Link::Live(Arc::clone(&live.session)));
        self.shared.liveness.send_replace(Liveness::Live { session: number });
    }

    /// Serves a connection until it is lost.
    async fn attend(&mut self, live: &mut LiveConnection) -> LeaveReason {
        loop {
            let Self { shared, orders, stop, side_work, .. } = self;
            let is_listening = side_work.answering.len() < ANSWERS_MAX;
            let leave = tokio::select! {
                biased;
                () = stop.cancelled() => Some(LeaveReason::Stop),
                () = ended(&mut live.line) => Some(LeaveReason::Gone(end_reason(&live.session))),
                item = next_item(&mut live.listening), if is_listening => {
                    take_item(shared, side_work, live, item)
                }
                order = orders.recv() => order.and_then(|order| take_order(side_work, live, order)),
                () = side_work.next() => None,
                () = live.background.next(shared) => None,
                pulse = Beat::next(&mut live.beat, shared, &live.session) => take_pulse(pulse),
            };
            if let Some(leave) = leave {
                return leave;
            }
        }
    }

    /// Gets the connection to work again, however long it takes; `None` when the client is
    /// closed meanwhile, or there is nothing to open again.
    async fn recover(
        &mut self,
        mut live: LiveConnection,
        leave: LeaveReason,
    ) -> Option<LiveConnection> {
        let (reason, keeps, end) = match leave {
            LeaveReason::Stop => return None,
            LeaveReason::Broken(reason) => (reason, true, SessionEnd::Announced),
            LeaveReason::Dead(reason) => (reason, false, SessionEnd::Announced),
            LeaveReason::Gone(reason) => (reason, false, SessionEnd::Silent),
        };
        tracing::info!(reason, session = live.session.number, "connection is opened again");
        self.shared.link.send_replace(Link::Recovering);
        self.shared.liveness.send_replace(Liveness::Recovering { reason: reason.clone() });
        drop(self.shared.events.send(ClientEvent::Recovering { reason: reason.clone() }));
        drop(live.reporter.take());
        let number = live.session.number;
        // A channel that has ended does not come back.
        let keeps = keeps && live.session.is_open();
        let mut kept = Some(live);
        if !keeps {
            self.retire(&mut kept, end);
        }
        match self.regain(&mut kept, number).await {
            Some(Recovered::Same) => {
                let live = kept.take()?;
                self.publish(&live);
                drop(self.shared.events.send(ClientEvent::Recovered { session: number }));
                Some(live)
            }
            Some(Recovered::New(opened)) => Some(self.replace(*opened, reason)),
            None => {
                self.retire(&mut kept, SessionEnd::Announced);
                None
            }
        }
    }

    /// Tries until the session that is kept works again, or another one is open.
    async fn regain(
        &mut self,
        kept: &mut Option<LiveConnection>,
        number: u64,
    ) -> Option<Recovered> {
        let backoff = Backoff { base: PAUSE, delay_max: PAUSE_MAX };
        for attempt in 0_u32.. {
            if attempt > 0 {
                let random = u64::from_le_bytes(random_bytes());
                let pause = backoff.next_delay(attempt - 1, random).max(PAUSE_MIN);
                self.meanwhile(sleep(pause)).await?;
            }
            let (shared, opener) = (Arc::clone(&self.shared), Arc::clone(&self.opener));
            let trying = Box::pin(try_again(shared, opener, kept, number));
            match self.meanwhile(trying).await? {
                Ok(recovered) => return Some(recovered),
                Err(error @ ClientError::Target { .. }) => {
                    tracing::info!(%error, "connection cannot be opened again");
                    return None;
                }
                Err(error) => {
                    tracing::debug!(%error, attempt, "connection cannot be opened again yet");
                    let has_ended = kept.as_ref().is_some_and(|it| !it.session.is_open());
                    if is_gone(&error) || has_ended {
                        self.retire(kept, SessionEnd::Silent);
                    }
                }
            }
        }
        None
    }

    fn replace(&mut self, opened: Opened, reason: String) -> LiveConnection {
        eyot_metrics::upstreams_opened("lost");
        // Another process may answer now, with other lists.
        self.shared.cache.clear();
        let live = self.enter(opened);
        let session = live.session.number;
        drop(self.shared.events.send(ClientEvent::SessionReplaced { session, reason }));
        live
    }

    /// Lets go of a connection: what runs on it fails at once, and it ends in order.
    fn retire(&mut self, live: &mut Option<LiveConnection>, end: SessionEnd) {
        let Some(live) = live.take() else { return };
        let LiveConnection { session, line, listening, background, beat, .. } = live;
        session.retired.cancel();
        drop((listening, background, beat));
        if let Connection::Legacy(connection) = session.connection.clone()
            && end == SessionEnd::Announced
        {
            self.side_work.work.push(Box::pin(async move {
                drop(timeout(CLOSE_PATIENCE, connection.close()).await);
            }));
        }
        drop(session);
        if let Some(line) = line.filter(|it| !it.is_terminated()) {
            self.side_work.work.push(Box::pin(line));
        }
    }

    /// Does something while there is no connection; `None` when the client is closed.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                done = &mut work => return Some(done),
                order = self.orders.recv() => match order {
                    Some(Order::Run(work)) => self.side_work.work.push(work),
                    // The driver is at it already; their senders see that the order is dropped.
                    Some(Order::ReportLoss { .. } | Order::Resubscribe { .. }) => {}
                    None => return None,
                },
                () = self.side_work.next() => {}
            }
        }
    }

    /// Ends everything in order, and says so when it is done.
    async fn end(mut self, live: Option<LiveConnection>) {
        self.shared.link.send_replace(Link::Closed);
        self.orders.close();
        let mut kept = live;
        self.retire(&mut kept, SessionEnd::Announced);
        let finishing = async { while self.side_work.work.next().await.is_some() {} };
        if timeout(END_PATIENCE, finishing).await.is_err() {
            tracing::debug!("connection did not end in time");
        }
        self.shared.liveness.send_replace(Liveness::Closed);
    }
}

impl SideWork {
    /// Goes on with everything; ready whenever something is done, never when there is nothing.
    async fn next(&mut self) {
        tokio::select! {
            () = self.answering.next() => {}
            Some(()) = self.work.next(), if !self.work.is_empty() => {}
        }
    }
}

/// One attempt: checks the session that is kept, or opens another.
async fn try_again(
    shared: Arc<Shared>,
    opener: Arc<Opener>,
    kept: &mut Option<LiveConnection>,
    number: u64,
) -> Result<Recovered, ClientError> {
    match kept {
        Some(live) => {
            let patience = shared.config.limits.upstream.connect_timeout;
            let checking = check(&shared, &live.session, patience);
            drive(&mut live.line, checking).await.map(|()| Recovered::Same)
        }
        None => opener.open(number + 1).await.map(|it| Recovered::New(Box::new(it))),
    }
}

fn is_gone(error: &ClientError) -> bool {
    let outcome = eyot_types::codes::Outcome::NotSent;
    matches!(error, ClientError::Lost { outcome: it, .. } if *it == outcome)
}

async fn ended(line: &mut Option<LineTask>) {
    match line.as_mut().filter(|it| !it.is_terminated()) {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}

fn end_reason(session: &Session) -> String {
    match &session.connection {
        Connection::Legacy(connection) => connection.end_reason(),
        Connection::Modern(connection) => connection.end_reason(),
    }
}

async fn next_item(listening: &mut Option<Messages>) -> Option<Result<ReplyItem, Fault>> {
    match listening {
        Some(messages) => messages.next().await,
        None => std::future::pending().await,
    }
}

/// Takes a message that belongs to no call.
fn take_item(
    shared: &Arc<Shared>,
    side_work: &mut SideWork,
    live: &mut LiveConnection,
    item: Option<Result<ReplyItem, Fault>>,
) -> Option<LeaveReason> {
    let item = match item {
        Some(Ok(item)) => item,
        Some(Err(fault)) => {
            live.listening = None;
            // A server that forgets each session at once gets no endless row of them: the next call
            // finds out.
            let is_settled = live.session.number == 1 || live.since.elapsed() >= SETTLED;
            let is_gone = fault.kind == FaultKind::SessionGone && is_settled;
            let reason = || "server has forgotten the session".to_owned();
            return is_gone.then(|| LeaveReason::Gone(reason()));
        }
        // The server offers no such stream.
        None => {
            live.listening = None;
            return None;
        }
    };
    let message = item.into_message()?;
    shared.touch();
    match message.into_kind() {
        MessageKind::Request(request) => side_work.answering.begin(shared, &live.session, request),
        MessageKind::Notification(notification) => {
            take_notification(shared, side_work, &notification);
        }
        MessageKind::Response(_) => eyot_metrics::messages_dropped("answer_unmatched"),
    }
    None
}

fn take_notification(shared: &Arc<Shared>, side_work: &mut SideWork, notification: &Notification) {
    if notification.is_method(Method::Cancelled.as_str()) {
        side_work.answering.cancel(notification);
    } else if !shared.deliver_stray(notification) {
        shared.observe(notification);
    }
}

fn take_order(
    side_work: &mut SideWork,
    live: &mut LiveConnection,
    order: Order,
) -> Option<LeaveReason> {
    match order {
        Order::Run(work) => side_work.work.push(work),
        Order::Resubscribe { done } => live.background.resubscribe(done),
        Order::ReportLoss { number, loss, done } if number == live.session.number => {
            live.reporter = Some(done);
            return Some(match loss {
                Loss::Gone(reason) => LeaveReason::Gone(reason),
                Loss::Broken(reason) => LeaveReason::Broken(reason),
            });
        }
        // About a session that was replaced already.
        Order::ReportLoss { .. } => {}
    }
    None
}

fn take_pulse(pulse: Pulse) -> Option<LeaveReason> {
    match pulse {
        Pulse::Alive | Pulse::Missed => None,
        Pulse::Dead => Some(LeaveReason::Dead("server does not answer heartbeats".to_owned())),
        Pulse::Gone(reason) => Some(LeaveReason::Gone(reason)),
    }
}

/// Answers to the server that are made at once; with more of them its messages have to wait.
const ANSWERS_MAX: usize = 64;
/// Ceiling of the second pause between two attempts; it doubles with every attempt.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(30);
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// How long a session that replaces another has to last before its stream can show that it is
/// forgotten, too.
const SETTLED: Duration = Duration::from_secs(10);
/// How long the server may take to answer that its session has ended.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
/// Longer than both graces of a child.
const END_PATIENCE: Duration = Duration::from_secs(6);
