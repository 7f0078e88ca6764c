//! Requests to an HTTP upstream of 2026-07-28: no session, one exchange per request.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use eyot_http::UpstreamBody;
use eyot_jsonrpc::{
    Id, Incoming, Message, MessageKind, Notification, Request, Response, UpstreamId,
};
use eyot_service::{Fault, Limits, Messages, Reply, ReplyItem};
use eyot_types::{Method as McpMethod, Revision, headers, meta};
use futures_core::Stream;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::event_stream::EventMessages;
use crate::http_link::{Ask, HttpLink};
use crate::http_response::{Answer, BareStatus, discard, invalid, read_answer, refusal};
use crate::subscription::{answer_for_caller, subscription_id};
use crate::unreadable::{Unreadable, ended_unanswered};
use crate::upstream_ids::UpstreamIds;

/// An upstream of the modern era. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct HttpModern {
    link: HttpLink,
    ids: Arc<UpstreamIds>,
    limits: Arc<Limits>,
}

impl HttpModern {
    pub(crate) fn new(link: HttpLink, limits: &Arc<Limits>) -> Self {
        Self { link, ids: Arc::default(), limits: Arc::clone(limits) }
    }

    /// Sends a request. Dropping the reply closes its connection: "closing the SSE response
    /// stream MUST be treated by the server as cancellation" (2026-07-28, streamable-http).
    pub(crate) async fn request(
        &self,
        request: Request,
        forwarded: Option<&HeaderMap>,
    ) -> Result<Reply, Fault> {
        let (exchange, answer) = self.exchange(request, forwarded).await?;
        match answer {
            Answer::Messages(status, messages) => {
                let answer = exchange.find(status, messages);
                answer.map(Reply::One).ok_or_else(|| invalid("upstream answered another request"))
            }
            Answer::Events(events) => Ok(exchange.follow(events)),
            Answer::Status(bare) => Err(bare.fault()),
        }
    }

    /// Asks with a request that gets one answer, and tells the status that came with it.
    pub(crate) async fn ask(&self, request: Request) -> Result<(StatusCode, Response), Fault> {
        let (exchange, answer) = self.exchange(request, None).await?;
        match answer {
            Answer::Messages(status, messages) => {
                let answer = exchange.find(status, messages);
                let missing = || invalid("upstream did not answer the request");
                answer.map(|it| (status, it)).ok_or_else(missing)
            }
            Answer::Events(events) => {
                let answer = exchange.follow(events).answer(drop).await?;
                Ok((StatusCode::OK, answer))
            }
            Answer::Status(bare) => Err(bare.fault()),
        }
    }

    async fn exchange(
        &self,
        request: Request,
        forwarded: Option<&HeaderMap>,
    ) -> Result<(Exchange, Answer), Fault> {
        let ours = self.ids.next();
        let is_subscription = request.is_method(McpMethod::SubscriptionsListen.as_str());
        let exchange = Exchange { ours, id: request.id(), is_subscription };
        let request = request.with_upstream_id(ours);
        let response = self.post(&request, forwarded).await?;
        Ok((exchange, read_answer(response, &self.limits).await?))
    }

    /// Sends a notification.
    pub(crate) async fn send(
        &self,
        message: Message,
        forwarded: Option<&HeaderMap>,
    ) -> Result<(), Fault> {
        let sending = async {
            let response = self.post(&message, forwarded).await?;
            let bare = BareStatus::of(response.status(), response.headers());
            discard(response.into_body()).await;
            if bare.status.is_success() { Ok(()) } else { Err(bare.fault()) }
        };
        let timeout = self.limits.calls.timeout;
        let sent = tokio::time::timeout(timeout, sending).await;
        sent.unwrap_or_else(|_elapsed| Err(Fault::timed_out(timeout)))
    }

    /// All clients share what is known of the upstream, so that no cookies are kept: they would be
    /// one client's.
    pub(crate) async fn post(
        &self,
        message: &Message,
        forwarded: Option<&HeaderMap>,
    ) -> Result<http::Response<UpstreamBody>, Fault> {
        let headers = || request_headers(message, forwarded);
        let message = Some(message);
        self.link
            .send(Ask { method: Method::POST, headers: &headers, message, cookies: None })
            .await
    }
}

/// A request's two ids.
struct Exchange {
    ours: UpstreamId,
    /// The caller's.
    id: Id,
    is_subscription: bool,
}

