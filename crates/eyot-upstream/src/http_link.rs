//! An upstream's URL, with what every request to it carries.

pub(crate) mod transport;

use eyot_auth::{Authorization, TokenError, TokenGate, TokenProvider};
use std::sync::Arc;

use eyot_http::{CookieJar, Draft, HttpClient, UpstreamBody};
use eyot_jsonrpc::Message;
use eyot_service::{Challenge, Fault, OperatorText};
use eyot_stdx::Secret;
use eyot_types::codes::{self, Outcome};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};

use self::transport::KnownTransport;
pub use self::transport::Transport;
use crate::http_response::{discard, unanswered, unauthorized};

/// A URL and how requests to it are authorised. Cheap to clone.
///
/// An answer that refuses the authorization is a fault with the [`Challenge`], whether requests
/// carry a token or not.
#[derive(Clone, Debug)]
pub struct HttpLink(Arc<Linked>);

/// Every session has a link: it is one pointer.
#[derive(Clone, Debug)]
struct Linked {
    client: HttpClient,
    transport: Arc<KnownTransport>,
    /// Another query is another upstream.
    is_named_by_query: bool,
    /// `None`: requests carry what the protocol wants and nothing else.
    extra: Option<Extra>,
}

#[derive(Clone, Debug, Default)]
struct Extra {
    headers: HeaderMap,
    gate: Option<Arc<TokenGate>>,
    /// The operator knows that what the requests carry can be read on the way.
    is_warned: bool,
}

impl HttpLink {
    /// Requests as they are.
    #[must_use]
    pub fn bare(client: HttpClient) -> Self {
        let transport = Arc::new(KnownTransport::new(Transport::Auto));
        Self(Arc::new(Linked { client, transport, is_named_by_query: false, extra: None }))
    }

    /// The link with this transport. Without: [`Transport::Auto`].
    #[must_use]
    pub fn with_transport(mut self, transport: Transport) -> Self {
        Arc::make_mut(&mut self.0).transport = Arc::new(KnownTransport::new(transport));
        self
    }

    /// The link whose query tells it from others.
    pub(crate) fn with_query_in_identity(mut self) -> Self {
        Arc::make_mut(&mut self.0).is_named_by_query = true;
        self
    }

    /// What tells it from others.
    pub(crate) fn identity(&self) -> String {
        match self.0.is_named_by_query {
            true => self.0.client.url().expose().clone(),
            false => self.0.client.place(),
        }
    }

    /// What is known of its transport.
    pub(crate) fn transport(&self) -> &KnownTransport {
        &self.0.transport
    }

    /// The request target that a URL names, which may be relative to `base`, if it is on the origin
    /// of the link. `None` as `base` is the link's own URL.
    pub(crate) fn resolve(&self, base: Option<&Uri>, url: &str) -> Option<Uri> {
        self.0.client.resolve(base, url)
    }

