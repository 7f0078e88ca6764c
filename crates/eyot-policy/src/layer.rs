//! The policy as a tower layer.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use eyot_http::AllowedPage;
use http::{HeaderValue, Request, Response, request};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::address::Origin;
use crate::body::{Held, PolicyBody};
use crate::compiled::{CompiledPolicy, Passed, Verdict};
use crate::cors::is_preflight;
use crate::live::LivePolicy;
use crate::ticket::{Ticket, note};

/// Puts a policy before services `S`. It decides about each request before anything reads its body.
pub struct PolicyLayer<S> {
    policy: Option<LivePolicy>,
    origin: fn(&S) -> Option<Origin>,
}

impl<S> PolicyLayer<S> {
    /// The policy that holds when a request comes; without one, requests pass as they are.
    ///
    /// Where a request comes from is the [`Origin`] in its extensions; without one, it has no address.
    #[must_use]
    pub fn new(policy: Option<LivePolicy>) -> Self {
        Self { policy, origin: |_| None }
    }

    /// As [`new`](Self::new), for services that belong to one connection and know where it comes from.
    #[must_use]
    pub fn of_connections(policy: Option<LivePolicy>, origin: fn(&S) -> Option<Origin>) -> Self {
        Self { policy, origin }
    }
}

impl CompiledPolicy {
    /// A layer of this policy, which is never replaced.
    #[must_use]
    pub fn layer<S>(self) -> PolicyLayer<S> {
        LivePolicy::new(self).layer()
    }
}

impl LivePolicy {
    /// A layer of the policy that holds when a request comes.
    #[must_use]
    pub fn layer<S>(&self) -> PolicyLayer<S> {
        PolicyLayer::new(Some(self.clone()))
    }
}

impl<S> Clone for PolicyLayer<S> {
    fn clone(&self) -> Self {
        Self { policy: self.policy.clone(), origin: self.origin }
    }
}

impl<S> fmt::Debug for PolicyLayer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyLayer").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for PolicyLayer<S> {
    type Service = PolicyService<S>;

    fn layer(&self, inner: S) -> PolicyService<S> {
        let origin = (self.origin)(&inner);
        PolicyService { inner, policy: self.policy.clone(), origin }
    }
}

/// A service behind a policy.
#[derive(Clone, Debug)]
pub struct PolicyService<S> {
    inner: S,
    policy: Option<LivePolicy>,
    /// `None`: each request says it.
    origin: Option<Origin>,
}

impl<S> PolicyService<S> {
    fn origin(&self, request: &request::Parts) -> Origin {
        let told = || request.extensions.get::<Origin>().copied();
        self.origin.or_else(told).unwrap_or_default()
    }
}

impl<S, A, B> Service<Request<A>> for PolicyService<S>
where
    S: Service<Request<A>, Response = Response<B>, Future: Send + 'static, Error: Send + 'static>,
    B: Send + 'static,
{
    type Response = Response<PolicyBody<B>>;
    type Error = S::Error;
    type Future = PolicyFuture<S::Future, Self::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let Some(policy) = self.policy.as_ref().map(LivePolicy::current) else {
            return PolicyFuture::plain(self.inner.call(request));
        };
        let (mut parts, body) = request.into_parts();
        let origin = self.origin(&parts);
        let page = page_of(&policy, &parts);
        let passed = match policy.decide(&parts, origin, Instant::now()) {
            Verdict::Passed(passed) => passed,
            Verdict::Refused(refusal) => {
                note(&refusal);
                let response = refusal.response().map(PolicyBody::own);
                // Whether the client of a proxy speaks TLS may not be known yet.
                let is_tls = origin.is_tls;
                return PolicyFuture::boxed(async move {
                    Ok(finish(&policy, page, (is_tls, response)).await)
                });
            }
        };
        let is_tls = passed.client.is_tls;
        if let (Some(cors), true) = (policy.cors.as_ref(), is_preflight(&parts)) {
            let cors = cors.clone();
            return PolicyFuture::boxed(async move {
                let response = cors.answer(&parts).await.map(PolicyBody::own);
                Ok(finish(&policy, None, (is_tls, response)).await)
            });
        }
        if page.is_some() {
            // The list of this policy stands in the place of the endpoint's own.
            parts.extensions.insert(AllowedPage);
        }
        let held = hold(&policy, passed, &mut parts);
        let answering = self.inner.call(Request::from_parts(parts, body));
        PolicyFuture::boxed(async move {
            let response = answering.await?.map(|body| PolicyBody::inner(body, held));
            Ok(finish(&policy, page, (is_tls, response)).await)
        })
    }
}

/// The origin of the page that sends the request and may; a question before it is none.
fn page_of(policy: &CompiledPolicy, request: &request::Parts) -> Option<HeaderValue> {
    let cors = policy.cors.as_ref().filter(|_| !is_preflight(request))?;
    cors.allowed(&request.headers).cloned()
}

/// What the request holds until the last byte of its response. If its client is not known yet, it takes a
/// ticket along.
fn hold(policy: &Arc<CompiledPolicy>, passed: Passed, request: &mut request::Parts) -> Held {
    let Passed { permits, facts, .. } = passed;
    if policy.needs_names() {
        let ticket = Ticket::new(Arc::clone(policy), facts, permits);
        request.extensions.insert(ticket.clone());
        return Held::Ticket(ticket);
    }
    if permits.is_empty() { Held::Nothing } else { Held::Permits(permits) }
}

/// Adds what browsers are told.
async fn finish<B>(
    policy: &CompiledPolicy,
    page: Option<HeaderValue>,
    (is_tls, mut response): (bool, Response<B>),
) -> Response<B> {
    if let Some((cors, origin)) = policy.cors.as_ref().zip(page) {
        cors.tell(origin, response.headers_mut()).await;
    }
    if !response.status().is_informational() {
        policy.response_headers.add(response.headers_mut(), is_tls);
    }
    response
}

pin_project! {
    /// The future of a response behind a policy.
    pub struct PolicyFuture<F, R, E> {
        #[pin]
        kind: Kind<F, R, E>,
    }
}

pin_project! {
    #[project = KindProjected]
    enum Kind<F, R, E> {
        /// There is no policy.
        Plain { #[pin] answering: F },
        Policed { answering: Boxed<R, E> },
    }
}

type Boxed<R, E> = Pin<Box<dyn Future<Output = Result<R, E>> + Send>>;

impl<F, R, E> PolicyFuture<F, R, E> {
    fn plain(answering: F) -> Self {
        Self { kind: Kind::Plain { answering } }
    }

    fn boxed(answering: impl Future<Output = Result<R, E>> + Send + 'static) -> Self {
        Self { kind: Kind::Policed { answering: Box::pin(answering) } }
    }
}

impl<F, R, E> fmt::Debug for PolicyFuture<F, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyFuture").finish_non_exhaustive()
    }
}

impl<F, B, E> Future for PolicyFuture<F, Response<PolicyBody<B>>, E>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<PolicyBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjected::Plain { answering } => answering
                .poll(cx)
                .map_ok(|it| it.map(|body| PolicyBody::inner(body, Held::Nothing))),
            KindProjected::Policed { answering } => answering.as_mut().poll(cx),
        }
    }
}

#[cfg(test)]
mod tests;
