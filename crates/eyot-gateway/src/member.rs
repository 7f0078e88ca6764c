//! One of the servers behind a gateway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use eyot_jsonrpc::ErrorObject;
use eyot_service::{BoxService, Call, Fault, ReplyFuture};
use eyot_session::UpstreamName;
use eyot_stdx::Backoff;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::Instant;
use tower_service::Service as _;

use crate::instructions;
use crate::listing::Change;
use crate::names::marked;

/// A server behind a gateway: its name, and what answers for it.
#[derive(Clone, Debug)]
pub struct Member(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: Box<str>,
    slot: UpstreamName,
    service: BoxService,
    /// How often each of its lists has changed.
    changes: [AtomicU64; Change::ALL.len()],
    health: Mutex<Health>,
    /// How to use it, as it has told Eyot.
    instructions: Mutex<Option<Arc<str>>>,
    /// A task looks whether it is well again.
    is_watched: AtomicBool,
}

/// How it is, as far as the last question told.
#[derive(Debug, Default)]
struct Health {
    failures: u32,
    /// Why, and until when it is not asked again for lists.
    ill: Option<(ErrorObject, Instant)>,
}

impl Member {
    /// A server that people call `name`. Sessions keep it as `slot`, and `service` must do so, too:
    /// two members of one gateway differ in it.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>, slot: UpstreamName, service: BoxService) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            slot,
            service,
            changes: Default::default(),
            health: Mutex::default(),
            instructions: Mutex::default(),
            is_watched: AtomicBool::new(false),
        }))
    }

    /// Under which name sessions keep a server that people call `name`: that name, if it can stand in
    /// a path and in a record.
    #[must_use]
    pub fn slot_of(name: &str) -> UpstreamName {
        let slot = UpstreamName::parse(name).filter(|it| !it.is_default());
        slot.or_else(|| UpstreamName::parse(&marked(name, name, ""))).unwrap_or_default()
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Under which name sessions keep it.
    #[must_use]
    pub fn slot(&self) -> &UpstreamName {
        &self.0.slot
    }

    /// What answers for it.
    #[must_use]
    pub fn service(&self) -> &BoxService {
        &self.0.service
    }

    /// The future of its reply to a call.
    pub(crate) fn call(&self, call: Call) -> ReplyFuture {
        self.0.service.clone().call(call)
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A fault of it, which says so: a client has many servers, and one name for all of them.
    pub(crate) fn named(&self, fault: Fault) -> Fault {
        Fault { error: self.named_error(fault.error), ..fault }
    }

    fn named_error(&self, mut error: ErrorObject) -> ErrorObject {
        error.message = format!("server `{}`: {}", self.name(), error.message);
        match &mut error.data {
            None => error.data = Some(json!({ "server": self.name() })),
            Some(Value::Object(data)) => {
                data.insert("server".to_owned(), self.name().into());
            }
            Some(_) => {}
        }
        error
    }

    /// How to use it, as it has told Eyot; `None`: it says nothing, or was not asked.
    pub(crate) fn instructions(&self) -> Option<Arc<str>> {
        self.0.instructions.lock().clone()
    }

    /// Notes how to use it, as far as there is room.
    pub(crate) fn note_instructions(&self, instructions: Option<&str>) {
        let kept = instructions.and_then(instructions::kept);
        *self.0.instructions.lock() = kept;
    }

    /// Counts the changes of its lists of this kind.
    pub(crate) fn change_no(&self, change: Change) -> u64 {
        self.counter(change).load(Ordering::Acquire)
    }

    /// Notes that its lists of this kind are not what they were.
    pub(crate) fn handle_changed(&self, change: Change) {
        self.counter(change).fetch_add(1, Ordering::AcqRel);
    }

    fn counter(&self, change: Change) -> &AtomicU64 {
        let [tools, prompts, resources] = &self.0.changes;
        match change {
            Change::Tools => tools,
            Change::Prompts => prompts,
            Change::Resources => resources,
        }
    }

    /// Why it is not asked now; `None`: it is well, or may be again.
    pub(crate) fn illness(&self) -> Option<ErrorObject> {
        let health = self.0.health.lock();
        let (error, until) = health.ill.as_ref()?;
        (Instant::now() < *until).then(|| error.clone())
    }

    /// Notes how a question for a list went. Returns whether it was ill before.
    pub(crate) fn note_health(&self, failed: Option<&ErrorObject>) -> bool {
        let mut health = self.0.health.lock();
        let was_ill = health.ill.is_some();
        match failed {
            None => *health = Health::default(),
            Some(error) => {
                health.failures = health.failures.saturating_add(1);
                let until = Instant::now() + PAUSE.steady_delay(health.failures);
                health.ill = Some((error.clone(), until));
            }
        }
        drop(health);
        match (was_ill, failed) {
            (false, Some(error)) => tracing::warn!(
                server = self.name(),
                reason = reason(error),
                "server behind the gateway fails: lists are without it, or as they were"
            ),
            (true, None) => tracing::info!(server = self.name(), "server is well again"),
            _ => {}
        }
        was_ill
    }

    /// How long the next look at it waits.
    pub(crate) fn pause(&self) -> Duration {
        PAUSE.steady_delay(self.0.health.lock().failures)
    }

    /// Takes the task that looks after it; `false`: there is one.
    pub(crate) fn begin_watch(&self) -> bool {
        !self.0.is_watched.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn end_watch(&self) {
        self.0.is_watched.store(false, Ordering::Release);
    }
}

/// What an error says, with the reason that it gives.
pub(crate) fn reason(error: &ErrorObject) -> &str {
    let reason = error.data.as_ref().and_then(|it| it.get("reason")).and_then(Value::as_str);
    reason.unwrap_or(&error.message)
}

/// Between two questions to a server that fails: it is back within the ceiling.
const PAUSE: Backoff = Backoff { base: Duration::from_secs(1), delay_max: Duration::from_secs(10) };
