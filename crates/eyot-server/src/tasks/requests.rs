//! The requests of clients about tasks.

use std::collections::BTreeSet;
use std::sync::Arc;

use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, Request, Response};
use eyot_service::Peer;
use eyot_types::{
    ClientCapabilities, EmptyResult, Era, JsonObject, Method, RequestMeta, Revision,
    TASKS_EXTENSION, TaskParams, UpdateTaskParams, codes,
};
use serde::de::DeserializeOwned;

use super::entry::TaskEntry;
use super::policy::TaskPolicy;
use super::table::{Room, Tasks};
use crate::identity::Identity;

/// Answers the requests of clients about a server's tasks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskRequests<'a> {
    pub(crate) tasks: &'a Tasks,
    pub(crate) identity: &'a Identity,
    /// How many tasks one subscription may listen to.
    pub(crate) watched_max: usize,
}

impl TaskRequests<'_> {
    /// Answers a request of the extension; `None` when it is another request.
    pub(crate) fn answer(
        self,
        method: Method<'_>,
        peer: &Peer,
        request: &Request,
    ) -> Option<Result<Response, ErrorObject>> {
        Some(match method {
            Method::TasksGet => self.get_task(peer, request),
            Method::TasksUpdate => self.update_task(peer, request),
            Method::TasksCancel => self.cancel_task(peer, request),
            _ => return None,
        })
    }

    fn get_task(self, peer: &Peer, request: &Request) -> Result<Response, ErrorObject> {
        let TaskParams { task_id, .. } = checked(request)?;
        let task = self.task(peer, &task_id)?;
        let id = request.id();
        let answer = task.show(|it| self.identity.answer_raw(Era::Modern, id, &it.got()));
        answer.ok_or_else(unknown)
    }

    fn update_task(self, peer: &Peer, request: &Request) -> Result<Response, ErrorObject> {
        let UpdateTaskParams { task_id, input_responses, .. } = checked(request)?;
        self.task(peer, &task_id)?.answer(input_responses.0);
        Ok(self.identity.answer(Revision::MODERN, request.id(), EmptyResult::new()))
    }

    fn cancel_task(self, peer: &Peer, request: &Request) -> Result<Response, ErrorObject> {
        let TaskParams { task_id, .. } = checked(request)?;
        self.task(peer, &task_id)?.cancel();
        Ok(self.identity.answer(Revision::MODERN, request.id(), EmptyResult::new()))
    }

    fn task(self, peer: &Peer, id: &str) -> Result<Arc<TaskEntry>, ErrorObject> {
        self.tasks.find(id, peer.principal_name()).ok_or_else(unknown)
    }

    /// Room for a task, if this call may become one.
    pub(crate) fn room(
        self,
        policy: TaskPolicy,
        tool: &str,
        peer: &Peer,
        request: &Request,
    ) -> Result<Option<Room>, ErrorObject> {
        if policy == TaskPolicy::Never {
            return Ok(None);
        }
        let is_required = policy == TaskPolicy::Required;
        if peer.era == Era::Legacy {
            // The list of tools does not show it to this client either.
            let text = format!("Tool {tool} runs as a task, from 2026-07-28 on");
            let refused = || ErrorObject::new(INVALID_PARAMS, text);
            return if is_required { Err(refused()) } else { Ok(None) };
        }
        if let Err(missing) = check_declared(request) {
            // "A server MUST NOT return `CreateTaskResult` to a client that did not include the
            // extension capability on its request" (tasks extension, Capability Negotiation).
            return if is_required { Err(missing) } else { Ok(None) };
        }
        match self.tasks.room(peer.principal_name()) {
            Ok(room) => Ok(Some(room)),
            // A client that can wait for the answer still gets it.
            Err(_) if !is_required => Ok(None),
            Err(full) => Err(full),
        }
    }

    /// The tasks of a filter that this client may listen to, each once.
    ///
    /// "Servers MUST return this error for non-declaring clients requesting task notifications on
    /// `subscriptions/listen`" (tasks extension, Protocol Errors): −32021.
    pub(crate) fn watched(
        self,
        ids: Vec<String>,
        peer: &Peer,
        request: &Request,
    ) -> Result<Vec<Arc<TaskEntry>>, ErrorObject> {
        check_declared(request)?;
        let ids: BTreeSet<String> = ids.into_iter().take(self.watched_max).collect();
        let principal = peer.principal_name();
        Ok(ids.iter().filter_map(|id| self.tasks.find(id, principal)).collect())
    }
}

/// The parameters of a request that only clients with the extension may send.
fn checked<T: DeserializeOwned>(request: &Request) -> Result<T, ErrorObject> {
    check_declared(request)?;
    request.decode_params().map_err(|error| codes::invalid_params(&error.to_string()))
}

/// "Servers MUST return this error for non-declaring clients issuing `tasks/get`, `tasks/update`,
/// and `tasks/cancel` requests" (tasks extension, Protocol Errors): −32021.
fn check_declared(request: &Request) -> Result<(), ErrorObject> {
    let meta = RequestMeta::of(request)?;
    let declared = meta.client_capabilities;
    let declared: ClientCapabilities =
        declared.and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
    if declared.extension(TASKS_EXTENSION).is_some() {
        return Ok(());
    }
    let required = ClientCapabilities::default().with_extension(TASKS_EXTENSION, JsonObject::new());
    Err(codes::missing_capability(&required))
}

/// "Invalid or nonexistent `taskId`: -32602 (Invalid params)" (tasks extension, Protocol Errors).
fn unknown() -> ErrorObject {
    ErrorObject::new(INVALID_PARAMS, "Failed to retrieve task: not found")
}
