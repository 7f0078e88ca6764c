//! Tasks of modern clients over the experimental tasks of a legacy upstream (2025-11-25).
//!
//! Whether a call is a task is decided when it is sent ([`Tasks::plan`]). A client that declares the
//! extension gets an id of ours ([`KnownTasks`]) and asks for the state of the task, which its machine
//! puts together from the upstream's answers ([`TaskEntry`]). For any other client the bridge waits
//! itself ([`Driven`](driven)).

mod ask_target;
mod driven;
mod entry;
mod table;
mod upstream_task;
mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eyot_era::modern_to_legacy::{self, TaskPlan};
use eyot_era::tasks::WorkPlace;
use eyot_jsonrpc::{ErrorObject, Message, Request, Response};
use eyot_service::{Fault, Limits, Reply, limit_reached};
use eyot_stdx::QuotaPermit;
use eyot_types::{
    ClientCapabilities, JsonObject, Method, Revision, TASKS_EXTENSION, TaskParams, TaskSupport,
    UpdateTaskParams, codes, meta,
};
use serde::de::DeserializeOwned;
use serde_json::json;

pub(crate) use self::ask_target::{AskTarget, WeakTarget};
pub(crate) use self::driven::drive;
use self::entry::TaskEntry;
use self::table::KnownTasks;
use self::upstream_task::unknown_task;
pub(crate) use self::watch::TaskWatch;
use super::call::UpstreamCall;
use super::inner::Inner;
use super::modern_request::ModernRequest;
use super::session::UpstreamSession;
use eyot_upstream::{KnownTools, Runtime, TaskQuota};

/// The tasks of one upstream.
#[derive(Debug)]
pub(crate) struct Tasks {
    pub(super) table: Arc<KnownTasks>,
    quota: Arc<TaskQuota>,
    limits: Arc<Limits>,
}

/// How a call is sent, and the permit for its task.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) plan: TaskPlan,
    pub(crate) permit: Option<QuotaPermit>,
}

impl Planned {
    const PLAIN: Self = Self { plan: TaskPlan::Plain, permit: None };
}

impl Tasks {
    pub(crate) fn new(Runtime { totals, limits, .. }: &Runtime) -> Self {
        let (quota, limits) = (TaskQuota::new(totals, limits), Arc::clone(limits));
        Self { table: Arc::default(), quota, limits }
    }

    /// How a request goes to the upstream.
    ///
    /// # Errors
    /// When the tool must be called as a task and there may be no further one.
    pub(crate) async fn plan(
        &self,
        request: &ModernRequest,
        session: &UpstreamSession,
        tools: &KnownTools,
    ) -> Result<Planned, Fault> {
        if !session.offers.tasks || Method::parse(request.method()) != Method::ToolsCall {
            return Ok(Planned::PLAIN);
        }
        // Boxed, because it is large and rare, and this future is part of every call.
        Box::pin(self.plan_call(request, session, tools)).await
    }

    /// How a call of a tool goes to an upstream that has tasks.
    async fn plan_call(
        &self,
        request: &ModernRequest,
        session: &UpstreamSession,
        tools: &KnownTools,
    ) -> Result<Planned, Fault> {
        let name = request.message.name().unwrap_or_default();
        let list = |page| async move { session.ask(Method::ToolsList, &page).await };
        let tool = tools.look_up_if_possible(request.peer.principal_name(), &name, list).await;
        let support = tool.and_then(|it| it.task_support.clone());
        let plan =
            TaskPlan::of(support.as_ref(), modern_to_legacy::declares_tasks(&request.message));
        if plan != TaskPlan::Task {
            return Ok(Planned { plan, permit: None });
        }
        match self.quota.permit(request.peer.principal_name()) {
            Ok(permit) => Ok(Planned { plan, permit: Some(permit) }),
            // The client can wait for the answer of a plain call.
            Err(_) if support != Some(TaskSupport::Required) => Ok(Planned::PLAIN),
            Err(full) => Err(Fault::overloaded(full, Duration::from_secs(1))),
        }
    }

    /// A call as it goes when it is planned so.
    pub(crate) fn request(&self, plan: TaskPlan, request: Request) -> Request {
        if plan == TaskPlan::Plain {
            return request;
        }
        let ttl_ms = u64::try_from(self.limits.memory.task_ttl.as_millis()).unwrap_or(u64::MAX);
        modern_to_legacy::with_task(&request, ttl_ms).unwrap_or(request)
    }

