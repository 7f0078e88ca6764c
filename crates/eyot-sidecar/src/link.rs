//! The one connection to a server of interceptors, and when it is not used.

use std::sync::Arc;
use std::time::Duration;

use eyot_client::{Client, ClientError};
use eyot_interceptors::{Failure, INVOKE, InvokeParams, InvokeResult};
use eyot_stdx::{Secret, keyed_digest, random_bytes};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::breaker::{Breaker, IsOpen, Outcome, Pass};
use crate::remote::RemoteServer;

/// The one connection to a server of interceptors.
#[derive(Debug)]
pub(crate) struct Link {
    server: Arc<str>,
    /// `None`: it was not reached yet, or has to be reached anew.
    client: Mutex<Option<Client>>,
    in_flight_max: usize,
    room: Semaphore,
    audit_room: Semaphore,
    breaker: Mutex<Breaker>,
    session_key: Secret<[u8; 32]>,
}

impl Link {
    pub(crate) fn new(server: &RemoteServer) -> Self {
        let in_flight_max = server.in_flight_max;
        Self {
            server: Arc::clone(&server.name),
            client: Mutex::new(None),
            in_flight_max,
            room: Semaphore::new(in_flight_max),
            audit_room: Semaphore::new((in_flight_max / 4).max(1)),
            breaker: Mutex::new(Breaker::new(server.breaker)),
            session_key: Secret::new(random_bytes()),
        }
    }

    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Puts the connection in its place.
    pub(crate) fn set_client(&self, client: Option<Client>) {
        let before = std::mem::replace(&mut *self.client.lock(), client);
        drop(before);
    }

    /// What the server knows a session by. Its id would let the server into it.
    pub(crate) fn shown_session(&self, id: &str) -> String {
        let digest = keyed_digest(&self.session_key, b"session of an interceptor", id.as_bytes());
        digest.iter().take(16).map(|it| format!("{it:02x}")).collect()
    }

    /// Asks an interceptor about a payload on its way. Dropping the future takes the question back.
    pub(crate) async fn invoke(
        &self,
        params: &InvokeParams,
        timeout: Duration,
    ) -> Result<InvokeResult, Failure> {
        let room = self.room.try_acquire();
        let full = |_| self.failure(&format!("{} answers are awaited already", self.in_flight_max));
        let _room = room.map_err(full)?;
        self.ask(params, timeout).await
    }

    /// Asks an interceptor about a payload that nothing waits for: when there is room.
    pub(crate) async fn invoke_later(
        &self,
        params: &InvokeParams,
        timeout: Duration,
    ) -> Result<InvokeResult, Failure> {
        // An error means that the room was closed, which it never is.
        let _room = self.audit_room.acquire().await.map_err(|_| self.failure("it has gone"))?;
        self.ask(params, timeout).await
    }

    async fn ask(&self, params: &InvokeParams, timeout: Duration) -> Result<InvokeResult, Failure> {
        let is_open = |IsOpen| self.failure("it does not answer, and is not asked for a while");
        let question = Question::begin(self, timeout).map_err(is_open)?;
        let client = self.client.lock().clone();
        let Some(client) = client else {
            question.settle(Outcome::Unanswered);
            return Err(self.failure("it was not reached yet"));
        };
        let asking = client.request(INVOKE, params).timeout(timeout).max_total(timeout);
        let answered = asking.await;
        question.settle(outcome(&answered));
        let answer = answered.map_err(|error| match error {
            ClientError::Timeout { waited, .. } => Failure::TimedOut(waited),
            error => self.failure(&error.to_string()),
        })?;
        answer
            .decode_result()
            .map_err(|error| self.failure(&format!("it gave no result that is one: {error}")))
    }

    fn failure(&self, reason: &str) -> Failure {
        Failure::new(format!("server `{}` of interceptors: {reason}", self.server))
    }
}

/// Whether the server is there. An error is an answer, except that of a server that took too long.
fn outcome<T>(answered: &Result<T, ClientError>) -> Outcome {
    match answered {
        Ok(_) | Err(ClientError::Unreadable { .. } | ClientError::Request { .. }) => {
            Outcome::Answered
        }
        Err(ClientError::Rpc(error)) if error.code != TIMED_OUT => Outcome::Answered,
        Err(_) => Outcome::Unanswered,
    }
}

/// A question under way: what came of it is told to the breaker, whatever becomes of its future.
struct Question<'a> {
    link: &'a Link,
    pass: Pass,
    began: Instant,
    timeout: Duration,
    outcome: Option<Outcome>,
}

impl<'a> Question<'a> {
    fn begin(link: &'a Link, timeout: Duration) -> Result<Self, IsOpen> {
        let began = Instant::now();
        let pass = link.breaker.lock().admit(began)?;
        Ok(Self { link, pass, began, timeout, outcome: None })
    }

    fn settle(mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        // A plan that waits as long as this may be the first to see that the time is over.
        let is_over = now.duration_since(self.began) + SLACK >= self.timeout;
        let given_up = if is_over { Outcome::Unanswered } else { Outcome::GivenUp };
        let outcome = self.outcome.unwrap_or(given_up);
        let has_opened = self.link.breaker.lock().take(self.pass, outcome, now);
        if has_opened {
            let server = &*self.link.server;
            tracing::warn!(server, "server of interceptors is not asked for a while");
        }
    }
}

/// The error of an interceptor that took too long (SEP-2624).
const TIMED_OUT: i64 = -32000;
/// How far two clocks of one time may be apart.
const SLACK: Duration = Duration::from_millis(20);
