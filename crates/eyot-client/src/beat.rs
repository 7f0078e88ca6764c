//! Whether a silent server lives.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep_until};

use crate::config::Heartbeat;
use crate::error::ClientError;
use crate::restore::check;
use crate::session::Session;
use crate::state::Shared;

/// The heartbeat of one session.
pub(crate) struct Beat {
    heartbeat: Heartbeat,
    missed: u32,
    due_at: Instant,
    asking: Option<BoxFuture<'static, Result<(), ClientError>>>,
}

/// The outcome of one beat.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pulse {
    /// The server answered, or was heard of anyway.
    Alive,
    /// It did not answer, but that may happen.
    Missed,
    /// It has missed too many.
    Dead,
    /// It no longer knows the session.
    Gone(String),
}

impl Beat {
    pub(crate) fn new(heartbeat: Heartbeat) -> Self {
        let due_at = Instant::now() + heartbeat.interval;
        Self { heartbeat, missed: 0, due_at, asking: None }
    }

    /// The next finding. Never ready without a heartbeat; cancel safe.
    pub(crate) async fn next(
        beat: &mut Option<Self>,
        shared: &Arc<Shared>,
        session: &Arc<Session>,
    ) -> Pulse {
        match beat {
            Some(beat) => beat.find(shared, session).await,
            None => std::future::pending().await,
        }
    }

    async fn find(&mut self, shared: &Arc<Shared>, session: &Arc<Session>) -> Pulse {
        let interval = self.heartbeat.interval;
        if self.asking.is_none() {
            sleep_until(self.due_at).await;
            let silent_at = shared.heard_at() + interval;
            if self.missed == 0 && silent_at > Instant::now() {
                self.due_at = silent_at;
                return Pulse::Alive;
            }
            let (shared, session) = (Arc::clone(shared), Arc::clone(session));
            let asking = async move { check(&shared, &session, interval).await };
            self.asking = Some(Box::pin(asking));
        }
        let Some(asking) = &mut self.asking else { return Pulse::Alive };
        let found = asking.await;
        self.asking = None;
        self.due_at = Instant::now() + interval;
        self.judge(found)
    }

    fn judge(&mut self, found: Result<(), ClientError>) -> Pulse {
        let error = match found {
            Ok(()) => {
                self.missed = 0;
                return Pulse::Alive;
            }
            Err(ClientError::Lost { reason, outcome: eyot_types::codes::Outcome::NotSent }) => {
                return Pulse::Gone(reason);
            }
            Err(error) => error,
        };
        self.missed += 1;
        tracing::debug!(%error, missed = self.missed, "server did not answer a heartbeat");
        // What was missed is asked for again at once: the interval has passed already.
        self.due_at = Instant::now();
        if self.missed >= self.heartbeat.missed_max { Pulse::Dead } else { Pulse::Missed }
    }
}
