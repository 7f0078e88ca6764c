//! Secrets that were read from one server are not sent to another.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use eyot_interceptors::{Failure, Interceptor, Phase, Validation, Validator, View};
use parking_lot::Mutex;

use crate::secrets::Secrets;

/// Remembers which secrets a session has read from which server, and denies calls that would take one to
/// another server. It follows flows, not values: what was never read may be sent.
///
/// A client without a session is known by its principal; clients without either are one.
pub struct TaintGuard {
    secrets: Secrets,
    server_of: Box<ServerOf>,
    hasher: RandomState,
    seen: Mutex<Seen>,
}

/// The server that a payload goes to or comes from; `None`: it is not known.
type ServerOf = dyn Fn(&View<'_>) -> Option<Arc<str>> + Send + Sync;

impl TaintGuard {
    /// A guard between the servers that the boundary knows by name.
    #[must_use]
    pub fn new(secrets: Secrets) -> Self {
        Self::with_servers(secrets, |view| view.origin().server().cloned())
    }

    /// A guard between the servers that a function tells apart.
    pub fn with_servers(
        secrets: Secrets,
        server_of: impl Fn(&View<'_>) -> Option<Arc<str>> + Send + Sync + 'static,
    ) -> Self {
        let (hasher, seen) = (RandomState::new(), Mutex::default());
        Self { secrets, server_of: Box::new(server_of), hasher, seen }
    }

    /// The guard as an interceptor of calls and of what they read.
    #[must_use]
    pub fn interceptor(self) -> Interceptor {
        Interceptor::validator("guard/taint", self)
            .description("keeps secrets that one server has told from the others")
            .on(Phase::Request, OPERATIONS)
            .on(Phase::Response, OPERATIONS)
    }

    fn digests<'a>(&'a self, payload: &'a str) -> impl Iterator<Item = (u64, String)> + 'a {
        self.secrets.suspects(payload).into_iter().flat_map(move |token| {
            let text = token.text();
            let found = self.secrets.find(&text).into_iter();
            found
                .map(|(secret, form)| (self.hasher.hash_one(secret), form.to_owned()))
                .collect::<Vec<_>>()
        })
    }
}

impl Validator for TaintGuard {
    fn validate(&self, view: &View<'_>) -> Result<Validation, Failure> {
        let mut digests = self.digests(view.payload()).peekable();
        if digests.peek().is_none() {
            return Ok(Validation::PASS);
        }
        let Some(server) = (self.server_of)(view) else { return Ok(Validation::PASS) };
        let session = session_of(view);
        if view.phase() == Phase::Response {
            let mut seen = self.seen.lock();
            digests.for_each(|(digest, _)| seen.note(&session, digest, &server));
            return Ok(Validation::PASS);
        }
        let digests: Vec<_> = digests.collect();
        let mut seen = self.seen.lock();
        let mut leaks =
            digests.iter().filter(|(digest, _)| seen.is_foreign(&session, *digest, &server));
        Ok(match leaks.next() {
            Some((_, form)) => Validation::deny(format!(
                "the payload has a secret ({form}) that was read from another server"
            )),
            None => Validation::PASS,
        })
    }
}

fn session_of(view: &View<'_>) -> Arc<str> {
    let origin = view.origin();
    match (origin.session_id(), origin.peer().principal_name()) {
        (Some(id), _) => format!("session {id}").into(),
        (None, Some(name)) => format!("principal {name}").into(),
        (None, None) => "".into(),
    }
}

/// What sessions have read, the longest unused first to go.
#[derive(Default)]
struct Seen {
    sessions: HashMap<Arc<str>, SessionSeen>,
    /// The sessions in the order of their last use.
    order: BTreeMap<u64, Arc<str>>,
    uses: u64,
}

#[derive(Default)]
struct SessionSeen {
    used: u64,
    /// Digests and where they came from, the oldest first.
    secrets: VecDeque<(u64, Arc<str>)>,
}

impl Seen {
    fn note(&mut self, session: &Arc<str>, digest: u64, server: &Arc<str>) {
        self.touch(session);
        if self.sessions.len() > SESSIONS_MAX
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.sessions.remove(&oldest);
        }
        let Some(seen) = self.sessions.get_mut(session) else { return };
        if seen.secrets.iter().any(|(known, from)| *known == digest && from == server) {
            return;
        }
        if seen.secrets.len() >= SECRETS_MAX {
            seen.secrets.pop_front();
        }
        seen.secrets.push_back((digest, Arc::clone(server)));
    }

    /// Whether the session has read it from other servers, and never from this one.
    fn is_foreign(&mut self, session: &Arc<str>, digest: u64, server: &Arc<str>) -> bool {
        if !self.sessions.contains_key(session) {
            return false;
        }
        self.touch(session);
        let secrets = self.sessions.get(session).map(|it| &it.secrets);
        let known = secrets.into_iter().flatten().filter(|(known, _)| *known == digest);
        let mut servers = known.map(|(_, from)| from).peekable();
        servers.peek().is_some() && servers.all(|it| it != server)
    }

    fn touch(&mut self, session: &Arc<str>) {
        self.uses += 1;
        let seen = self.sessions.entry(Arc::clone(session)).or_default();
        self.order.remove(&seen.used);
        seen.used = self.uses;
        self.order.insert(self.uses, Arc::clone(session));
    }
}

/// Sessions that are remembered.
const SESSIONS_MAX: usize = 10_000;

/// Secrets that are remembered of one session.
const SECRETS_MAX: usize = 256;

/// What carries contents between servers.
const OPERATIONS: [&str; 5] =
    ["tools/call", "resources/read", "prompts/get", "sampling/createMessage", "elicitation/create"];

impl std::fmt::Debug for TaintGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TaintGuard")
    }
}

#[cfg(test)]
mod tests;
