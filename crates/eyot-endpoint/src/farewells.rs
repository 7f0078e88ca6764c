//! Tells the service that sessions are over, beside the work that ends them.
//!
//! The service may have to tell a peer, and a peer may never answer. So neither the sweep of all
//! sessions nor a client that ends its own waits for it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eyot_service::{BoxService, Call, SessionHandle};
use parking_lot::Mutex;
use tower_service::Service as _;

use crate::detached_calls::DetachedCalls;
use crate::services::Services;

/// Says farewells, several at once, each within a deadline.
pub(crate) struct Farewells {
    services: Services,
    detached: Arc<DetachedCalls>,
    patience: Duration,
    queue: Arc<Mutex<Queue>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Farewell>,
    /// Tasks that say farewells one after the other.
    speakers: usize,
}

/// A farewell, and who is to hear it.
#[derive(Debug)]
pub(crate) struct Farewell {
    pub(crate) call: Call,
    pub(crate) service: BoxService,
}

impl Farewells {
    /// Farewells to the services of an endpoint, each of which may take as long as `patience`.
    pub(crate) fn new(
        services: Services,
        detached: Arc<DetachedCalls>,
        patience: Duration,
    ) -> Self {
        Self { services, detached, patience, queue: Arc::default() }
    }

    /// What is to hear of the end of a session whose client is not here.
    pub(crate) fn service_of(&self, session: &SessionHandle) -> Option<BoxService> {
        self.services.of_session(session)
    }

    /// Says a farewell soon. When too many wait, the oldest is left out: its session ends at the
    /// peer when its time has come.
    pub(crate) fn say(&self, farewell: Farewell) {
        let mut queue = self.queue.lock();
        if queue.speakers < SPEAKERS_MAX {
            queue.speakers += 1;
            drop(queue);
            return self.speak(farewell, Speaker(Arc::clone(&self.queue)));
        }
        if queue.waiting.len() >= WAITING_MAX {
            queue.waiting.pop_front();
            eyot_metrics::messages_dropped("farewell_crowded_out");
        }
        queue.waiting.push_back(farewell);
    }

    /// Says this farewell, and then those that wait.
    fn speak(&self, farewell: Farewell, speaker: Speaker) {
        let patience = self.patience;
        self.detached.spawn(async move {
            let mut next = Some(farewell);
            while let Some(Farewell { call, mut service }) = next {
                match tokio::time::timeout(patience, service.call(call)).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(fault)) => {
                        tracing::debug!(%fault, "upstream of an ended session was not told");
                    }
                    Err(_elapsed) => {
                        tracing::debug!(?patience, "upstream did not take the end of a session");
                    }
                }
                next = speaker.next();
            }
        });
    }
}

/// A task that says farewells; its place is free again when this is dropped.
struct Speaker(Arc<Mutex<Queue>>);

impl Speaker {
    fn next(&self) -> Option<Farewell> {
        self.0.lock().waiting.pop_front()
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.0.lock().speakers -= 1;
    }
}

impl fmt::Debug for Farewells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Farewells").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// Farewells that are said at once.
const SPEAKERS_MAX: usize = 64;
/// Farewells that wait for one of these.
const WAITING_MAX: usize = 4_096;

#[cfg(test)]
mod tests;
