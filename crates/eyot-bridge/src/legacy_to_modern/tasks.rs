//! Tasks of legacy clients (2025-11-25) over the tasks extension of a modern server.
//!
//! A session knows its own tasks, by ids of ours. What the server answers at once is a task too, if
//! the client asked for one: it is over when the client first looks.

mod entry;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eyot_era::legacy_to_modern::{self, ClientMeta};
use eyot_era::revision::Feature;
use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, Id, Message, Request};
use eyot_service::{Fault, Limits, Reply, SessionHandle};
use eyot_types::{
    LegacyListTasksResult, LegacyTaskState, Method, Revision, Task, TaskParams, TaskStatus, codes,
};
use parking_lot::Mutex;
use tokio::time::Instant;

use self::entry::TaskEntry;
pub(super) use self::entry::Upstream;
use self::waiting::Waiting;
use super::session::Bridged;
use super::tools::KnownTool;
use crate::task_rooms::{TaskRoom, TaskRooms};

/// The tasks of one session.
#[derive(Debug, Default)]
pub(crate) struct SessionTasks(Mutex<BTreeMap<String, Arc<TaskEntry>>>);

/// What a request has to do with tasks.
#[derive(Debug)]
pub(crate) struct CallTasks {
    /// The session has tasks.
    pub(crate) are_offered: bool,
    /// The client asks for one.
    pub(crate) wanted: Option<WantedTask>,
}

/// A call whose client asked for a task.
#[derive(Debug)]
pub(crate) struct WantedTask {
    room: TaskRoom,
    limits: Arc<Limits>,
}

impl SessionTasks {
    fn insert(&self, entry: Arc<TaskEntry>) {
        self.0.lock().insert(entry.id.clone(), entry);
    }

    /// "Failed to retrieve task: Task not found": -32602 (2025-11-25, basic/utilities/tasks, Error
    /// Handling).
    fn find(&self, id: &str) -> Result<Arc<TaskEntry>, ErrorObject> {
        self.sweep();
        self.0.lock().get(id).cloned().ok_or_else(unknown_task)
    }

    /// The oldest first.
    fn all(&self) -> Vec<Arc<TaskEntry>> {
        self.sweep();
        let mut all = Vec::from_iter(self.0.lock().values().cloned());
        all.sort_by_key(|it| it.expires);
        all
    }

    fn sweep(&self) {
        let now = Instant::now();
        let expired = {
            let mut tasks = self.0.lock();
            let (kept, expired) =
                std::mem::take(&mut *tasks).into_iter().partition(|(_, it)| it.expires > now);
            *tasks = kept;
            expired
        };
        drop::<BTreeMap<_, _>>(expired);
    }

    /// Room for one more task, if the session has room.
    fn room(
        &self,
        rooms: &Arc<TaskRooms>,
        context: &SessionHandle,
        limits: &Limits,
    ) -> Result<TaskRoom, ErrorObject> {
        self.sweep();
        if self.0.lock().len() >= limits.tasks_per_principal_max {
            return Err(codes::overloaded("tasks"));
        }
        rooms.take(context.principal())
    }

    /// The answer of a call that the server has made a task.
    pub(crate) fn created(
        &self,
        id: Id,
        (task, tool): (Task, Option<Arc<KnownTool>>),
        wanted: WantedTask,
    ) -> Message {
        let upstream = Upstream { id: task.task_id.clone(), tool };
        let (entry, task) = TaskEntry::running(upstream, task, wanted.room, &wanted.limits);
        self.insert(Arc::new(entry));
        legacy_to_modern::call_goes_on(id, task)
    }

    /// The answer of a call that the server has answered: "Tasks MUST begin in the `working` status
    /// when created" (2025-11-25, basic/utilities/tasks, Task Status Lifecycle).
    pub(crate) fn finished(&self, answer: &Message, wanted: WantedTask) -> Message {
        let id = answer.id().unwrap_or_else(|| Id::from_number(0));
        let outcome = legacy_to_modern::outcome_of(answer);
        let (entry, task) = TaskEntry::over(outcome, wanted.room, &wanted.limits);
        self.insert(Arc::new(entry));
        legacy_to_modern::call_goes_on(id, task)
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
        let limits = &self.shared().upstream.runtime.limits;
        let room = self.tasks().room(&self.shared().task_rooms, context, limits)?;
        let wanted = Some(WantedTask { room, limits: Arc::clone(limits) });
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
            return Ok(Reply::One(request.answer(&LegacyListTasksResult::new(tasks))));
        }
        let params = request.decode_params::<TaskParams>();
        let params = params.map_err(|error| codes::invalid_params(&error.to_string()));
        let entry = match params.and_then(|it| self.tasks().find(&it.task_id)) {
            Ok(entry) => entry,
            Err(error) => return Ok(refused(&request, &error)),
        };
        let client = declaring(&*self.client(&context).await?)?;
        let answer = match method {
            Method::TasksResult => {
                return Ok(Waiting::begin(self, client, entry, request.id()));
            }
            Method::TasksCancel => entry.cancel(self.shared(), &client).await?,
            _ => entry.look(self.shared(), &client).await?.map(|it| it.task),
        };
        let answer = match answer {
            Ok(task) => request.answer(&LegacyTaskState::new(task)),
            Err(error) => request.refuse(&error),
        };
        Ok(Reply::One(answer))
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

/// How long the bridge waits before it looks at a task again.
fn interval(poll_interval_ms: Option<u64>) -> Duration {
    let interval = poll_interval_ms.map_or(INTERVAL, Duration::from_millis);
    interval.clamp(INTERVAL_MIN, INTERVAL_MAX)
}

/// Between two looks at a task whose server does not say.
const INTERVAL: Duration = Duration::from_secs(1);
/// Bounds of what a server may say.
const INTERVAL_MIN: Duration = Duration::from_millis(250);
const INTERVAL_MAX: Duration = Duration::from_secs(30);
