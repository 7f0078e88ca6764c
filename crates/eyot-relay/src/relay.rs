//! The service that answers with what an upstream says.

use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_client::{ForwardedHeaders, LegacyConnection, Runtime, Target};
use eyot_jsonrpc::{Kind, Message};
use eyot_server::SessionContext;
use eyot_session::UpstreamRef;
use eyot_transport::{Call, Fault, Input, Reply, ReplyFuture};
use eyot_types::{Era, Method};
use http::HeaderMap;
use tower_service::Service;

use crate::dual::{Dual, Upstream};
use crate::era;
use crate::modern::ModernSide;

/// Answers calls with what one upstream says. Cheap to clone; clones share everything.
#[derive(Clone, Debug)]
pub struct Relay(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    upstream: Arc<Upstream>,
    modern: Arc<ModernSide>,
}

impl Relay {
    /// A relay to `target`. Nothing is started or connected before the first call.
    #[must_use]
    pub fn new(target: Target, runtime: Runtime) -> Self {
        let fingerprint = target.fingerprint();
        let upstream = Arc::new(Upstream { target, runtime, fingerprint });
        let modern = Arc::new(ModernSide::new(Arc::clone(&upstream)));
        Self(Arc::new(Inner { upstream, modern }))
    }

    /// The future of the answer. What it needs is looked up here, so that the future of an
    /// ordinary request holds nothing but the request: it is made for every call.
    fn answer(&self, call: Call) -> ReplyFuture {
        match call.peer.era {
            Era::Legacy => self.answer_legacy(call),
            Era::Modern => self.answer_modern(call),
        }
    }

    fn answer_legacy(&self, call: Call) -> ReplyFuture {
        let context = call.session.and_then(|it| it.downcast::<SessionContext>().ok());
        let Some(context) = context else { return failed("call has no session") };
        match call.input {
            Input::Message(message) if is_initialize(&message) => {
                let relay = self.clone();
                Box::pin(async move { relay.initialize(&context, message).await })
            }
            Input::Message(message) if message.kind() == Kind::Request => {
                Box::pin(self.dual(&context).request(context, message))
            }
            Input::Message(message) => {
                let dual = self.dual(&context);
                Box::pin(async move { dual.send(&context, message).await.map(|()| Reply::None) })
            }
            Input::Listen { cursor } => {
                let dual = self.dual(&context);
                Box::pin(async move { Ok(Reply::Stream(dual.listen(context, cursor).await)) })
            }
            Input::Resume { request_id, cursor } => {
                let dual = self.dual(&context);
                Box::pin(async move { dual.resume(&context, request_id, cursor).await })
            }
            Input::Close => {
                let dual = self.dual(&context);
                Box::pin(async move {
                    dual.close().await;
                    Ok(Reply::None)
                })
            }
            _ => failed("this input is not known here"),
        }
    }

    fn answer_modern(&self, call: Call) -> ReplyFuture {
        let headers = call.extensions.get::<HeaderMap>();
        let forwarded = headers.map(ForwardedHeaders::pick).unwrap_or_default();
        match call.input {
            Input::Message(message) => {
                Box::pin(Arc::clone(&self.0.modern).answer(message, forwarded))
            }
            _ => failed("modern clients have no sessions"),
        }
    }

    /// Opens the upstream session with the client's own words.
    async fn initialize(&self, context: &SessionContext, request: Message) -> Result<Reply, Fault> {
        let Upstream { target, runtime, fingerprint } = &*self.0.upstream;
        let revision = era::requested_revision(&request);
        let opened = LegacyConnection::open(target, request, runtime).await;
        let opened = era::explain_legacy(opened, target, runtime, &revision).await?;
        if opened.answer.result().is_some() {
            eyot_metrics::upstreams_opened("client");
            let upstream = UpstreamRef {
                target: Some(fingerprint.clone()),
                session_id: opened.connection.session_id().map(str::to_owned),
                revision: era::agreed_revision(&opened.answer),
                generation: 1,
            };
            context.edit(|state| state.upstream = Some(Box::new(upstream)));
            let dual = Dual::opened(Arc::clone(&self.0.upstream), opened.connection);
            context.attach(Arc::new(dual));
        }
        Ok(Reply::One(opened.answer))
    }

    /// The session's dual; a session of an earlier process gets one that is not open yet.
    fn dual(&self, context: &SessionContext) -> Arc<Dual> {
        context.attachment_or_else(|| Arc::new(Dual::stored(Arc::clone(&self.0.upstream))))
    }
}

fn failed(message: &str) -> ReplyFuture {
    Box::pin(std::future::ready(Err(Fault::internal(message))))
}

fn is_initialize(message: &Message) -> bool {
    let method = message.method().unwrap_or_default();
    message.kind() == Kind::Request && Method::parse(&method) == Method::Initialize
}

impl Service<Call> for Relay {
    type Response = Reply;
    type Error = Fault;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> ReplyFuture {
        self.answer(call)
    }
}
