//! A task of the upstream, and what its session is asked about it.

use std::sync::Arc;

use eyot_era::modern_to_legacy;
use eyot_era::revision;
use eyot_era::tasks::End;
use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, Request, Response};
use eyot_service::{Fault, FaultKind};
use eyot_types::codes::{self, Outcome};
use eyot_types::{Era, LegacyTask, LegacyTaskState, Method, Revision, TaskParams, read_as};

use super::super::session::UpstreamSession;
use super::ask_target::AskTarget;
use crate::losses::count_losses;

/// A task of the upstream. It holds its session open.
#[derive(Debug)]
pub(super) struct UpstreamTask {
    pub(super) id: String,
    pub(super) session: Arc<UpstreamSession>,
}

impl UpstreamTask {
    /// How far the task is.
    ///
    /// # Errors
    /// When the upstream does not say, or does not know the task.
    pub(super) async fn state(&self) -> Result<LegacyTask, Fault> {
        let answer = self.session.ask(Method::TasksGet, &self.params()).await?;
        if let Some(error) = answer.error_object() {
            return Err(Fault::refused(match error.code {
                INVALID_PARAMS => unknown_task(),
                _ => modern_error(error),
            }));
        }
        let text = answer.result().unwrap_or("null");
        let state = read_as::<LegacyTaskState>(Method::TasksGet, text).map_err(|error| {
            let reason = format!("upstream's task cannot be read: {error}");
            Fault::upstream(codes::upstream_lost(&reason, Outcome::Unknown, true))
        })?;
        Ok(state.0.task)
    }

    /// Whether the task is lost with its session, if asking for it failed so.
    pub(super) fn is_lost(&self, fault: &Fault) -> bool {
        fault.kind == FaultKind::SessionGone || !self.session.is_open()
    }

    /// What the task has come to, once it is over.
    pub(super) async fn end(&self) -> Result<End, Fault> {
        let answer = self.session.ask(Method::TasksResult, &self.params()).await?;
        Ok(self.end_of(&answer))
    }

    /// What the task will have come to: asked for without a deadline. `target` is who is asked on
    /// the stream that the answer comes on.
    pub(super) async fn late_end(&self, target: &AskTarget) -> Result<End, Fault> {
        let request = Request::unnumbered(Method::TasksResult.as_str(), &self.params());
        let request = request.with_upstream_id(self.session.next_id());
        let reply = self.session.connection.request(request).await?;
        let heard = |other| self.session.heard_in(other, Some(target.clone()));
        Ok(self.end_of(&reply.answer(heard).await?))
    }

    /// Asks the upstream to stop; `false` when it says that it does not.
    pub(super) async fn cancel(&self) -> Result<bool, Fault> {
        let answer = self.session.ask(Method::TasksCancel, &self.params()).await?;
        let refused = answer.error_object();
        if let Some(error) = &refused {
            tracing::debug!(%error.message, "upstream does not cancel a task");
        }
        Ok(refused.is_none())
    }

    fn params(&self) -> TaskParams {
        TaskParams::new(self.id.as_str())
    }

    fn end_of(&self, answer: &Response) -> End {
        let server = &self.session.server;
        let (end, losses) = modern_to_legacy::task_end(answer, server);
        count_losses(&losses, Era::Legacy);
        end
    }
}

/// An error of the upstream that is not about the task.
fn modern_error(error: ErrorObject) -> ErrorObject {
    let (error, losses) = revision::error(Revision::MODERN, Method::TasksGet, error);
    count_losses(&losses, Era::Legacy);
    error
}

/// "Invalid or nonexistent `taskId`: -32602 (Invalid params)" (tasks extension, Protocol Errors).
pub(super) fn unknown_task() -> ErrorObject {
    ErrorObject::new(INVALID_PARAMS, "Failed to retrieve task: not found")
}
