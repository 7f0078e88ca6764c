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
    modern: ModernSide,
}

impl Relay {
    /// A relay to `target`. Nothing is started or connected before the first call.
    #[must_use]
    pub fn new(target: Target, runtime: Runtime) -> Self {
        let fingerprint = target.fingerprint();
        let upstream = Arc::new(Upstream { target, runtime, fingerprint });
        let modern = ModernSide::new(Arc::clone(&upstream));
        Self(Arc::new(Inner { upstream, modern }))
    }

    async fn answer(self, call: Call) -> Result<Reply, Fault> {
        let era = call.peer.era;
        let answered = match era {
            Era::Legacy => self.answer_legacy(call).await,
            Era::Modern => self.answer_modern(call).await,
        };
        let outcome = if answered.is_ok() { "answered" } else { "failed" };
        eyot_metrics::calls(era.as_str(), outcome);
        answered
    }

    async fn answer_legacy(&self, call: Call) -> Result<Reply, Fault> {
        let context = call.session.and_then(|it| it.downcast::<SessionContext>().ok());
        let context = context.ok_or_else(|| Fault::internal("call has no session"))?;
        match call.input {
            Input::Message(message) if is_initialize(&message) => {
                // What is large and rare is boxed: this future is made for every call.
                Box::pin(self.initialize(&context, message)).await
            }
            Input::Message(message) if message.kind() == Kind::Request => {
                self.dual(&context).request(&context, message).await
            }
            Input::Message(message) => {
                Box::pin(self.dual(&context).send(&context, message)).await.map(|()| Reply::None)
            }
            Input::Listen { cursor } => {
                Ok(Reply::Stream(Box::pin(self.dual(&context).listen(context, cursor)).await))
            }
            Input::Resume { request_id, cursor } => {
                Box::pin(self.dual(&context).resume(&context, request_id, cursor)).await
            }
            Input::Close => {
                self.dual(&context).close().await;
                Ok(Reply::None)
            }
            _ => Err(Fault::internal("this input is not known here")),
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
            context.edit(|state| state.upstream = Some(upstream));
            let dual = Dual::opened(Arc::clone(&self.0.upstream), opened.connection);
            context.attach(Arc::new(dual));
        }
        Ok(Reply::One(opened.answer))
    }

    /// The session's dual; a session of an earlier process gets one that is not open yet.
    fn dual(&self, context: &SessionContext) -> Arc<Dual> {
        context.attachment_or_else(|| Arc::new(Dual::stored(Arc::clone(&self.0.upstream))))
    }

    async fn answer_modern(&self, call: Call) -> Result<Reply, Fault> {
        let headers = call.extensions.get::<HeaderMap>();
        let forwarded = headers.map(ForwardedHeaders::pick).unwrap_or_default();
        match call.input {
            Input::Message(message) => self.0.modern.answer(message, &forwarded).await,
            _ => Err(Fault::internal("modern clients have no sessions")),
        }
    }
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
        Box::pin(self.clone().answer(call))
    }
}
