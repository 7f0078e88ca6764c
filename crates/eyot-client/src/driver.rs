//! The one task of a client: keeps its connection, and opens it again when it is lost.

use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{Kind, Message};
use eyot_service::{Fault, FaultKind, Messages, ReplyItem};
use eyot_stdx::{Backoff, random_bytes};
use eyot_types::{Era, Method};
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FusedFuture as _};
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::answering::Answering;
use crate::background::Background;
use crate::beat::{Beat, Pulse};
use crate::error::ClientError;
use crate::open::{LineTask, Opened, Opener, drive};
use crate::restore::check;
use crate::session::{Connection, Session};
use crate::state::{ClientEvent, Doubt, Link, Liveness, Order, Shared};

/// Owns the connection of one client.
pub(crate) struct Driver {
    pub(crate) shared: Arc<Shared>,
    pub(crate) opener: Arc<Opener>,
    pub(crate) orders: mpsc::Receiver<Order>,
    pub(crate) stop: CancellationToken,
    beside: Beside,
}

/// What runs beside everything else.
#[derive(Default)]
struct Beside {
    answering: Answering,
    work: FuturesUnordered<BoxFuture<'static, ()>>,
}

/// A connection that works, as far as anybody knows.
pub(crate) struct Live {
    session: Arc<Session>,
    line: Option<LineTask>,
    listening: Option<Messages>,
    background: Background,
    beat: Option<Beat>,
    /// Whoever found that it does not work, until recovery is under way.
    doubter: Option<oneshot::Sender<()>>,
}

/// Why a connection is left.
enum Leave {
    Stop,
    /// The server may still know the session.
    Broken(String),
    /// It does not answer any more.
    Dead(String),
    /// It has said that it does not know the session, or the link of lines has ended.
    Gone(String),
}

/// Whether the server hears that its session is not needed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Farewell {
    Said,
    Needless,
}

