//! Requests of the server that are being answered.

use std::sync::Arc;

use eyot_jsonrpc::{Id, Notification, Request};
use eyot_types::CancelledParams;
use futures_util::future::{AbortHandle, Abortable, BoxFuture};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use crate::session::Session;
use crate::state::Shared;

/// Answers to the server that are being made, all at once.
#[derive(Default)]
pub(crate) struct Answering {
    running: FuturesUnordered<Abortable<BoxFuture<'static, ()>>>,
    /// By the server's ids.
    handles: Vec<(Id, AbortHandle)>,
}

impl Answering {
    /// Whether the server waits for nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// How many answers are being made.
    pub(crate) fn len(&self) -> usize {
        self.running.len()
    }

    /// Begins to answer a request of the server. One that it asks twice is answered once.
    pub(crate) fn begin(&mut self, shared: &Arc<Shared>, session: &Arc<Session>, request: Request) {
        let id = request.id();
        self.handles.retain(|(_, handle)| !handle.is_aborted());
        if self.handles.iter().any(|it| it.0 == id) {
            tracing::debug!(%id, "server asks with an id that is in use");
            return;
        }
        let (shared, session) = (Arc::clone(shared), Arc::clone(session));
        let work = async move {
            let patience = shared.config.limits.calls.question_timeout;
            let answer = shared.config.handlers.respond(&request, patience).await;
            if let Err(fault) = session.send(answer.into_message()).await {
                tracing::warn!(%fault, "server did not take an answer");
            }
        };
        let (handle, registration) = AbortHandle::new_pair();
        self.handles.push((id.detached(), handle));
        self.running.push(Abortable::new(work.boxed(), registration));
    }

    /// The server does not wait for an answer any more: "Stop processing the cancelled request"
    /// (2025-11-25, basic/utilities/cancellation).
    pub(crate) fn cancel(&mut self, notification: &Notification) {
        let Ok(params) = notification.decode_params::<CancelledParams>() else { return };
        self.handles.retain(|(id, handle)| {
            let is_it = *id == params.request_id;
            if is_it {
                handle.abort();
            }
            !is_it
        });
    }

    /// Goes on with the answers; ready whenever one is done. Never ready while there is none.
    pub(crate) async fn next(&mut self) {
        if self.running.is_empty() {
            std::future::pending::<()>().await;
        }
        if self.running.next().await.is_some() && self.running.is_empty() {
            self.handles.clear();
        }
    }
}
