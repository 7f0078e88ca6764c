//! One call: its client, its rounds so far, and the messages of its handler.

use std::future::poll_fn;
use std::sync::Arc;

use eyot_jsonrpc::{Id, Message, Request};
use eyot_service::{Call, Peer, ReplyItem, SessionHandle};
use eyot_types::{
    ClientCapabilities, Era, Implementation, InitializeParams, LogLevel, Method, ProgressParams,
    RequestMeta, Revision,
};
use http::Extensions;
use parking_lot::Mutex;
use serde_json::Number;

use super::exchange::Exchange;
use super::progress::Progress;
use super::session::{HandlerSession, log_level_of};
use crate::failure::HandlerResult;
use crate::rounds::inputs::Inputs;
use crate::tasks::{TaskEntry, TaskLink};

/// The state of one call, apart from the server that it is made to.
#[derive(Debug)]
pub(crate) struct CallState {
    pub(crate) peer: Peer,
    /// The session of a legacy client.
    pub(crate) session: Option<CallSession>,
    /// What layers in front of the server have left for the handler.
    pub(crate) extensions: Extensions,
    pub(crate) exchange: Exchange,
    /// `None`: the call cannot become a task.
    pub(crate) task: Option<Box<TaskLink>>,
    attempt: Mutex<Attempt>,
}

/// The legacy session that a call belongs to.
#[derive(Debug)]
pub(crate) struct CallSession {
    pub(crate) handle: Arc<SessionHandle>,
    /// What the server remembers of the session.
    pub(crate) memory: Arc<HandlerSession>,
}

/// The client's request; each round of a modern call brings another one.
#[derive(Debug)]
struct Attempt {
    request: Request,
    inputs: Inputs,
    progress: f64,
}

impl CallState {
    /// A new call, with its first request.
    pub(crate) fn new(
        call: Call,
        session: Option<CallSession>,
        request: Request,
        task: Option<Box<TaskLink>>,
    ) -> Self {
        let inputs = Inputs::default();
        let attempt = Attempt { request, inputs, progress: f64::NEG_INFINITY };
        Self {
            peer: call.peer,
            session,
            extensions: call.extensions,
            exchange: Exchange::default(),
            task,
            attempt: Mutex::new(attempt),
        }
    }

    /// The request of this round.
    pub(crate) fn request(&self) -> Request {
        self.attempt.lock().request.clone()
    }

    pub(crate) fn request_id(&self) -> Id {
        self.attempt.lock().request.id()
    }

    /// Begins the next round of a parked call: another request with its own id and token.
    pub(crate) fn begin_round(&self, request: Request) {
        let mut attempt = self.attempt.lock();
        attempt.request = request;
        attempt.progress = f64::NEG_INFINITY;
    }

    /// The inputs of this round.
    pub(crate) fn inputs(&self) -> Inputs {
        self.attempt.lock().inputs.clone()
    }

    pub(crate) fn set_inputs(&self, inputs: Inputs) {
        self.attempt.lock().inputs = inputs;
    }

    pub(crate) fn era(&self) -> Era {
        self.peer.era
    }

    /// The revision that the client speaks.
    pub(crate) fn revision(&self) -> Revision {
        match &self.session {
            Some(session) => session.handle.revision().unwrap_or(Revision::LATEST_LEGACY),
            None if self.era() == Era::Legacy => Revision::LATEST_LEGACY,
            None => Revision::MODERN,
        }
    }

    /// What the client says it can do.
    pub(crate) async fn client_capabilities(&self) -> HandlerResult<ClientCapabilities> {
        if let Some(session) = &self.session {
            return Ok(session.client().await?.capabilities.clone());
        }
        let request = self.request();
        let meta = RequestMeta::of(&request);
        let declared = meta.ok().and_then(|it| it.client_capabilities);
        Ok(declared.and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default())
    }

    /// The name and version that the client gives.
    pub(crate) async fn client_info(&self) -> HandlerResult<Option<Implementation>> {
        if let Some(session) = &self.session {
            return Ok(Some(session.client().await?.client_info.clone()));
        }
        let request = self.request();
        let meta = RequestMeta::of(&request);
        let info = meta.ok().and_then(|it| it.client_info);
        Ok(info.and_then(|it| serde_json::from_str(it).ok()))
    }

    /// Reports progress, if the client has asked for it and this report is higher than the last.
    pub(crate) async fn progress(&self, progress: Progress) {
        let Progress { done, total, message } = progress;
        if let (Some(link), Some(message)) = (&self.task, &message) {
            link.say(message.clone());
        }
        let token = {
            let mut attempt = self.attempt.lock();
            let token = attempt.request.progress_token();
            if token.is_none() || done <= attempt.progress {
                return;
            }
            attempt.progress = done;
            token
        };
        let (Some(token), Some(done)) = (token, Number::from_f64(done)) else { return };
        let mut params = ProgressParams::new(token.detached(), done);
        params.total = total.and_then(Number::from_f64);
        params.message = message;
        self.send(Message::notification(Method::Progress.as_str(), &params)).await;
    }

    /// Whether the client wants log messages of this level.
    pub(crate) fn wants_log(&self, level: &LogLevel) -> bool {
        if self.is_task() {
            return false;
        }
        if let Some(session) = &self.session {
            return *level >= log_level_of(&session.handle);
        }
        // "If this field is absent, the server MUST NOT send any `notifications/message`
        // notifications for this request" (2026-07-28, server/utilities/logging).
        let request = self.request();
        let meta = RequestMeta::of(&request);
        meta.ok().and_then(|it| it.log_level).is_some_and(|least| *level >= least)
    }

    /// Sends a part on the call's own stream, once there is room for it.
    pub(crate) async fn send(&self, part: impl Into<ReplyItem>) {
        // "`notifications/progress` and `notifications/message` notifications […] are not supported
        // on tasks in general" (tasks extension, Task Status Notifications).
        if self.is_task() {
            return;
        }
        let mut part = Some(part.into());
        poll_fn(|cx| self.exchange.poll_send(&mut part, cx)).await;
    }

    /// The task that the call has become.
    pub(crate) fn task(&self) -> Option<&Arc<TaskEntry>> {
        self.task.as_deref()?.task()
    }

    pub(crate) fn is_task(&self) -> bool {
        self.task().is_some()
    }

    /// Shows the questions that are open now to the client of a task.
    pub(crate) fn show_questions(&self) {
        if let Some(task) = self.task() {
            task.sync_inputs();
        }
    }
}

impl CallSession {
    /// The client's `initialize`.
    async fn client(&self) -> HandlerResult<Arc<InitializeParams>> {
        self.memory.client(&self.handle).await
    }
}
