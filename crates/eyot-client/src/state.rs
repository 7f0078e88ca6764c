//! What the handles, the calls and the driver of one client share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eyot_era::detect::KnownEra;
use eyot_jsonrpc::{Id, Notification};
use eyot_types::{JsonObject, LogLevel, Method};
use eyot_upstream::Target;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::cache::Cache;
use crate::config::Config;
use crate::error::ClientError;
use crate::known_tools::KnownTools;
use crate::session::Session;

/// Whether calls reach the server now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Liveness {
    /// They do.
    Live {
        /// Counts the sessions of this client from 1: a higher one has replaced a lower one.
        session: u64,
    },
    /// The connection was lost and is being opened again; calls wait for it.
    Recovering {
        /// What happened.
        reason: String,
    },
    /// The client is closed.
    Closed,
}

/// What happens to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The connection was lost and is being opened again.
    Recovering {
        /// What happened.
        reason: String,
    },
    /// The connection works again, and the server still knows the session.
    Recovered {
        /// The number of the session.
        session: u64,
    },
    /// A new session is in the place of the one before. The server has forgotten what belonged
    /// to that one; log level and subscriptions were set again.
    SessionReplaced {
        /// The number of the new session.
        session: u64,
        /// What became of the one before.
        reason: String,
    },
}

/// The connection as calls see it.
#[derive(Clone, Debug)]
pub(crate) enum Link {
    Live(Arc<Session>),
    Recovering,
    Closed,
}

/// What the driver is asked to do.
pub(crate) enum Order {
    /// A call found that session `number` does not work; `done` is dropped when the driver has
    /// looked after it, or has begun to.
    ReportLoss { number: u64, loss: Loss, done: oneshot::Sender<()> },
    /// Run this beside the connection.
    Run(BoxFuture<'static, ()>),
    /// The modern background subscription has to be made anew: what it listens to has changed.
    Resubscribe { done: oneshot::Sender<Result<(), ClientError>> },
}

/// What is wrong with a session.
#[derive(Clone, Debug)]
pub(crate) enum Loss {
    /// The server no longer knows it, or has another era or version now.
    Gone(String),
    /// The server could not be reached, or the connection broke.
    Broken(String),
}

/// What the caller has set at the server, to be set again in a new session.
#[derive(Debug, Default)]
pub(crate) struct SessionSettings {
    pub(crate) log_level: Option<LogLevel>,
    /// Subscribed resources, with how many want each.
    pub(crate) subscriptions: BTreeMap<String, u32>,
}

impl SessionSettings {
    /// Lets go of a subscription; whether it was the last of its resource.
    pub(crate) fn release(&mut self, uri: &str) -> bool {
        let Some(count) = self.subscriptions.get_mut(uri) else { return false };
        *count = count.saturating_sub(1);
        let is_last = *count == 0;
        if is_last {
            self.subscriptions.remove(uri);
        }
        is_last
    }
}

/// The heart of a client: its configuration, the connection as calls see it, the orders to the
/// driver, the listeners, and what was learnt of the server.
pub(crate) struct Shared {
    pub(crate) config: Config,
    /// What every modern request says.
    pub(crate) modern_meta: JsonObject,
    /// Where the server is.
    pub(crate) target: Target,
    pub(crate) link: watch::Sender<Link>,
    pub(crate) liveness: watch::Sender<Liveness>,
    pub(crate) known_era: Mutex<Option<KnownEra>>,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) notifications: broadcast::Sender<Notification>,
    pub(crate) events: broadcast::Sender<ClientEvent>,
    pub(crate) cache: Cache,
    pub(crate) known_tools: KnownTools,
    pub(crate) settings: Mutex<SessionSettings>,
    /// Calls that wait for progress outside of their own stream, by progress token.
    stray: Mutex<BTreeMap<u64, mpsc::Sender<Notification>>>,
    next_id: AtomicU64,
    started: Instant,
    /// When the server was last heard of, in milliseconds since `started`.
    heard_ms: AtomicU64,
}

