//! Where the access tokens of requests come from.

use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::pin::Pin;
use std::sync::Arc;

use eyot_service::{Challenge, OperatorText};
use eyot_stdx::Secret;
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use http::HeaderValue;
use parking_lot::Mutex;

/// What a [`TokenProvider`] answers with.
pub type TokenFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, TokenError>> + Send + 'a>>;

/// Gives every HTTP request its access token, and hears when the server refuses one.
pub trait TokenProvider: Send + Sync {
    /// The token of the next request; `None` sends it without one.
    ///
    /// It is asked before every request. Requests that ask while an answer is on its way share it,
    /// so an expired token may be replaced here.
    fn token(&self) -> TokenFuture<'_, Option<AccessToken>>;

    /// The server refused a request. `true` sends it once more, with what
    /// [`token`](Self::token) says then.
    ///
    /// When several requests are refused with one token, one of them asks; the others wait for its
    /// answer.
    fn refused(&self, challenge: Challenge) -> TokenFuture<'_, bool>;
}

impl<P: TokenProvider + ?Sized> TokenProvider for Arc<P> {
    fn token(&self) -> TokenFuture<'_, Option<AccessToken>> {
        (**self).token()
    }

    fn refused(&self, challenge: Challenge) -> TokenFuture<'_, bool> {
        (**self).refused(challenge)
    }
}

/// An access token, as it stands behind `Bearer`.
#[derive(Clone, Debug)]
pub struct AccessToken(Secret<String>);

impl AccessToken {
    /// A token; no log and no error shows it.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(Secret::new(token.into()))
    }

    /// "Authorization: Bearer <access-token>" (2025-11-25, basic/authorization, Token
    /// Requirements). `None`: no header can hold it.
    fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0.expose())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// One token for every request. What the server refuses stays refused.
#[derive(Clone, Debug)]
pub struct StaticToken(AccessToken);

impl StaticToken {
    /// A provider of this token.
    #[must_use]
    pub fn new(token: AccessToken) -> Self {
        Self(token)
    }
}

impl TokenProvider for StaticToken {
    fn token(&self) -> TokenFuture<'_, Option<AccessToken>> {
        Box::pin(std::future::ready(Ok(Some(self.0.clone()))))
    }

    fn refused(&self, _challenge: Challenge) -> TokenFuture<'_, bool> {
        Box::pin(std::future::ready(Ok(false)))
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no access token")]
#[non_exhaustive]
pub struct TokenError {
    /// The reason, for operators; holds no secret.
    pub operator_text: OperatorText,
}

impl TokenError {
    /// An error for this reason.
    #[must_use]
    pub fn new(reason: impl Into<Box<str>>) -> Self {
        Self { operator_text: OperatorText::new(reason) }
    }
}

type Flight<T> = Shared<TokenFuture<'static, T>>;

/// One provider for many requests at once.
pub struct TokenGate {
    provider: Arc<dyn TokenProvider>,
    flights: Mutex<Flights>,
}

#[derive(Default)]
struct Flights {
    /// Counts the refusals that the provider has dealt with.
    generation: u64,
    asking: Option<Flight<Option<AccessToken>>>,
    refusing: Option<Flight<bool>>,
}

/// What one request is sent with.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "plain data that its users take apart")]
pub struct Authorization {
    /// The value of `Authorization`; `None`: there is no token.
    pub header: Option<HeaderValue>,
    /// What the provider knew when it gave the token.
    pub generation: u64,
}

impl Authorization {
    /// Tells one authorization from another without showing it. "A different access token
    /// requires a different cache" (2026-07-28, server/utilities/caching).
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        hasher.hash_one(self.header.as_ref().map(HeaderValue::as_bytes))
    }
}

impl TokenGate {
    /// A gate before this provider, which has refused nothing yet.
    #[must_use]
    pub fn new(provider: Arc<dyn TokenProvider>) -> Self {
        Self { provider, flights: Mutex::default() }
    }

    /// What the next request is sent with.
    ///
    /// # Errors
    ///
    /// That of the provider, or a token that fits into no header.
    ///
    /// # Cancel safety
    ///
    /// The provider is asked on by the other requests that wait for it, if there are any.
    pub async fn authorize(&self) -> Result<Authorization, TokenError> {
        let (flight, generation) = {
            let mut flights = self.flights.lock();
            let provider = Arc::clone(&self.provider);
            let flight = flights.asking.get_or_insert_with(|| {
                let asking: TokenFuture<'static, _> =
                    Box::pin(async move { provider.token().await });
                asking.shared()
            });
            (flight.clone(), flights.generation)
        };
        let token = flight.clone().await;
        let mut flights = self.flights.lock();
        flights.asking.take_if(|it| it.ptr_eq(&flight));
        drop(flights);
        let header = match token? {
            Some(token) => {
                let unfit = || TokenError::new("the token holds characters that no header can");
                Some(token.header().ok_or_else(unfit)?)
            }
            None => None,
        };
        Ok(Authorization { header, generation })
    }

    /// Tells the provider of a refusal of what had this generation; whether the request may be sent
    /// once more.
    ///
    /// # Errors
    ///
    /// That of the provider.
    ///
    /// # Cancel safety
    ///
    /// As [`authorize`](Self::authorize).
    pub async fn refused(&self, challenge: Challenge, generation: u64) -> Result<bool, TokenError> {
        let flight = {
            let mut flights = self.flights.lock();
            if flights.generation != generation {
                // The refusal of another request has led to another token already.
                return Ok(true);
            }
            let provider = Arc::clone(&self.provider);
            let flight = flights.refusing.get_or_insert_with(|| {
                let refusing: TokenFuture<'static, _> =
                    Box::pin(async move { provider.refused(challenge).await });
                refusing.shared()
            });
            flight.clone()
        };
        let is_renewed = flight.await;
        let mut flights = self.flights.lock();
        if flights.generation == generation {
            flights.generation += 1;
            flights.refusing = None;
        }
        drop(flights);
        is_renewed
    }
}

impl fmt::Debug for TokenGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenGate")
    }
}
