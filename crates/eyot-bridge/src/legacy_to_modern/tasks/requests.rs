//! What legacy clients ask of their tasks: calls that are to be tasks, and `tasks/*`.

use std::sync::Arc;

use eyot_era::legacy_to_modern::{self, ClientMeta};
use eyot_era::revision::Feature;
use eyot_jsonrpc::{ErrorObject, Request};
use eyot_service::{Fault, FaultKind, Reply, SessionHandle};
use eyot_types::{LegacyListTasksResult, LegacyTaskState, Method, Revision, TaskParams, codes};

use super::super::emulated_session::EmulatedSession;
use super::CallTasks;
use super::entry::Way;
use super::waiting::Waiting;

/// Whether calls of this session can be tasks.
async fn has_tasks(session: &EmulatedSession, context: &SessionHandle) -> Result<bool, Fault> {
    let revision = context.revision().unwrap_or(Revision::LATEST_LEGACY);
    if revision != Revision::V2025_11_25 {
        return Ok(false);
    }
    let discovered = session.upstream().discovered().await?;
    Ok(legacy_to_modern::has_tasks(revision, &discovered.capabilities))
}

/// Like [`has_tasks`], as far as the server has said it already.
fn has_known_tasks(session: &EmulatedSession, context: &SessionHandle) -> bool {
    let revision = context.revision().unwrap_or(Revision::LATEST_LEGACY);
    let known = session.upstream().known();
    known.is_some_and(|it| legacy_to_modern::has_tasks(revision, &it.capabilities))
}

/// What a call of a tool, or the list of tools, has to do with tasks.
///
/// A server without tasks takes such a call for any other: "Receivers that do not declare the task
/// capability for a request type MUST process requests of that type normally, ignoring any
/// task-augmentation metadata" (2025-11-25, basic/utilities/tasks, Task Support and Handling).
///
/// # Errors
/// The error for the client when there are too many tasks.
pub(crate) async fn call_tasks(
    session: &EmulatedSession,
    context: &SessionHandle,
    request: &Request,
) -> Result<CallTasks, ErrorObject> {
    let method = Method::parse(request.method());
    let wants_one = method == Method::ToolsCall && legacy_to_modern::wanted_task(request).is_some();
    let are_offered = match method {
        Method::ToolsList => has_tasks(session, context).await.unwrap_or(false),
        Method::ToolsCall if wants_one => has_tasks(session, context).await.unwrap_or(false),
        // The server is not asked for every ordinary call.
        Method::ToolsCall => has_known_tasks(session, context),
        _ => false,
    };
    if wants_one && !are_offered {
        let (from, to) = (Revision::V2025_11_25.as_str(), Revision::MODERN.as_str());
        eyot_metrics::bridge_loss(Feature::TaskRequest.as_str(), from, to);
    }
    if !are_offered || !wants_one {
        return Ok(CallTasks { are_offered, wanted: None });
    }
    let wanted = Some(session.tasks().permit(context.principal())?);
    Ok(CallTasks { are_offered, wanted })
}

/// Answers `tasks/get`, `tasks/result`, `tasks/cancel` and `tasks/list` of 2025-11-25.
pub(crate) async fn answer(
    session: Arc<EmulatedSession>,
    context: Arc<SessionHandle>,
    request: Request,
) -> Result<Reply, Fault> {
    let method = Method::parse(request.method());
    let lists = method == Method::TasksList;
    if !has_tasks(&session, &context).await? || (lists && context.principal().is_none()) {
        return Ok(refused(&request, &codes::method_not_found(request.method())));
    }
    if lists {
        let tasks = session.tasks().all().iter().map(|it| it.known()).collect();
        let tasks = LegacyListTasksResult::new(tasks);
        return Ok(Reply::One(request.answer(&tasks)));
    }
    let params = request.decode_params::<TaskParams>();
    let params = params.map_err(|error| codes::invalid_params(&error.to_string()));
    let entry = match params.and_then(|it| session.tasks().find(&it.task_id)) {
        Ok(entry) => entry,
        Err(error) => return Ok(refused(&request, &error)),
    };
    let client = declaring(&*session.client(&context).await?)?;
    let way = Way { upstream: session.upstream(), client: &client };
    let looked = match method {
        Method::TasksResult => {
            return Ok(Waiting::begin(session, client, entry, request.id()));
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

/// The client in a request of the extension.
pub(crate) fn declaring(client: &ClientMeta) -> Result<Arc<ClientMeta>, Fault> {
    let unwritable = |_| Fault::internal("the client's capabilities cannot be written");
    Ok(Arc::new(client.with_tasks().map_err(unwritable)?))
}

fn refused(request: &Request, error: &ErrorObject) -> Reply {
    Reply::One(request.refuse(error))
}
