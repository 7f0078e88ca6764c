//! Opens HTTP with SSE, the transport of 2024-11-05, at a URL.

use std::sync::Arc;

use eyot_http::{CookieJar, PostError, Posting, SseError, SseIo, SseStream, UpstreamBody};
use eyot_jsonrpc::Message;
use eyot_service::{Fault, FaultKind, IoEnd, Limits};
use eyot_types::codes::{self, Outcome};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};

use crate::http_link::{Ask, HttpLink, Place};
use crate::http_response::{
    Answer, BareStatus, discard, is_event_stream, post_headers, read_answer, refusal,
};

/// Why there is no such session.
pub(crate) enum NoSse {
    /// The URL does not speak this transport, as far as one can see.
    Absent(Fault),
    /// It does, or one cannot know, and this is wrong.
    Failed(Fault),
}

impl NoSse {
    pub(crate) fn into_fault(self) -> Fault {
        match self {
            Self::Absent(fault) | Self::Failed(fault) => fault,
        }
    }
}

/// A session's endpoint, and what goes along with each message to it.
struct Endpoint {
    link: HttpLink,
    uri: Uri,
    cookies: CookieJar,
    limits: Arc<Limits>,
}

/// Opens the event stream of a session, and learns where its messages go.
pub(crate) async fn open(link: &HttpLink, limits: &Arc<Limits>) -> Result<SseIo, NoSse> {
    let cookies = CookieJar::default();
    let headers = || {
        let accept = HeaderValue::from_static("text/event-stream");
        Ok(HeaderMap::from_iter([(ACCEPT, accept)]))
    };
    let asking =
        Ask { method: Method::GET, headers: &headers, message: None, cookies: Some(&cookies) };
    let patience = limits.upstream.connect_timeout;
    let asked = tokio::time::timeout(patience, link.send(asking)).await;
    let asked = asked.unwrap_or_else(|_elapsed| {
        Err(not_opened(&format!("upstream did not answer a GET in {patience:?}"), true))
    });
    let response = asked.map_err(NoSse::Failed)?;
    let bare = BareStatus::of(response.status(), response.headers());
    if !response.status().is_success() || !is_event_stream(response.headers()) {
        discard(response.into_body()).await;
        return Err(match bare.status.is_server_error() {
            true => NoSse::Failed(bare.fault()),
            false => NoSse::Absent(bare.fault()),
        });
    }
    let place = response.extensions().get::<Place>().map(|it| it.0.clone());
    let opened = SseStream::open(response.into_body(), limits).await;
    let (stream, url) = opened.map_err(|error| match error {
        SseError::OtherEvent => NoSse::Absent(not_opened(&format!("upstream {error}"), false)),
        SseError::NoUrl => NoSse::Failed(not_opened(&format!("upstream {error}"), false)),
        error => NoSse::Failed(not_opened(&format!("upstream {error}"), true)),
    })?;
    // A server that could name any place would get what the requests carry to that place.
    let uri = link.resolve(place.as_ref(), &url).ok_or_else(|| {
        let reason = "upstream named an endpoint of another origin, or one that is no URL";
        NoSse::Failed(not_opened(reason, false))
    })?;
    let endpoint =
        Arc::new(Endpoint { link: link.clone(), uri, cookies, limits: Arc::clone(limits) });
    let post = move |message| -> Posting {
        let endpoint = Arc::clone(&endpoint);
        Box::pin(async move { endpoint.post(&message).await })
    };
    Ok(SseIo::new(stream, post, limits))
}

impl Endpoint {
    async fn post(&self, message: &Message) -> Result<(), PostError> {
        let Self { link, uri, cookies, .. } = self;
        let headers = || Ok(post_headers(HeaderMap::new()));
        let asking = Ask {
            method: Method::POST,
            headers: &headers,
            message: Some(message),
            cookies: Some(cookies),
        };
        let response = link.send_to(asking, Some(uri)).await.map_err(|fault| not_posted(&fault))?;
        match response.status() {
            status if status.is_success() => {
                discard(response.into_body()).await;
                Ok(())
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                discard(response.into_body()).await;
                Err(PostError::Gone(IoEnd::new("does not know the session any more")))
            }
            _ => Err(PostError::Refused(self.refused(response).await.error)),
        }
    }

    /// The fault for a message that the server has not taken.
    async fn refused(&self, response: Response<UpstreamBody>) -> Fault {
        let bare = BareStatus::of(response.status(), response.headers());
        let patience = self.limits.upstream.connect_timeout;
        let answer = tokio::time::timeout(patience, read_answer(response, &self.limits)).await;
        let said = match answer {
            Ok(Ok(Answer::Messages(status, messages))) => refusal(status, &messages),
            _ => None,
        };
        said.and_then(|it| it.error_object()).map_or_else(|| bare.fault(), Fault::upstream)
    }
}

/// What a POST without an answer means: a server that cannot be reached has no session any more.
fn not_posted(fault: &Fault) -> PostError {
    let is_sent = Outcome::of(&fault.error) != Some(Outcome::NotSent);
    if is_sent || fault.challenge.is_some() || fault.kind != FaultKind::Upstream {
        return PostError::Refused(fault.error.clone());
    }
    let end = IoEnd::new("cannot be reached any more");
    PostError::Gone(end.with_operator_text(fault.operator_text.clone()))
}

fn not_opened(reason: &str, is_retryable: bool) -> Fault {
    Fault::upstream(codes::upstream_lost(reason, Outcome::NotSent, is_retryable))
}