    /// The link with one more header in each request. What the protocol itself sends stays.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if is_credential(&name) {
            self.warn_of_readers();
        }
        self.extra_mut().headers.append(name, value);
        self
    }

    /// The link with a token in each request.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Arc<dyn TokenProvider>) -> Self {
        self.warn_of_readers();
        self.extra_mut().gate = Some(Arc::new(TokenGate::new(tokens)));
        self
    }

    /// Tells the operator once that what the requests carry can be read on the way.
    fn warn_of_readers(&mut self) {
        let is_warned = std::mem::replace(&mut self.extra_mut().is_warned, true);
        if !self.0.client.is_private() && !is_warned {
            let host = self.authority();
            tracing::warn!(
                host,
                "credentials go to another machine in clear text: its URL is http"
            );
        }
    }

    fn extra_mut(&mut self) -> &mut Extra {
        Arc::make_mut(&mut self.0).extra.get_or_insert_default()
    }

    /// The host and port that requests go to, or `unix:PATH`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.client.authority()
    }

    /// The client that sends them.
    #[must_use]
    pub fn client(&self) -> &HttpClient {
        &self.0.client
    }

    /// Where requests go. The query may hold a secret.
    #[must_use]
    pub fn url(&self) -> Secret<String> {
        self.0.client.url()
    }

    pub(crate) fn sweep(&self) {
        self.0.client.sweep();
    }

    /// Whether requests carry tokens, of which the next may be taken where this one is refused.
    pub(crate) fn has_tokens(&self) -> bool {
        self.0.extra.as_ref().is_some_and(|it| it.gate.is_some())
    }

    /// Sends a request and waits for the head of its answer, which refuses no authorization.
    ///
    /// A redirect is followed within the origin, where it keeps the method. Any other is the answer:
    /// what the request carries must not get to another place.
    pub(crate) async fn send(&self, ask: Ask<'_>) -> Result<Response<UpstreamBody>, Fault> {
        self.send_to(ask, None).await
    }

    /// As [`send`](Self::send), to another target of the same origin.
    pub(crate) async fn send_to(
        &self,
        ask: Ask<'_>,
        target: Option<&Uri>,
    ) -> Result<Response<UpstreamBody>, Fault> {
        let Linked { client, extra, .. } = &*self.0;
        let response = match extra {
            None => {
                let sent = client.send(ask.draft(target)?).await;
                sent.map_err(|error| unanswered(&error))?
            }
            // Boxed, because it is large, and most connections do not have it.
            Some(extra) => Box::pin(extra.send(client, ask.draft(target)?)).await?,
        };
        match response.status().is_success() {
            true => Ok(response),
            // Boxed, because it is large and rare.
            false => Box::pin(self.settle(response, &ask, target.cloned())).await,
        }
    }

    /// The answer in the end, where the first one may refuse the authorization or redirect.
    async fn settle(
        &self,
        response: Response<UpstreamBody>,
        ask: &Ask<'_>,
        mut target: Option<Uri>,
    ) -> Result<Response<UpstreamBody>, Fault> {
        let Linked { client, extra, .. } = &*self.0;
        let mut response = self.authorized(response).await?;
        for _ in 0..REDIRECTS_MAX {
            let status = response.status();
            if !is_redirect(status) || !keeps_method(status, &ask.method) {
                break;
            }
            let Some(next) = client.redirect(target.as_ref(), response.headers()) else {
                break;
            };
            discard(response.into_body()).await;
            let draft = ask.draft(Some(&next))?;
            let sent = match extra {
                None => client.send(draft).await.map_err(|error| unanswered(&error)),
                Some(extra) => extra.send(client, draft).await,
            };
            response = self.authorized(sent?).await?;
            response.extensions_mut().insert(Place(next.clone()));
            target = Some(next);
        }
        Ok(response)
    }

    /// The answer, unless it refuses the authorization.
    async fn authorized(
        &self,
        response: Response<UpstreamBody>,
    ) -> Result<Response<UpstreamBody>, Fault> {
        match Challenge::of(response.status(), response.headers()) {
            None => Ok(response),
            Some(challenge) => {
                let refusal = unauthorized(response, self.0.client.limits()).await;
                Err(refusal.with_challenge(challenge))
            }
        }
    }

    /// Tells requests of different authorization apart.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when the provider has no token.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the answer, not what the provider does.
    pub async fn fingerprint(&self) -> Result<u64, Fault> {
        let gate = self.0.extra.as_ref().and_then(|it| it.gate.as_ref());
        match gate {
            None => Ok(0),
            Some(gate) => {
                let authorization = gate.authorize().await;
                authorization.map(|it| it.fingerprint()).map_err(|error| no_token(&error))
            }
        }
    }
}

/// The target that a redirect led to, among the extensions of the answer.
#[derive(Clone, Debug)]
pub(crate) struct Place(pub(crate) Uri);

/// A request to an upstream.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    /// Makes the headers of the protocol: once, and again after a redirect.
    pub(crate) headers: &'a (dyn Fn() -> Result<HeaderMap, Fault> + Sync),
    pub(crate) message: Option<&'a Message>,
    /// The cookies of the session; `None`: there is no session.
    pub(crate) cookies: Option<&'a CookieJar>,
}