impl Shared {
    pub(crate) fn new(config: Config, target: Target) -> (Arc<Self>, mpsc::Receiver<Order>) {
        let queue_max = config.limits.calls.queue_messages_max.max(1);
        let (orders, receiver) = mpsc::channel(queue_max);
        let shared = Self {
            modern_meta: config.modern_meta(),
            target,
            link: watch::Sender::new(Link::Recovering),
            liveness: watch::Sender::new(Liveness::Recovering { reason: "connecting".to_owned() }),
            known_era: Mutex::new(config.prior),
            orders,
            notifications: broadcast::Sender::new(queue_max),
            events: broadcast::Sender::new(EVENTS_MAX),
            cache: Cache::new(config.limits.memory.cache_entries_max),
            known_tools: KnownTools::new(&config.limits),
            settings: Mutex::default(),
            stray: Mutex::default(),
            next_id: AtomicU64::new(1),
            started: Instant::now(),
            heard_ms: AtomicU64::new(0),
            config,
        };
        (Arc::new(shared), receiver)
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// The session that calls use now; waits while it is being opened again.
    pub(crate) async fn session(&self) -> Result<Arc<Session>, ClientError> {
        let mut link = self.link.subscribe();
        let settled = link.wait_for(|it| !matches!(it, Link::Recovering)).await;
        match settled.as_deref() {
            Ok(Link::Live(session)) => Ok(Arc::clone(session)),
            _ => Err(ClientError::Closed),
        }
    }

    /// The session of now, if there is one.
    pub(crate) fn session_now(&self) -> Option<Arc<Session>> {
        match &*self.link.borrow() {
            Link::Live(session) => Some(Arc::clone(session)),
            Link::Recovering | Link::Closed => None,
        }
    }

    /// Tells the driver that a session does not work, and waits until it looks after it.
    pub(crate) async fn report_loss(&self, session: &Session, loss: Loss) {
        let (done, waiting) = oneshot::channel();
        let order = Order::ReportLoss { number: session.number, loss, done };
        if self.orders.send(order).await.is_ok() {
            // The driver drops its end; it never sends.
            drop(waiting.await);
        }
    }

    /// Runs a future in the driver's task. Without room it is dropped, which is logged.
    pub(crate) fn run(&self, work: BoxFuture<'static, ()>) {
        if let Err(error) = self.orders.try_send(Order::Run(work)) {
            tracing::debug!(%error, "nobody is left to send a message");
        }
    }

    /// The server was heard of just now.
    pub(crate) fn touch(&self) {
        self.heard_ms.store(self.now_ms(), Ordering::Relaxed);
    }

    /// When the server was last heard of.
    pub(crate) fn heard_at(&self) -> Instant {
        self.started + Duration::from_millis(self.heard_ms.load(Ordering::Relaxed))
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Takes a notification of the server, from a call's stream or the standalone one.
    pub(crate) fn observe(&self, notification: &Notification) {
        self.cache.invalidate(notification);
        self.config.handlers.notify(notification);
        // It is no error that there is no listener.
        drop(self.notifications.send(notification.clone()));
    }

    /// Receives the progress of a call that comes outside of its own stream, while the guard lives.
    pub(crate) fn expect_stray(
        self: &Arc<Self>,
        token: u64,
    ) -> (StrayGuard, mpsc::Receiver<Notification>) {
        let (sender, receiver) = mpsc::channel(STRAY_MAX);
        self.stray.lock().insert(token, sender);
        (StrayGuard { shared: Arc::clone(self), token }, receiver)
    }

    /// Hands progress to its call; `false` when the notification is no progress.
    pub(crate) fn deliver_stray(&self, notification: &Notification) -> bool {
        if !notification.is_method(Method::Progress.as_str()) {
            return false;
        }
        let token = notification.progress_token().as_ref().and_then(Id::as_u64);
        let sender = token.and_then(|token| self.stray.lock().get(&token).cloned());
        if sender.is_none_or(|it| it.try_send(notification.clone()).is_err()) {
            eyot_metrics::messages_dropped("progress_unmatched");
        }
        true
    }

    /// The subscribed resources.
    pub(crate) fn subscribed(&self) -> BTreeSet<String> {
        self.settings.lock().subscriptions.keys().cloned().collect()
    }
}

/// Stops receiving progress when it is dropped.
pub(crate) struct StrayGuard {
    shared: Arc<Shared>,
    token: u64,
}

impl Drop for StrayGuard {
    fn drop(&mut self) {
        self.shared.stray.lock().remove(&self.token);
    }
}

/// Events that wait for a slow listener.
const EVENTS_MAX: usize = 64;
/// Progress messages that wait for their call.
const STRAY_MAX: usize = 16;
