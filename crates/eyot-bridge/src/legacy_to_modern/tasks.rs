//! Tasks of legacy clients (2025-11-25) over the tasks extension of a modern server.
//!
//! A session knows its own tasks, by ids of ours. What the server answers at once is a task too, if
//! the client asked for one: it is over when the client first looks.

mod entry;
mod waiting;

use std::sync::{Arc, OnceLock};

use eyot_era::legacy_to_modern::{self, ClientMeta};
use eyot_era::revision::Feature;
use eyot_era::tasks::{End, Said, TaskMachine, TaskTable, WorkPlace};
use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, Id, Message, Request};
use eyot_service::{Fault, FaultKind, Limits, Reply, SessionHandle, unix_ms};
use eyot_stdx::QuotaPermit;
use eyot_types::{
    LegacyListTasksResult, LegacyTaskState, Method, Revision, Task, TaskParams, TaskStatus, codes,
};
use parking_lot::Mutex;

use self::entry::{TaskEntry, Upstream, Way};
use self::waiting::Waiting;
use super::session::Bridged;
use super::tools::KnownTool;
use crate::task_rooms::{TaskRooms, now};

/// The tasks of every session before one server.
#[derive(Debug)]
pub(crate) struct KnownTasks {
    rooms: Arc<TaskRooms>,
    table: Mutex<TaskTable<Arc<TaskEntry>>>,
}

