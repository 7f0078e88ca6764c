//! The pages that may use the endpoint from a browser: what they are told is tower-http's.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use eyot_types::headers;
use http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, request};
use http_body_util::Full;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer, ExposeHeaders};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::policy::Cors;
use crate::refusal::{Part, Refusal};

/// The rules, read.
#[derive(Clone, Debug)]
pub(crate) struct CorsCheck {
    pub(crate) origins: Vec<HeaderValue>,
    layer: CorsLayer,
}

impl CorsCheck {
    pub(crate) fn new(origins: Vec<HeaderValue>, expose: Vec<HeaderName>, cors: &Cors) -> Self {
        let exposed = expose.into_iter().chain([
            HeaderName::from_static(headers::SESSION_ID),
            HeaderName::from_static(headers::PROTOCOL_VERSION),
            WWW_AUTHENTICATE,
            RETRY_AFTER,
        ]);
        let layer = CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins.iter().cloned()))
            .allow_methods([Method::GET, Method::POST, Method::DELETE, Method::OPTIONS])
            // `Mcp-Param-*` are any names; a request of no other origin comes so far.
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(ExposeHeaders::list(exposed))
            .allow_credentials(cors.credentials)
            .max_age(cors.max_age);
        Self { origins, layer }
    }

    /// Whether the page that sends the request may.
    ///
    /// # Errors
    /// It may not, or does not say which it is.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Box<Refusal>> {
        if !headers.contains_key(ORIGIN) || self.allowed(headers).is_some() {
            return Ok(());
        }
        let why = "the origin of the page is not allowed";
        Err(Refusal::of(Part::Cors, "cors.origins", StatusCode::FORBIDDEN, why))
    }

    /// The origin of the page that sends the request, if it may.
    pub(crate) fn allowed<'h>(&self, headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let origin = origins.next().filter(|it| self.origins.contains(it));
        origin.filter(|_| origins.next().is_none())
    }

    /// The answer to the question of a browser.
    pub(crate) async fn answer(&self, question: &request::Parts) -> Response<Full<Bytes>> {
        self.told(question.method.clone(), question.headers.clone()).await
    }

    /// Tells a page of this origin what it may read of a response.
    pub(crate) async fn tell(&self, origin: HeaderValue, response: &mut HeaderMap) {
        let asked = HeaderMap::from_iter([(ORIGIN, origin)]);
        let mut told = self.told(Method::GET, asked).await.into_parts().0.headers;
        // A response may vary by more.
        if let Some(vary) = told.remove(VARY) {
            response.append(VARY, vary);
        }
        response.extend(told);
    }

    async fn told(&self, method: Method, headers: HeaderMap) -> Response<Full<Bytes>> {
        let mut about = Request::new(());
        (*about.method_mut(), *about.headers_mut()) = (method, headers);
        let Ok(told) = self.layer.layer(Nothing).call(about).await;
        told
    }
}

/// A browser asks whether it may send a request.
pub(crate) fn is_preflight(request: &request::Parts) -> bool {
    request.method == Method::OPTIONS
        && request.headers.contains_key(ORIGIN)
        && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers nothing, for the headers that the layer adds.
#[derive(Clone, Copy, Debug)]
struct Nothing;

impl Service<Request<()>> for Nothing {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<()>) -> Self::Future {
        ready(Ok(Response::default()))
    }
}