impl Exchange {
    /// The answer in a JSON body.
    fn find(&self, status: StatusCode, messages: Incoming) -> Option<Response> {
        match refusal(status, &messages) {
            Some(error) => Some(error.with_client_id(self.id.clone())),
            None => messages.into_iter().find_map(|it| self.answer(it.into_response().ok()?)),
        }
    }

    /// The answer in a stream, with what comes before it.
    fn follow(self, events: Box<EventMessages>) -> Reply {
        let stream = AnswerStream { exchange: self, events, unreadable: None, is_over: false };
        Reply::Stream(Messages::new(stream))
    }

    fn answer(&self, answer: Response) -> Option<Response> {
        let is_ours = answer.id().is_none() || answer.upstream_id() == Some(self.ours);
        is_ours.then(|| answer_for_caller(answer, &self.id, self.is_subscription))
    }

    /// A notification as the caller knows it: a subscription has the caller's id.
    fn notification(&self, notification: Notification) -> Option<Message> {
        match subscription_id(&notification) {
            None => Some(notification.into_message()),
            Some(id) if UpstreamId::repeated_by(&id) == Some(self.ours) => {
                meta::with_subscription_id(&notification, &self.id)
            }
            Some(_) => None,
        }
    }
}

/// The messages of a streamed answer. Modern streams cannot be resumed.
struct AnswerStream {
    exchange: Exchange,
    events: Box<EventMessages>,
    /// What came in the place of a message, and may have been the answer.
    unreadable: Option<Unreadable>,
    is_over: bool,
}

impl AnswerStream {
    /// What the caller gets of an item; `None`: nothing.
    fn pass(
        &mut self,
        item: Result<ReplyItem, Unreadable>,
        cx: &mut Context<'_>,
    ) -> Option<Result<ReplyItem, Fault>> {
        let message = match item {
            Ok(item) => item.into_message()?,
            Err(text) if text.may_answer(Some(self.exchange.ours)) => {
                self.is_over = true;
                return Some(Err(text.fault()));
            }
            Err(text) => {
                text.drop_unused();
                self.unreadable = Some(text);
                return None;
            }
        };
        let message = match message.into_kind() {
            MessageKind::Notification(notification) => self.exchange.notification(notification),
            MessageKind::Request(_) => None,
            MessageKind::Response(answer) => self.exchange.answer(answer).map(|answer| {
                self.is_over = true;
                self.events.take_end(cx);
                answer.into()
            }),
        };
        if message.is_none() {
            eyot_metrics::messages_dropped("message_unmatched");
        }
        message.map(|it| Ok(it.into()))
    }
}

impl Stream for AnswerStream {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        while let Some(item) = ready!(Pin::new(&mut *self.events).poll_next(cx)) {
            if let Some(item) = self.pass(item, cx) {
                return Poll::Ready(Some(item));
            }
        }
        self.is_over = true;
        Poll::Ready(Some(Err(ended_unanswered(self.unreadable.as_ref()))))
    }
}

/// The standard request headers, made from the body; what the caller mirrored from
/// parameters goes along as it came. A response has no method, and no header for it.
fn request_headers(message: &Message, forwarded: Option<&HeaderMap>) -> Result<HeaderMap, Fault> {
    /// Room for what every request has, so that the map does not grow.
    const HEADERS: usize = 8;
    let mut headers = HeaderMap::with_capacity(HEADERS + forwarded.map_or(0, HeaderMap::len));
    if let Some(forwarded) = forwarded {
        headers.extend(forwarded.clone());
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let both = HeaderValue::from_static("application/json, text/event-stream");
    headers.insert(ACCEPT, both);
    headers.insert(PROTOCOL_VERSION, MODERN);
    let Some(method) = message.method() else { return Ok(headers) };
    put(&mut headers, headers::METHOD, &method)?;
    let source = McpMethod::parse(&method).needs_name_header();
    if let Some(name) = source.and_then(|it| it.value(message)) {
        put(&mut headers, headers::NAME, &name)?;
    }
    Ok(headers)
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<(), Fault> {
    let value = match value {
        // The method of most calls: it needs no memory of its own.
        TOOLS_CALL => Ok(HeaderValue::from_static(TOOLS_CALL)),
        value => HeaderValue::from_str(&headers::encode_header_value(value)),
    };
    let value = value.map_err(|_| invalid("a header of the request cannot be written"))?;
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

const TOOLS_CALL: &str = McpMethod::ToolsCall.as_str();

const PROTOCOL_VERSION: HeaderName = HeaderName::from_static(headers::PROTOCOL_VERSION);
/// The one modern revision: a message of another does not get here.
const MODERN: HeaderValue = HeaderValue::from_static(Revision::MODERN.as_str());
