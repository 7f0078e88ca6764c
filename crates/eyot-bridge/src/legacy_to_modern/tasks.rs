//! Tasks of legacy clients (2025-11-25) over the tasks extension of a modern server.
//!
//! A session knows its own tasks, by ids of ours. What the server answers at once is a task too, if
//! the client asked for one: it is over when the client first looks.

mod entry;
pub(crate) mod requests;
mod waiting;

use std::sync::{Arc, OnceLock};

use eyot_era::ToolFact;
use eyot_era::legacy_to_modern;
use eyot_era::tasks::{End, Said, TaskMachine, TaskTable, WorkPlace};
use eyot_jsonrpc::{ErrorObject, Id, Message};
use eyot_service::unix_ms;
use eyot_stdx::QuotaPermit;
use eyot_types::Task;
use parking_lot::Mutex;

use self::entry::{TaskEntry, Upstream, unknown_task};
use eyot_upstream::{Runtime, TaskQuota, clock::now};

/// The tasks of every session before one server.
#[derive(Debug)]
pub(crate) struct KnownTasks {
    quota: Arc<TaskQuota>,
    table: Mutex<TaskTable<Arc<TaskEntry>>>,
}

/// The tasks of one session.
#[derive(Debug)]
pub(crate) struct SessionTasks {
    known: Arc<KnownTasks>,
    /// The name of the session in the table. Unset: it has had no task.
    owner: OnceLock<Arc<str>>,
}

/// What a request has to do with tasks.
#[derive(Debug)]
pub(crate) struct CallTasks {
    /// The session has tasks.
    pub(crate) are_offered: bool,
    /// The client asks for one.
    pub(crate) wanted: Option<WantedTask>,
}

/// The permit of a call whose client asked for a task.
#[derive(Debug)]
pub(crate) struct WantedTask(QuotaPermit);

impl KnownTasks {
    pub(crate) fn new(Runtime { totals, limits, .. }: &Runtime) -> Arc<Self> {
        Arc::new(Self { quota: TaskQuota::new(totals, limits), table: Mutex::default() })
    }

    /// Forgets the tasks whose time is over.
    fn sweep(&self) {
        let expired = self.table.lock().handle_timeout(now());
        if !expired.is_empty() {
            // Dropped without the lock: their results may be large.
            drop(expired);
            self.quota.count();
        }
    }
}

impl SessionTasks {
    pub(crate) fn new(known: &Arc<KnownTasks>) -> Self {
        Self { known: Arc::clone(known), owner: OnceLock::new() }
    }

    fn insert(&self, upstream: Option<Upstream>, task: TaskMachine) {
        self.known.sweep();
        let owner = self.owner.get_or_init(|| eyot_stdx::random_token(OWNER_BYTES).into());
        let (id, expires) = (Arc::clone(task.id()), task.expires());
        let entry = TaskEntry::new(owner, upstream, task);
        self.known.table.lock().insert(id, Some(Arc::clone(owner)), expires, entry);
    }

    /// The task of that id, if the session knows it.
    fn find(&self, id: &str) -> Result<Arc<TaskEntry>, ErrorObject> {
        self.known.sweep();
        let owner = self.owner.get().ok_or_else(unknown_task)?;
        let found = self.known.table.lock().find(id, Some(owner), now()).cloned();
        found.ok_or_else(unknown_task)
    }

    /// The tasks of the session, the oldest first.
    fn all(&self) -> Vec<Arc<TaskEntry>> {
        self.known.sweep();
        let table = self.known.table.lock();
        let owner = self.owner.get();
        table.iter().filter(|it| Some(&it.owner) == owner).cloned().collect()
    }

    /// Leave for one more task of this principal.
    fn permit(&self, principal: Option<&Arc<str>>) -> Result<WantedTask, ErrorObject> {
        self.known.sweep();
        self.known.quota.permit(principal).map(WantedTask)
    }

    /// The answer of a call that the server has made a task.
    pub(crate) fn created(
        &self,
        id: Id,
        (task, tool): (Task, Option<Arc<ToolFact>>),
        wanted: WantedTask,
    ) -> Message {
        let WantedTask(permit) = wanted;
        let upstream = Upstream { id: task.task_id.clone(), tool };
        let ttl_ms = task.ttl_ms;
        let task = self.known.quota.begin(permit, WorkPlace::Peer, task.into(), ttl_ms);
        let told = legacy_to_modern::call_goes_on(id, task.legacy_view());
        self.insert(Some(upstream), task);
        told
    }

    /// The answer of a call that the server has answered: "Tasks MUST begin in the `working` status
    /// when created" (2025-11-25, basic/utilities/tasks, Task Status Lifecycle).
    pub(crate) fn finished(&self, id: Id, answer: &Message, wanted: WantedTask) -> Message {
        let WantedTask(permit) = wanted;
        let said = Said::at(unix_ms());
        let mut task = self.known.quota.begin(permit, WorkPlace::Here, said, None);
        let told = legacy_to_modern::call_goes_on(id, task.legacy_view());
        task.handle_end(End::of_answer(answer), now());
        self.insert(None, task);
        told
    }
}

impl Drop for SessionTasks {
    fn drop(&mut self) {
        if self.owner.get().is_none() {
            return;
        }
        for task in self.all() {
            self.known.table.lock().remove(&task.read(|it| Arc::clone(it.id())));
        }
    }
}

/// Random bytes of a name that only this process knows.
const OWNER_BYTES: usize = 16;
