//! Keeps one server of interceptors connected, and reads what it offers whenever that may have changed.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use eyot_client::{Client, ClientError, ClientEvent};
use eyot_era::detect::KnownEra;
use eyot_interceptors::{Descriptor, EXTENSION, LIST, ListParams, ListResult};
use eyot_jsonrpc::Message;
use eyot_stdx::Backoff;
use eyot_types::JsonObject;
use eyot_upstream::Runtime;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::{Instant, sleep, sleep_until};

use crate::link::Link;
use crate::remote::RemoteServer;

/// Watches one server.
pub(crate) struct Watcher {
    server: Arc<RemoteServer>,
    link: Arc<Link>,
    runtime: Runtime,
    live: Option<Live>,
    known_era: Option<KnownEra>,
    /// Attempts in a row that have brought no list.
    failures: u32,
    read_at: Instant,
}

/// A connection, and what is heard of it.
struct Live {
    client: Client,
    events: Pin<Box<dyn Stream<Item = ClientEvent> + Send>>,
    notifications: Pin<Box<dyn Stream<Item = Message> + Send>>,
}

impl Watcher {
    pub(crate) fn new(server: Arc<RemoteServer>, link: Arc<Link>, runtime: Runtime) -> Self {
        let (live, known_era, read_at) = (None, None, Instant::now());
        Self { server, link, runtime, live, known_era, failures: 0, read_at }
    }

    /// Every list of the server from the next one on.
    pub(crate) fn lists(self) -> impl Stream<Item = Vec<Descriptor>> + Send {
        stream::unfold(self, |mut watcher| async move { Some((watcher.next().await, watcher)) })
    }

    /// Connects if that is to be done, and reads what the server offers.
    pub(crate) async fn read(&mut self) -> Result<Vec<Descriptor>, ClientError> {
        let read = self.try_read().await;
        self.failures = if read.is_ok() { 0 } else { self.failures.saturating_add(1) };
        self.read_at = Instant::now();
        read
    }

    async fn next(&mut self) -> Vec<Descriptor> {
        loop {
            if self.failures > 0 || self.live.is_none() {
                sleep(AGAIN.steady_delay(self.failures.max(1))).await;
            } else {
                self.changed().await;
                // A server that tells of changes without end is asked now and then.
                sleep_until(self.read_at + READ_PAUSE).await;
            }
            match self.read().await {
                Ok(list) => return list,
                Err(error) => {
                    let server = &*self.server.name;
                    tracing::warn!(server, %error, "server of interceptors does not say what it offers");
                }
            }
        }
    }

    async fn try_read(&mut self) -> Result<Vec<Descriptor>, ClientError> {
        let client = self.client().await?;
        let patience = self.server.start_timeout;
        let asked = client.request(LIST, ListParams::default());
        let answer = asked.timeout(patience).max_total(patience).await?;
        match answer.decode_result::<ListResult>() {
            Ok(result) => Ok(result.interceptors),
            Err(error) => Err(ClientError::Protocol { reason: error.to_string() }),
        }
    }

    async fn client(&mut self) -> Result<Client, ClientError> {
        match &self.live {
            Some(live) if !live.client.is_closed() => return Ok(live.client.clone()),
            _ => self.forget(),
        }
        let mut builder = Client::builder("eyot", env!("CARGO_PKG_VERSION"))
            .limits(self.server.limits)
            .era(self.server.era)
            .extension(EXTENSION, JsonObject::new())
            .runtime(self.runtime.clone());
        // What is not so any more is found out by the next attempt.
        if let Some(known) = self.known_era.take() {
            builder = builder.prior(known);
        }
        let client = Box::pin(builder.connect(self.server.target.clone())).await?;
        self.live = Some(Live {
            events: Box::pin(client.events()),
            notifications: Box::pin(client.notifications()),
            client: client.clone(),
        });
        self.known_era = Some(client.known_era());
        self.link.set_client(Some(client.clone()));
        Ok(client)
    }

    /// Waits until the list may be another one.
    async fn changed(&mut self) {
        let Some(live) = &mut self.live else { return };
        let mut until = self.read_at + self.server.refresh;
        let mut is_lost = false;
        loop {
            tokio::select! {
                biased;
                event = live.events.next() => match event {
                    Some(ClientEvent::Recovering { .. }) => {
                        is_lost = true;
                        until = Instant::now() + LOST_PATIENCE;
                    }
                    Some(_) => return,
                    None => break,
                },
                notification = live.notifications.next() => match notification {
                    Some(it) if tells_of_change(&it) => return,
                    Some(_) => {}
                    None => break,
                },
                () = sleep_until(until) => match is_lost {
                    // A client gives a server ever more time to come back. Without one, steps
                    // fail at once, and the server is found as soon as it is there.
                    true => break,
                    false => return,
                },
            }
        }
        self.forget();
    }

    fn forget(&mut self) {
        self.live = None;
        self.link.set_client(None);
    }
}

fn tells_of_change(notification: &Message) -> bool {
    LIST_CHANGED.iter().any(|it| notification.is_method(it))
}

/// Notifications that say that the list has changed. SEP-2624 has no name for it; these are its own form
/// and that of other lists.
const LIST_CHANGED: &[&str] =
    &["notifications/interceptors/list_changed", "interceptors/list_changed"];
const READ_PAUSE: Duration = Duration::from_secs(1);
const AGAIN: Backoff = Backoff { base: Duration::from_secs(1), delay_max: Duration::from_secs(10) };
/// How long a connection that was lost may take to come back by itself.
const LOST_PATIENCE: Duration = Duration::from_secs(1);