    /// The answer of a call that the upstream has made a task; `None` when it has answered.
    ///
    /// "A server MUST NOT return `CreateTaskResult` until the task is durably created — that is,
    /// until a `tasks/get` for the returned `taskId` would resolve" (tasks extension, Task
    /// Creation): from here on it does.
    pub(crate) fn created(
        &self,
        request: &ModernRequest,
        call: &UpstreamCall,
        answer: &Message,
    ) -> Option<Response> {
        let (session, principal) = (&call.session, request.peer.principal_name());
        let permit = call.shared.task_permit.lock().take();
        if !session.offers.tasks || !modern_to_legacy::declares_tasks(&request.message) {
            return None;
        }
        let task = modern_to_legacy::created(answer)?;
        let permit = match permit.map_or_else(|| self.quota.permit(principal), Ok) {
            Ok(permit) => permit,
            Err(full) => return Some(request.refuse(&full)),
        };
        let (upstream_id, ttl_ms) = (task.task_id.clone(), task.ttl);
        let task = self.quota.begin(permit, WorkPlace::Peer, task.into(), ttl_ms);
        let entry = TaskEntry::new(task, upstream_id, session);
        self.table.insert(&entry);
        let (table, quota) = (Arc::downgrade(&self.table), Arc::downgrade(&self.quota));
        let sweep = move || {
            table.upgrade().inspect(|it| it.sweep());
            quota.upgrade().inspect(|it| it.count());
        };
        if !entry.at_expiry(sweep) {
            self.table.remove(&entry.read(|it| Arc::clone(it.id())));
            return Some(request.refuse(&limit_reached("upstream's queue")));
        }
        let mut metadata = JsonObject::new();
        meta::set_server_info(&mut metadata, &session.initialized.server_info);
        let id = request.id.clone();
        let created = entry.show(None, |it| Response::new(id, &it.created(Some(metadata))));
        created.ok()
    }

    /// The task of that id, if this client may ask for it.
    fn find(&self, request: &ModernRequest, id: &str) -> Option<Arc<TaskEntry>> {
        self.table.find(id, request.peer.principal_name())
    }
}

impl Inner {
    /// Answers `tasks/get`, `tasks/update` and `tasks/cancel` of the extension.
    pub(crate) async fn task_request(
        &self,
        request: &ModernRequest,
        method: Method<'_>,
    ) -> Result<Reply, Fault> {
        let is_served = self.pool.said(request).is_none_or(|it| {
            let revision = Revision::parse(&it.protocol_version);
            revision.is_some_and(|revision| modern_to_legacy::has_tasks(revision, &it.capabilities))
        });
        if !is_served {
            return Ok(Reply::One(request.refuse(&codes::method_not_found(method.as_str()))));
        }
        let answer = match method {
            Method::TasksUpdate => self.update_task(request).await,
            Method::TasksCancel => self.cancel_task(request).await,
            _ => self.get_task(request).await,
        };
        answer.map(Reply::One).or_else(|fault| request.fail(fault))
    }

    async fn get_task(&self, request: &ModernRequest) -> Result<Response, Fault> {
        let (task, _) = self.task(request, |it: &TaskParams| it.task_id.as_str())?;
        let left = task.look().await?;
        task.show(left.as_ref(), |view| Response::new(request.id.clone(), &view.got()))
    }

    async fn update_task(&self, request: &ModernRequest) -> Result<Response, Fault> {
        let (task, params) = self.task(request, |it: &UpdateTaskParams| it.task_id.as_str())?;
        task.answer(params.input_responses.0, self.limits.calls.timeout).await?;
        Ok(acknowledged(request))
    }

    async fn cancel_task(&self, request: &ModernRequest) -> Result<Response, Fault> {
        let (task, _) = self.task(request, |it: &TaskParams| it.task_id.as_str())?;
        task.cancel().await?;
        Ok(acknowledged(request))
    }

    /// The task that a request is about, with the parameters of the request.
    fn task<T: DeserializeOwned>(
        &self,
        request: &ModernRequest,
        id: impl FnOnce(&T) -> &str,
    ) -> Result<(Arc<TaskEntry>, T), Fault> {
        check_declared(request).map_err(Fault::refused)?;
        let params = request.message.decode_params::<T>();
        let params =
            params.map_err(|error| Fault::refused(codes::invalid_params(&error.to_string())))?;
        let task = self.tasks.find(request, id(&params));
        let task = task.ok_or_else(|| Fault::refused(unknown_task()))?;
        Ok((task, params))
    }

    /// The tasks of a filter that this client may hear of.
    pub(crate) fn watched_tasks(
        self: &Arc<Self>,
        request: &ModernRequest,
        ids: &[String],
    ) -> Result<TaskWatch, ErrorObject> {
        if ids.is_empty() {
            return Ok(TaskWatch::default());
        }
        check_declared(request)?;
        let watched_max = self.limits.sessions.subscriptions_max;
        let ids = BTreeSet::from_iter(ids.iter().take(watched_max));
        let tasks = ids.into_iter().filter_map(|id| self.tasks.find(request, id));
        Ok(TaskWatch::new(tasks.collect()))
    }
}

/// "Servers MUST return this error for non-declaring clients issuing `tasks/get`, `tasks/update`,
/// and `tasks/cancel` requests" (tasks extension, Protocol Errors): −32021.
fn check_declared(request: &ModernRequest) -> Result<(), ErrorObject> {
    if modern_to_legacy::declares_tasks(&request.message) {
        return Ok(());
    }
    let required = ClientCapabilities::default().with_extension(TASKS_EXTENSION, JsonObject::new());
    Err(codes::missing_capability(&required))
}

fn acknowledged(request: &ModernRequest) -> Response {
    Response::new(request.id.clone(), &json!({ "resultType": "complete" }))
}