/// What recovery came to.
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
        Self { shared, opener, orders, stop, beside: Beside::default() }
    }

    /// Keeps the connection until the client is closed.
    pub(crate) async fn run(mut self, mut live: Live) {
        loop {
            let leave = self.attend(&mut live).await;
            // Boxed, because it is large and rare, and this future lives as long as the client.
            let recovering = match leave {
                Leave::Stop => break,
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
    pub(crate) fn enter(&mut self, opened: Opened) -> Live {
        let Opened { session, line, listening, leftover } = opened;
        if let Some(leftover) = leftover {
            self.beside.work.push(Box::pin(leftover));
        }
        self.shared.touch();
        // Over HTTP a modern server has no session that could end while nobody looks.
        let has_session = session.era() == Era::Legacy || self.shared.http.is_none();
        let heartbeat = self.shared.config.heartbeat.filter(|_| has_session);
        let background = Background::new(&self.shared, &session);
        let beat = heartbeat.map(Beat::new);
        let live = Live { session, line, listening, background, beat, doubter: None };
        self.publish(&live);
        live
    }

    fn publish(&self, live: &Live) {
        let number = live.session.number;
        self.shared.link.send_replace(Link::Live(Arc::clone(&live.session)));
        self.shared.liveness.send_replace(Liveness::Live { session: number });
    }

    /// Serves a connection until it is lost.
    async fn attend(&mut self, live: &mut Live) -> Leave {
        loop {
            let Self { shared, orders, stop, beside, .. } = self;
            let is_listening = beside.answering.len() < ANSWERS_MAX;
            let leave = tokio::select! {
                biased;
                () = stop.cancelled() => Some(Leave::Stop),
                () = ended(&mut live.line) => Some(Leave::Gone(end_reason(&live.session))),
                part = next_part(&mut live.listening), if is_listening => {
                    take_part(shared, beside, live, part)
                }
                order = orders.recv() => order.and_then(|order| take_order(beside, live, order)),
                () = beside.next() => None,
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
    async fn recover(&mut self, mut live: Live, leave: Leave) -> Option<Live> {
        let (reason, keeps, farewell) = match leave {
            Leave::Stop => return None,
            Leave::Broken(reason) => (reason, true, Farewell::Said),
            Leave::Dead(reason) => (reason, false, Farewell::Said),
            Leave::Gone(reason) => (reason, false, Farewell::Needless),
        };
        tracing::info!(reason, session = live.session.number, "connection is opened again");
        self.shared.link.send_replace(Link::Recovering);
        self.shared.liveness.send_replace(Liveness::Recovering { reason: reason.clone() });
        drop(self.shared.events.send(ClientEvent::Recovering { reason: reason.clone() }));
        drop(live.doubter.take());
        let number = live.session.number;
        let mut kept = Some(live);
        if !keeps {
            self.retire(&mut kept, farewell);
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
                self.retire(&mut kept, Farewell::Said);
                None
            }
        }
    }

    /// Tries until the session that is kept works again, or another one is open.
    async fn regain(&mut self, kept: &mut Option<Live>, number: u64) -> Option<Recovered> {
        let backoff = Backoff { base: PAUSE, delay_max: PAUSE_MAX };
        for attempt in 0_u32.. {
            if attempt > 0 {
                let random = u64::from_le_bytes(random_bytes());
                let pause = backoff.next_delay(attempt - 1, random).max(PAUSE_MIN);
                self.beside(sleep(pause)).await?;
            }
            let (shared, opener) = (Arc::clone(&self.shared), Arc::clone(&self.opener));
            let trying = Box::pin(try_again(shared, opener, kept, number));
            match self.beside(trying).await? {
                Ok(recovered) => return Some(recovered),
                Err(error @ ClientError::Target { .. }) => {
                    tracing::info!(%error, "connection cannot be opened again");
                    return None;
                }
                Err(error) => {
                    tracing::debug!(%error, attempt, "connection cannot be opened again yet");
                    if is_gone(&error) {
                        self.retire(kept, Farewell::Needless);
                    }
                }
            }
        }
        None
    }

    fn replace(&mut self, opened: Opened, reason: String) -> Live {
        eyot_metrics::upstreams_opened("lost");
        // Another process may answer now, with other lists.
        self.shared.cache.clear();
        let live = self.enter(opened);
        let session = live.session.number;
        drop(self.shared.events.send(ClientEvent::SessionReplaced { session, reason }));
        live
    }

    /// Lets go of a connection: what runs on it fails at once, and it ends in order.
    fn retire(&mut self, live: &mut Option<Live>, farewell: Farewell) {
        let Some(live) = live.take() else { return };
        let Live { session, line, listening, background, beat, doubter: _ } = live;
        session.retired.cancel();
        drop((listening, background, beat));
        if let Connection::Legacy(connection) = session.connection.clone()
            && farewell == Farewell::Said
        {
            self.beside.work.push(Box::pin(async move {
                drop(timeout(CLOSE_PATIENCE, connection.close()).await);
            }));
        }
        drop(session);
        if let Some(line) = line.filter(|it| !it.is_terminated()) {
            self.beside.work.push(Box::pin(line));
        }
    }

    /// Does something while there is no connection; `None` when the client is closed.
    async fn beside<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                done = &mut work => return Some(done),
                order = self.orders.recv() => match order {
                    Some(Order::Run(work)) => self.beside.work.push(work),
                    // Their senders see that the driver is at it already.
                    Some(Order::Suspect { .. } | Order::Resubscribe { .. }) => {}
                    None => return None,
                },
                () = self.beside.next() => {}
            }
        }
    }

    /// Ends everything in order, and says so when it is done.
    async fn end(mut self, live: Option<Live>) {
        self.shared.link.send_replace(Link::Closed);
        self.orders.close();
        let mut kept = live;
        self.retire(&mut kept, Farewell::Said);
        let finishing = async { while self.beside.work.next().await.is_some() {} };
        if timeout(END_PATIENCE, finishing).await.is_err() {
            tracing::debug!("connection did not end in time");
        }
        self.shared.liveness.send_replace(Liveness::Closed);
    }
}

impl Beside {
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
    kept: &mut Option<Live>,
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

async fn next_part(listening: &mut Option<Messages>) -> Option<Result<ReplyItem, Fault>> {
    match listening {
        Some(messages) => messages.next().await,
        None => std::future::pending().await,
    }
}

/// Takes a message that belongs to no call.
fn take_part(
    shared: &Arc<Shared>,
    beside: &mut Beside,
    live: &mut Live,
    part: Option<Result<ReplyItem, Fault>>,
) -> Option<Leave> {
    let part = match part {
        Some(Ok(part)) => part,
        Some(Err(fault)) => {
            live.listening = None;
            let reason = || "server has forgotten the session".to_owned();
            return (fault.kind == FaultKind::SessionGone).then(|| Leave::Gone(reason()));
        }
        // The server offers no such stream.
        None => {
            live.listening = None;
            return None;
        }
    };
    shared.touch();
    let message = part.into_message()?;
    match message.kind() {
        Kind::Request => beside.answering.begin(shared, &live.session, message),
        Kind::Notification => take_notification(shared, beside, &message),
        Kind::Response | Kind::Error => eyot_metrics::messages_dropped("answer_to_nobody"),
    }
    None
}

fn take_notification(shared: &Arc<Shared>, beside: &mut Beside, message: &Message) {
    let method = message.method().unwrap_or_default();
    if Method::parse(&method) == Method::Cancelled {
        beside.answering.cancel(message);
    } else if !shared.deliver_stray(message) {
        shared.observe(message);
    }
}

fn take_order(beside: &mut Beside, live: &mut Live, order: Order) -> Option<Leave> {
    match order {
        Order::Run(work) => beside.work.push(work),
        Order::Resubscribe { done } => live.background.resubscribe(done),
        Order::Suspect { number, doubt, done } if number == live.session.number => {
            live.doubter = Some(done);
            return Some(match doubt {
                Doubt::Gone(reason) => Leave::Gone(reason),
                Doubt::Broken(reason) => Leave::Broken(reason),
            });
        }
        // About a session that was replaced already.
        Order::Suspect { .. } => {}
    }
    None
}

fn take_pulse(pulse: Pulse) -> Option<Leave> {
    match pulse {
        Pulse::Alive | Pulse::Missed => None,
        Pulse::Dead => Some(Leave::Dead("server does not answer heartbeats".to_owned())),
        Pulse::Gone(reason) => Some(Leave::Gone(reason)),
    }
}

/// Answers to the server that are made at the same time; then it is not listened to.
const ANSWERS_MAX: usize = 64;
/// Ceiling of the second pause between two attempts; it doubles with every attempt.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(30);
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// How long the server may take to hear that its session is not needed any more.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
/// Longer than both graces of a child.
const END_PATIENCE: Duration = Duration::from_secs(6);
