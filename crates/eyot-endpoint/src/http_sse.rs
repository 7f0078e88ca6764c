//! HTTP with SSE, the transport of 2024-11-05: one stream of events down, and a POST for each
//! message up.
//!
//! "The server MUST provide two endpoints: an SSE endpoint, for clients to establish a connection
//! and receive messages from the server; a regular HTTP POST endpoint for clients to send messages"
//! (2024-11-05, basic/transports, HTTP with SSE). A stream is a [`Pipe`] whose future lives in the
//! body of the response: no task is spawned for it while its client is there. Its session ends with
//! the stream, and nothing of it is stored.

mod body;
mod channel;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use eyot_frame::{EventHead, encode_event, without_byte_order_mark};
use eyot_http::{
    OutgoingBody, RequestBody, RequestHead, accepted, event_stream, fault, read_body, refused,
};
use eyot_service::{BoxService, Fault, Limits, Peer, Shutdown, Transport, limit_reached};
use eyot_stdx::random_token;
use eyot_types::Era;
use http::{Response, StatusCode};
use parking_lot::Mutex;

use self::body::SseBody;
use self::channel::{Inbox, SseIo};
use crate::detached_calls::DetachedCalls;
use crate::pipe::Pipe;
use crate::refusals::body_failed;

/// Where the stream is opened.
pub(crate) const STREAM_PATH: &str = "/sse";
/// Where messages are sent; the query names the session.
pub(crate) const MESSAGES_PATH: &str = "/messages";

type Answer = Response<OutgoingBody>;

/// The open streams of one endpoint.
#[derive(Debug)]
pub(crate) struct HttpSse {
    pub(crate) service: BoxService,
    pub(crate) detached: Arc<DetachedCalls>,
    pub(crate) shutdown: Shutdown,
    pub(crate) limits: Arc<Limits>,
    /// By session id. As many as there are connections at most: each stream holds one.
    channels: Mutex<HashMap<Box<str>, Channel>>,
}

/// The way up to one stream.
#[derive(Debug)]
struct Channel {
    principal: Option<Arc<str>>,
    inbox: Arc<Inbox>,
}

impl HttpSse {
    pub(crate) fn new(
        service: BoxService,
        detached: Arc<DetachedCalls>,
        (shutdown, limits): (Shutdown, Arc<Limits>),
    ) -> Self {
        Self { service, detached, shutdown, limits, channels: Mutex::default() }
    }

    /// Opens a stream, and with it a session. "When a client connects, the server MUST send an
    /// `endpoint` event containing a URI for the client to use for sending messages" (2024-11-05,
    /// basic/transports, HTTP with SSE).
    pub(crate) fn open(self: &Arc<Self>, peer: &Peer) -> Answer {
        let id: Box<str> = random_token(ID_BYTES).into();
        let inbox = Arc::new(Inbox::new(&self.limits));
        let principal = peer.principal_name().cloned();
        let channel = Channel { principal, inbox: Arc::clone(&inbox) };
        self.channels.lock().insert(id.clone(), channel);

        let head = EventHead { event: Some("endpoint"), ..EventHead::default() };
        let place = format!("{MESSAGES_PATH}/?{SESSION_ID}={id}");
        let first = encode_event(&head, std::iter::once(place.into()), true);
        let io = SseIo::new(inbox, &self.limits);
        let out = io.outbox();
        // Messages here have no headers that repeat them.
        let peer = Peer { transport: Transport::Pipe, ..peer.clone() };
        let limits = Arc::clone(&self.limits);
        let pipe = Pipe::new(io, self.service.clone(), limits, &self.shutdown).of_peer(peer);
        let opened = OpenChannel { streams: Arc::clone(self), id };
        let body = SseBody::new(pipe.run(), opened, out, first);
        event_stream(OutgoingBody::stream(body))
    }

    /// Takes a message for the stream that the query names: 202 once it waits for its turn there.
    /// What is wrong with it is said on the stream, where all answers are.
    pub(crate) async fn post(
        &self,
        query: Option<&str>,
        head: &RequestHead<'_>,
        body: RequestBody,
        peer: &Peer,
    ) -> Answer {
        if let Err(refusal) = head.check_json_body() {
            return refused(refusal.status(), None, &refusal.to_string());
        }
        let Some(inbox) = self.inbox(query, peer) else {
            return refused(StatusCode::NOT_FOUND, None, "session not found");
        };
        let bytes = match read_body(body, &self.limits).await {
            Ok(bytes) => without_byte_order_mark(bytes),
            Err(failure) => return body_failed(failure),
        };
        match inbox.push(bytes) {
            Ok(()) => accepted(),
            Err(_full) => {
                let full = limit_reached("waiting messages");
                fault(None, &Fault::overloaded(full, FULL_RETRY), Era::Legacy)
            }
        }
    }

    /// The stream that a query names, for the principal that has opened it: to another principal it
    /// is unknown.
    fn inbox(&self, query: Option<&str>, peer: &Peer) -> Option<Arc<Inbox>> {
        let pairs = query?.split('&').filter_map(|it| it.split_once('='));
        let id = pairs.into_iter().find(|(name, _)| *name == SESSION_ID)?.1;
        let channels = self.channels.lock();
        let channel =
            channels.get(id).filter(|it| it.principal.as_ref() == peer.principal_name())?;
        Some(Arc::clone(&channel.inbox))
    }
}

/// A stream that can be found by its id while this lives.
#[derive(Debug)]
struct OpenChannel {
    streams: Arc<HttpSse>,
    id: Box<str>,
}

impl OpenChannel {
    /// Lets a pipe whose client has gone end in order: its upstream is told.
    fn let_end(&self, running: impl Future<Output = ()> + Send + 'static) {
        self.streams.detached.spawn(running);
    }

    fn keep_alive(&self) -> Duration {
        self.streams.limits.http.keep_alive_interval
    }
}

impl Drop for OpenChannel {
    fn drop(&mut self) {
        let closed = self.streams.channels.lock().remove(&self.id);
        if let Some(channel) = closed {
            channel.inbox.close();
        }
    }
}

/// The name of the parameter that names a session.
const SESSION_ID: &str = "sessionId";
/// Random bytes of a session id: as many as those of Streamable HTTP have.
const ID_BYTES: usize = 16;
/// When the pipe may have taken a message.
const FULL_RETRY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