impl<'a> Ask<'a> {
    /// The request to its URL, or to another target of the same origin.
    fn draft<'b>(&self, target: Option<&'b Uri>) -> Result<Draft<'b>, Fault>
    where
        'a: 'b,
    {
        let Self { message, cookies, .. } = *self;
        let (method, headers) = (self.method.clone(), (self.headers)()?);
        Ok(Draft { method, headers, message, target, cookies, ..Draft::default() })
    }
}

/// Whether a header of this name most likely holds a secret.
fn is_credential(name: &HeaderName) -> bool {
    let name = name.as_str();
    let parts = ["auth", "token", "key", "secret", "cookie", "credential", "password"];
    parts.iter().any(|it| name.contains(it))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Whether the redirected request is the same one: for historical reasons, "a user agent MAY change
/// the request method from POST to GET" after 301 and 302 (RFC 9110, 15.4).
fn keeps_method(status: StatusCode, method: &Method) -> bool {
    method == Method::GET || matches!(status.as_u16(), 307 | 308)
}

impl Extra {
    async fn send(
        &self,
        client: &HttpClient,
        mut draft: Draft<'_>,
    ) -> Result<Response<UpstreamBody>, Fault> {
        for (name, value) in &self.headers {
            // The headers of the protocol itself cannot be changed.
            draft.headers.entry(name).or_insert_with(|| value.clone());
        }
        let mut refusals = 0;
        loop {
            let authorization = self.authorize().await?;
            let mut headers = draft.headers.clone();
            if let Some(token) = authorization.header.clone() {
                headers.insert(AUTHORIZATION, token);
            }
            let Draft { message, target, cookies, .. } = draft;
            let method = draft.method.clone();
            let sent = client
                .send(Draft { method, headers, message, target, cookies, ..Draft::default() })
                .await;
            let response = sent.map_err(|error| unanswered(&error))?;
            let challenge = Challenge::of(response.status(), response.headers());
            let Some(challenge) = challenge else { return Ok(response) };
            discard(response.into_body()).await;
            refusals += 1;
            if refusals > REFUSALS_MAX || !self.renew(&challenge, &authorization).await? {
                return Err(refused(challenge));
            }
        }
    }

    async fn authorize(&self) -> Result<Authorization, Fault> {
        match &self.gate {
            None => Ok(Authorization::default()),
            Some(gate) => gate.authorize().await.map_err(|error| no_token(&error)),
        }
    }

    async fn renew(
        &self,
        challenge: &Challenge,
        authorization: &Authorization,
    ) -> Result<bool, Fault> {
        let Some(gate) = &self.gate else { return Ok(false) };
        let renewed = gate.refused(challenge.clone(), authorization.generation).await;
        renewed.map_err(|error| no_token(&error))
    }
}

/// What a client is told of a refusal that no token has mended.
fn refused(challenge: Challenge) -> Fault {
    let said = challenge.www_authenticate.as_deref().unwrap_or("nothing");
    let text = format!("HTTP status {}, WWW-Authenticate: {said}", challenge.status);
    let reason = "upstream refused the authorization of the request";
    for_operator(reason, text).with_challenge(challenge)
}

fn no_token(error: &TokenError) -> Fault {
    for_operator(&error.to_string(), error.operator_text.reveal_to_operator())
}

/// A fault of which clients hear less than operators: it is about the credentials of this process.
fn for_operator(reason: &str, text: impl Into<Box<str>>) -> Fault {
    let text = OperatorText::new(text);
    tracing::warn!(detail = text.reveal_to_operator(), "{reason}");
    let error = codes::upstream_lost(reason, Outcome::NotSent, false);
    Fault::upstream(error).with_operator_text(text.told())
}

/// Redirects that one request follows.
const REDIRECTS_MAX: u32 = 5;
/// How often one request is sent again: once for a new token, and once for a wider one.
const REFUSALS_MAX: u32 = 2;

#[cfg(test)]
mod tests;