/// The tasks of one session.
#[derive(Debug)]
pub(crate) struct SessionTasks {
    known: Arc<KnownTasks>,
    /// Who the session is in the table. Unset: it has had no task.
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

/// A call whose client asked for a task, with room for one.
#[derive(Debug)]
pub(crate) struct WantedTask(QuotaPermit);

impl KnownTasks {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self { rooms: TaskRooms::new(limits), table: Mutex::default() })
    }

    /// Forgets the tasks whose time is over.
    fn sweep(&self) {
        let expired = self.table.lock().handle_timeout(now());
        if !expired.is_empty() {
            // Dropped without the lock: their results may be large.
            drop(expired);
            self.rooms.count();
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

    /// "Failed to retrieve task: Task not found": -32602 (2025-11-25, basic/utilities/tasks, Error
    /// Handling).
    fn find(&self, id: &str) -> Result<Arc<TaskEntry>, ErrorObject> {
        self.known.sweep();
        let owner = self.owner.get().ok_or_else(unknown_task)?;
        let found = self.known.table.lock().find(id, Some(owner), now()).cloned();
        found.ok_or_else(unknown_task)
    }

    /// Those of the session, the oldest first.
    fn all(&self) -> Vec<Arc<TaskEntry>> {
        self.known.sweep();
        let table = self.known.table.lock();
        let owner = self.owner.get();
        table.iter().filter(|it| Some(&it.owner) == owner).cloned().collect()
    }

    /// Room for one more task of this principal.
    fn room(&self, principal: Option<&Arc<str>>) -> Result<WantedTask, ErrorObject> {
        self.known.sweep();
        self.known.rooms.take(principal).map(WantedTask)
    }

    /// The answer of a call that the server has made a task.
    pub(crate) fn created(
        &self,
        id: Id,
        (task, tool): (Task, Option<Arc<KnownTool>>),
        wanted: WantedTask,
    ) -> Message {
        let WantedTask(permit) = wanted;
        let upstream = Upstream { id: task.task_id.clone(), tool };
        let ttl_ms = task.ttl_ms;
        let task = self.known.rooms.begin(permit, WorkPlace::Peer, task.into(), ttl_ms);
        let told = legacy_to_modern::call_goes_on(id, task.legacy_view());
        self.insert(Some(upstream), task);
        told
    }

    /// The answer of a call that the server has answered: "Tasks MUST begin in the `working` status
    /// when created" (2025-11-25, basic/utilities/tasks, Task Status Lifecycle).
    pub(crate) fn finished(&self, answer: &Message, wanted: WantedTask) -> Message {
        let WantedTask(permit) = wanted;
        let id = answer.id().unwrap_or_else(|| Id::from_number(0));
        let said = Said::at(unix_ms());
        let mut task = self.known.rooms.begin(permit, WorkPlace::Here, said, None);
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

impl Bridged {
    /// Whether calls of this session can be tasks.
    pub(super) async fn has_tasks(&self, context: &SessionHandle) -> Result<bool, Fault> {
        let revision = context.revision().unwrap_or(Revision::LATEST_LEGACY);
        if revision != Revision::V2025_11_25 {
            return Ok(false);
        }
        let discovered = self.shared().discovered().await?;
        Ok(legacy_to_modern::has_tasks(revision, &discovered.capabilities))
    }

    /// The same, as far as the server has said it already.
    fn has_known_tasks(&self, context: &SessionHandle) -> bool {
        let revision = context.revision().unwrap_or(Revision::LATEST_LEGACY);
        let known = self.shared().discovered.lock().clone();
        known.is_some_and(|(_, it)| legacy_to_modern::has_tasks(revision, &it.capabilities))
    }

    /// What a call of a tool, or the list of tools, has to do with tasks. A server without tasks takes such a call for any other: "Receivers that do not declare the
    /// task capability for a request type MUST process requests of that type normally, ignoring any
    /// task-augmentation metadata" (2025-11-25, basic/utilities/tasks, Task Support and Handling).
    ///
    /// # Errors
    /// The error for the client when there is no room.
    pub(super) async fn call_tasks(
        &self,
        context: &SessionHandle,
        request: &Request,
    ) -> Result<CallTasks, ErrorObject> {
        let method = Method::parse(request.method());
        let wants_one =
            method == Method::ToolsCall && legacy_to_modern::wanted_task(request).is_some();
        let are_offered = match method {
            Method::ToolsList => self.has_tasks(context).await.unwrap_or(false),
            Method::ToolsCall if wants_one => self.has_tasks(context).await.unwrap_or(false),
            // The server is not asked for every ordinary call.
            Method::ToolsCall => self.has_known_tasks(context),
            _ => false,
        };
        if wants_one && !are_offered {
            let (from, to) = (Revision::V2025_11_25.as_str(), Revision::MODERN.as_str());
            eyot_metrics::bridge_loss(Feature::TaskRequest.as_str(), from, to);
        }
        if !are_offered || !wants_one {
            return Ok(CallTasks { are_offered, wanted: None });
        }
        let wanted = Some(self.tasks().room(context.principal())?);
        Ok(CallTasks { are_offered, wanted })
    }

    /// Answers `tasks/get`, `tasks/result`, `tasks/cancel` and `tasks/list` of 2025-11-25.
    pub(super) async fn task_request(
        self: Arc<Self>,
        context: Arc<SessionHandle>,
        request: Request,
    ) -> Result<Reply, Fault> {
        let method = Method::parse(request.method());
        let lists = method == Method::TasksList;
        if !self.has_tasks(&context).await? || (lists && context.principal().is_none()) {
            return Ok(refused(&request, &codes::method_not_found(request.method())));
        }
        if lists {
            let tasks = self.tasks().all().iter().map(|it| it.known()).collect();
            let tasks = LegacyListTasksResult::new(tasks);
            return Ok(Reply::One(request.answer(&tasks)));
        }
        let params = request.decode_params::<TaskParams>();
        let params = params.map_err(|error| codes::invalid_params(&error.to_string()));
        let entry = match params.and_then(|it| self.tasks().find(&it.task_id)) {
            Ok(entry) => entry,
            Err(error) => return Ok(refused(&request, &error)),
        };
        let client = declaring(&*self.client(&context).await?)?;
        let way = Way { shared: self.shared(), client: &client };
        let looked = match method {
            Method::TasksResult => {
                return Ok(Waiting::begin(self, client, entry, request.id()));
            }
            Method::TasksCancel => entry.cancel(way).await,
            _ => entry.look(way).await.map(|_left| entry.known()),
        };
        match looked {
            Ok(task) => Ok(Reply::One(request.answer(&LegacyTaskState::new(task)))),
            Err(fault) if fault.kind == FaultKind::Refused => Ok(refused(&request, &fault.error)),
            Err(fault) => Err(fault),
        }
    }
}

/// The client in a request of the extension.
pub(super) fn declaring(client: &ClientMeta) -> Result<Arc<ClientMeta>, Fault> {
    let unwritable = |_| Fault::internal("the client's capabilities cannot be written");
    Ok(Arc::new(client.with_tasks().map_err(unwritable)?))
}

fn refused(request: &Request, error: &ErrorObject) -> Reply {
    Reply::One(request.refuse(error))
}

fn unknown_task() -> ErrorObject {
    ErrorObject::new(INVALID_PARAMS, "Failed to retrieve task: Task not found")
}

/// "tasks/cancel of a task already in a terminal status: -32602" (2025-11-25,
/// basic/utilities/tasks, Task Cancellation).
fn is_over(status: &TaskStatus) -> ErrorObject {
    let text = format!("Cannot cancel task: already in terminal status '{}'", status.as_str());
    ErrorObject::new(INVALID_PARAMS, text)
}

/// Random bytes of a name that only this process knows.
const OWNER_BYTES: usize = 16;
