//! An upstream's URL, with what every request to it carries.

use std::sync::Arc;

use eyot_http::{HttpClient, UpstreamBody};
use eyot_jsonrpc::Message;
use eyot_service::{Challenge, Fault, OperatorText};
use eyot_types::codes::{self, Outcome};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};

use crate::http_response::{discard, unanswered, unauthorized};
use crate::token::{Authorization, TokenError, TokenGate, TokenProvider};

/// A URL and how requests to it are authorised. Cheap to clone.
///
/// An answer that refuses the authorization is a fault with the [`Challenge`], whether requests
/// carry a token or not.
#[derive(Clone, Debug)]
pub struct HttpLink {
    client: HttpClient,
    /// `None`: requests carry what the protocol wants and nothing else.
    extra: Option<Arc<Extra>>,
}

#[derive(Clone, Debug, Default)]
struct Extra {
    headers: HeaderMap,
    gate: Option<Arc<TokenGate>>,
}

impl HttpLink {
    /// Requests as they are.
    #[must_use]
    pub fn bare(client: HttpClient) -> Self {
        Self { client, extra: None }
    }

    /// The link with one more header in each request. What the protocol itself sends stays.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        let extra = Arc::make_mut(self.extra.get_or_insert_default());
        extra.headers.append(name, value);
        self
    }

    /// The link with a token in each request.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Arc<dyn TokenProvider>) -> Self {
        let extra = Arc::make_mut(self.extra.get_or_insert_default());
        extra.gate = Some(Arc::new(TokenGate::new(tokens)));
        self
    }

    /// Where requests go.
    #[must_use]
    pub fn url(&self) -> String {
        self.client.url()
    }

    /// Whether requests carry tokens, of which the next may be taken where this one is refused.
    pub(crate) fn has_tokens(&self) -> bool {
        self.extra.as_ref().is_some_and(|it| it.gate.is_some())
    }

    /// Sends a request and waits for the head of its answer, which refuses no authorization.
    pub(crate) async fn send(
        &self,
        method: Method,
        headers: HeaderMap,
        message: Option<&Message>,
    ) -> Result<Response<UpstreamBody>, Fault> {
        match &self.extra {
            None => {
                let sent = self.client.send(method, headers, message).await;
                let response = sent.map_err(|error| unanswered(&error))?;
                match Challenge::of(response.status(), response.headers()) {
                    None => Ok(response),
                    // Boxed, because it is large and rare.
                    Some(challenge) => {
                        let refusal = Box::pin(unauthorized(response, self.client.limits())).await;
                        Err(refusal.with_challenge(challenge))
                    }
                }
            }
            // Boxed, because it is large, and most connections do not have it.
            Some(extra) => {
                Box::pin(extra.send(&self.client, Draft { method, headers, message })).await
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
        let gate = self.extra.as_ref().and_then(|it| it.gate.as_ref());
        match gate {
            None => Ok(0),
            Some(gate) => {
                let authorization = gate.authorize().await;
                authorization.map(|it| it.fingerprint()).map_err(|error| no_token(&error))
            }
        }
    }
}

/// A request before it is authorised.
struct Draft<'a> {
    method: Method,
    headers: HeaderMap,
    message: Option<&'a Message>,
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
            let sent = client.send(draft.method.clone(), headers, draft.message).await;
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
    Fault::upstream(error).with_operator_text(text)
}

/// How often one request is sent again: once for a new token, and once for a wider one.
const REFUSALS_MAX: u32 = 2;

#[cfg(test)]
mod tests;
