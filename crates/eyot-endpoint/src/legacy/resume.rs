//! The rest of a call's stream, for a client that comes back with `Last-Event-ID`.
//!
//! "The server MAY use this header to replay messages that would have been sent after the
//! last event ID, on the stream that was disconnected […] and MUST NOT replay messages that
//! would have been delivered on a different stream" (2025-11-25, basic/transports).

use std::sync::Arc;

use bytes::Bytes;
use eyot_http::{OutgoingBody, event_stream, refused};
use eyot_jsonrpc::Id;
use eyot_service::{Input, unix_ms};
use eyot_session::{EventId, Fence, Page, Position, StoreError, StreamNo, UpstreamName};
use http::{Response, StatusCode};

use super::{Legacy, store_failed};
use crate::active_session::ActiveSession;
use crate::event_body::{BodyParts, EventBody};
use crate::event_stream::EventStream;
use crate::replay::{Replay, trimmed_answer};
use crate::reply_stream::ReplyStream;
use crate::request_context::RequestContext;
use crate::shared_stream::SharedStream;

impl Legacy {
    pub(super) async fn resume(
        &self,
        session: Arc<ActiveSession>,
        last: EventId,
        context: &RequestContext<'_>,
    ) -> Response<OutgoingBody> {
        let handle = session.handle();
        let reading = handle.store().read(handle.id().clone(), last.stream, last.position, 1);
        match reading.await {
            Ok(_) => {}
            Err(StoreError::Trimmed { .. }) => return self.gone(&session, last).await,
            Err(StoreError::NotFound) => {
                let message = "Last-Event-ID names a stream that is not known";
                return refused(StatusCode::NOT_FOUND, None, message);
            }
            Err(error) => return store_failed(None, &error),
        }
        let shared = match session.stream(last.stream) {
            Some(shared) => Some(shared),
            None => match self.recover(&session, last, context).await {
                Ok(shared) => shared,
                Err(error) => return store_failed(None, &error),
            },
        };
        event_stream(OutgoingBody::stream(self.rest(session, last, shared)))
    }

    /// Events that the client has not seen were dropped: a replay would have a hole, so the
    /// call ends with an error that says so.
    async fn gone(&self, session: &ActiveSession, last: EventId) -> Response<OutgoingBody> {
        match end_of(session, last.stream).await {
            Ok(page) => {
                let answer = trimmed_answer(request_id(&page)).into_bytes();
                event_stream(OutgoingBody::from(answer))
            }
            Err(error) => store_failed(None, &error),
        }
    }

    /// What was stored behind `last`, then what comes.
    fn rest(
        &self,
        session: Arc<ActiveSession>,
        last: EventId,
        shared: Option<Arc<SharedStream>>,
    ) -> EventBody {
        let attached = shared.as_ref().map(|it| it.attach());
        let until = attached.and_then(|(_, shown)| shown);
        let replay = Replay::new(session.handle(), last.stream, last.position, until);
        let parts = BodyParts {
            session,
            stream: last.stream,
            shared,
            reader: attached.map(|(reader, _)| reader),
            replay: Some(replay),
            detached: Arc::clone(&self.detached),
            keep_alive: self.limits.http.keep_alive_interval,
        };
        EventBody::new(parts, None)
    }

    /// A stream that an earlier process did not finish goes on here; `None` when it is
    /// finished.
    async fn recover(
        &self,
        session: &Arc<ActiveSession>,
        last: EventId,
        context: &RequestContext<'_>,
    ) -> Result<Option<Arc<SharedStream>>, StoreError> {
        let page = end_of(session, last.stream).await?;
        if page.is_end {
            return Ok(None);
        }
        Ok(Some(self.adopt(session, &page, context)))
    }

    fn adopt(
        &self,
        session: &Arc<ActiveSession>,
        page: &Page,
        context: &RequestContext<'_>,
    ) -> Arc<SharedStream> {
        let stream = page.stream.no;
        let Some(request_id) = request_id(page) else {
            // A batch: whose answers are missing is not known. The stream ends here.
            let events =
                EventStream::call(session.handle(), stream, ReplyStream::over(), Vec::new(), None);
            return session.add_call(stream, events);
        };
        let cursor = page.last_upstream_cursors.get(&UpstreamName::DEFAULT).cloned();
        let input = Input::Resume { request_id: request_id.clone(), cursor };
        let reply =
            ReplyStream::of(context.found.service(), session.call(input, context.peer.clone()));
        // The id may be in use again by now; then that request keeps it.
        let is_free = session.machine().handle_request(&request_id, unix_ms()).is_ok();
        let in_flight = is_free.then(|| session.in_flight(request_id.clone()));
        let in_flight = in_flight.into_iter().collect();
        let events =
            EventStream::call(session.handle(), stream, reply, in_flight, Some(request_id));
        session.add_call(stream, events)
    }
}

/// What the store knows of the stream itself.
async fn end_of(session: &ActiveSession, stream: StreamNo) -> Result<Page, StoreError> {
    /// Behind every event.
    const END: Position = Position { fence: Fence(u64::MAX), seq: u64::MAX };
    let handle = session.handle();
    handle.store().read(handle.id().clone(), stream, END, 1).await
}

/// The upstream's event id up to which an earlier process has taken the messages that belong to no
/// call.
pub(super) async fn earlier_cursor(session: &ActiveSession) -> Option<Bytes> {
    if session.handle().fence() == Fence(1) {
        // There was no earlier process.
        return None;
    }
    match end_of(session, StreamNo::STANDALONE).await {
        Ok(page) => page.last_upstream_cursors.get(&UpstreamName::DEFAULT).cloned(),
        Err(StoreError::NotFound) => None,
        Err(error) => {
            tracing::warn!(%error, "the upstream's stream goes on from now, and not from where it was");
            None
        }
    }
}

fn request_id(page: &Page) -> Option<Id> {
    let text = std::str::from_utf8(page.stream.request_id.as_deref()?).ok()?;
    Id::parse(text)
}
