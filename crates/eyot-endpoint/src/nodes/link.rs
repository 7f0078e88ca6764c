//! The way to another process: requests go there as they came.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use eyot_http::{Draft, HttpClient, HttpError, OutgoingBody, UpstreamBody, refused};
use eyot_session::{NodeId, NodeLease, Store};
use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, RETRY_AFTER, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode, request};
use http_body::{Body, Frame};

/// The way to another process.
#[derive(Debug)]
pub(crate) struct Link {
    client: HttpClient,
    node: NodeId,
    store: Arc<dyn Store>,
}

/// Says that a request has come by another process already: it goes no further.
pub(crate) const PASSED_ON: HeaderName = HeaderName::from_static("eyot-passed-on");

/// What concerns one connection and not the next (RFC 9110, 7.6.1).
const OF_ONE_CONNECTION: [HeaderName; 7] = [
    CONNECTION,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    TE,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

impl Link {
    pub(crate) fn new(client: HttpClient, node: NodeId, store: Arc<dyn Store>) -> Self {
        Self { client, node, store }
    }

    /// Passes a request on, and gives the answer as it comes.
    pub(crate) async fn pass_on(
        &self,
        parts: &request::Parts,
        body: Bytes,
    ) -> Response<OutgoingBody> {
        if parts.headers.contains_key(PASSED_ON) {
            return later("the session moves between servers");
        }
        let mut headers = parts.headers.clone();
        leave_out(&mut headers);
        headers.remove(ACCEPT_ENCODING);
        headers.insert(PASSED_ON, HeaderValue::from_static("1"));
        let draft = Draft {
            method: parts.method.clone(),
            headers,
            bytes: Some(body).filter(|it| !it.is_empty()),
            target: Some(&parts.uri),
            ..Draft::default()
        };
        let answered = tokio::select! {
            biased;
            answered = self.client.send(draft) => answered,
            // It serves nothing any more, whatever it has read.
            () = self.ended() => return later("the server of the session has ended"),
        };
        match answered {
            Ok(response) => answer(response).await,
            Err(error) => {
                let to = self.client.origin();
                tracing::warn!(to, %error, "the owner of a session is not reached");
                failed(&error)
            }
        }
    }

    /// Ready when the process lives no more.
    async fn ended(&self) {
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            if let Ok(lease) = self.store.lease(self.node.clone()).await
                && !lease.is_some_and(|it| is_alive(&it))
            {
                return;
            }
        }
    }
}

/// Whether a process lives whose lease is not over.
pub(crate) fn is_alive(lease: &NodeLease) -> bool {
    !lease.process.as_deref().is_some_and(eyot_files::has_ended)
}

/// How often it is looked whether a process lives that does not answer.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Streams are passed on as they come. Anything else is passed on whole, so that none of it is lost unseen.
async fn answer(response: Response<UpstreamBody>) -> Response<OutgoingBody> {
    let (mut parts, mut body) = response.into_parts();
    leave_out(&mut parts.headers);
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/event-stream") {
        return Response::from_parts(parts, OutgoingBody::stream(Passing(body)));
    }
    let mut whole = BytesMut::new();
    loop {
        match body.data().await {
            Ok(Some(data)) => whole.extend_from_slice(&data),
            Ok(None) => return Response::from_parts(parts, whole.freeze().into()),
            Err(error) => return failed(&error),
        }
    }
}

fn leave_out(headers: &mut HeaderMap) {
    for name in &OF_ONE_CONNECTION {
        headers.remove(name);
    }
}

fn failed(error: &HttpError) -> Response<OutgoingBody> {
    match error.may_have_been_read() {
        // It must not be sent a second time by itself.
        true => refused(StatusCode::BAD_GATEWAY, None, "the server of the session has failed"),
        false => later("the server of the session is not reached"),
    }
}

fn later(message: &str) -> Response<OutgoingBody> {
    let mut answer = refused(StatusCode::SERVICE_UNAVAILABLE, None, message);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

/// A stream of events on its way. One that breaks off ends: its client comes back for the rest.
struct Passing(UpstreamBody);

impl Body for Passing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_data(cx).map(|it| it.ok().flatten().map(|data| Ok(Frame::data(data))))
    }
}
