//! An upstream's URL, with what every request to it carries.

use std::sync::Arc;

use eyot_http::{HttpClient, UpstreamBody};
use eyot_jsonrpc::{ErrorObject, Message};
use eyot_service::Fault;
use eyot_types::codes::{self, Outcome};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use serde_json::Value;

use crate::http_response::{discard, unanswered};
use crate::token::{Authorization, Challenge, TokenError, TokenGate, TokenProvider};

/// A URL and how requests to it are authorised. Cheap to clone.
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

    /// The link with these headers in each request. A refusal of its authorization is told apart
    /// from other answers, even if there are none: see [`refusal`].
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        let extra = Arc::make_mut(self.extra.get_or_insert_default());
        extra.headers.extend(headers);
        self
    }

    /// The link with a token in each request. What the server says when it refuses one is found in
    /// the fault: see [`refusal`].
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

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        headers: HeaderMap,
        message: Option<&Message>,
    ) -> Result<Response<UpstreamBody>, Fault> {
        match &self.extra {
            None => {
                let sent = self.client.send(method, headers, message).await;
                sent.map_err(|error| unanswered(&error))
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
            if !is_refusal(response.status()) {
                return Ok(response);
            }
            let challenge = challenge(&response);
            discard(response.into_body()).await;
            refusals += 1;
            if refusals > REFUSALS_MAX || !self.renew(&challenge, &authorization).await? {
                return Err(refused(&challenge));
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

/// What a fault of this link says of a refusal.
pub fn refusal(error: &ErrorObject) -> Option<Challenge> {
    let data = error.data.as_ref()?;
    let status = data.get(STATUS)?.as_u64()?;
    let status = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    let said = data.get(CHALLENGE).and_then(Value::as_str).map(str::to_owned);
    Some(Challenge::new(status, said))
}

fn is_refusal(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

fn challenge<B>(response: &Response<B>) -> Challenge {
    let said = response.headers().get(WWW_AUTHENTICATE);
    let said = said.and_then(|it| it.to_str().ok()).map(str::to_owned);
    Challenge::new(response.status(), said)
}

fn refused(challenge: &Challenge) -> Fault {
    let reason = format!("upstream refused the request with HTTP status {}", challenge.status);
    let mut error = codes::upstream_lost(&reason, Outcome::NotSent, false);
    if let Some(Value::Object(data)) = &mut error.data {
        data.insert(STATUS.to_owned(), challenge.status.as_u16().into());
        if let Some(said) = &challenge.www_authenticate {
            data.insert(CHALLENGE.to_owned(), said.as_str().into());
        }
    }
    Fault::upstream(error)
}

fn no_token(error: &TokenError) -> Fault {
    Fault::upstream(codes::upstream_lost(&error.to_string(), Outcome::NotSent, false))
}

/// How often one request is sent again: once for a new token, and once for a wider one.
const REFUSALS_MAX: u32 = 2;
/// Members of the error's data.
const STATUS: &str = "httpStatus";
const CHALLENGE: &str = "wwwAuthenticate";
