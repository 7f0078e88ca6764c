//! Opens connections to one upstream: names, addresses, proxies, TLS.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use eyot_service::{OperatorText, UpstreamLimits};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::HeaderValue;
use rustix::net::sockopt;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio_rustls::{TlsConnector, TlsStream};

use crate::client::connector::Connector;
use crate::client::error::HttpError;
use crate::client::proxies::Route;
use crate::client::tunnel::{Refused, connect_through, socks_through};
use crate::client::url::{InvalidUrl, Scheme, Target};
use crate::stream::Stream;
use crate::tls::{self, ClientTls};

/// How connections to one upstream are opened.
#[derive(Clone, Debug)]
pub(super) struct Dialer {
    /// `host:port`, or `unix:PATH`.
    authority: Box<str>,
    kind: Kind,
    route: Route,
    connector: Connector,
    limits: UpstreamLimits,
}

#[derive(Clone, Debug)]
enum Kind {
    Plain,
    Tls { tls: ClientTls, name: ServerName<'static> },
    Unix { path: Box<Path> },
}

/// Why there is no connection.
#[derive(Debug)]
struct DialError {
    /// What peers may hear.
    reason: String,
    detail: Option<String>,
    cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// It may pass by itself.
    Passing,
    /// It does not.
    Lasting,
    /// A connection to this address may not be made, now or later.
    Forbidden(IpAddr),
}

impl Dialer {
    pub(super) fn new(
        target: &Target,
        connector: &Connector,
        limits: UpstreamLimits,
    ) -> Result<Self, InvalidUrl> {
        let kind = match target.scheme() {
            Scheme::Http => Kind::Plain,
            Scheme::Https => {
                let name = ServerName::try_from(target.host().to_owned());
                let name = name.map_err(|_| InvalidUrl::ServerName(target.host().to_owned()))?;
                Kind::Tls { tls: connector.tls().clone(), name }
            }
            Scheme::Unix(path) => Kind::Unix { path: path.as_path().into() },
        };
        let route = connector.proxies().route(target)?;
        let connector = connector.clone();
        Ok(Self { authority: target.authority().into(), kind, route, connector, limits })
    }

    pub(super) fn route(&self) -> &Route {
        &self.route
    }

    /// TLS with the upstream, and the name that it must prove. `None`: there is none.
    pub(super) fn tls(&self) -> Option<(&ClientTls, &ServerName<'static>)> {
        match &self.kind {
            Kind::Tls { tls, name } => Some((tls, name)),
            Kind::Plain | Kind::Unix { .. } => None,
        }
    }

    /// Whether other machines can read what is sent.
    pub(super) fn is_private(&self, target: &Target) -> bool {
        match self.kind {
            Kind::Tls { .. } | Kind::Unix { .. } => true,
            Kind::Plain => target.is_loopback() && matches!(self.route, Route::Direct),
        }
    }

    /// The authorization that each request carries for a proxy that passes requests on. `None`:
    /// requests go to the upstream itself.
    pub(super) fn forwarding(&self) -> Option<Option<&HeaderValue>> {
        match &self.route {
            Route::Forward { authorization, .. } => Some(authorization.as_ref()),
            Route::Direct | Route::Tunnel { .. } | Route::Socks { .. } => None,
        }
    }

    /// What may be wrong with the configuration where a server breaks off.
    pub(super) fn hint(&self, is_garbled: bool) -> Option<OperatorText> {
        let hint = match &self.kind {
            Kind::Plain if is_garbled => {
                "what the server answers is not HTTP: is it `https` that its URL begins with?"
            }
            Kind::Tls { tls, .. } if tls.lacks_identity() => {
                "the server asked for a client certificate (`--client-cert`), and there is none"
            }
            Kind::Plain | Kind::Tls { .. } | Kind::Unix { .. } => return None,
        };
        Some(OperatorText::new(hint))
    }

    /// Opens a connection. Names are resolved each time.
    pub(super) async fn dial(&self) -> Result<Stream, HttpError> {
        let dialed = match &self.kind {
            Kind::Unix { path } => self.in_time(UnixStream::connect(path)).await.map(Stream::from),
            Kind::Plain => self.in_time(self.reach()).await.map(Stream::from),
            Kind::Tls { tls, name } => self.secure(tls, name).await,
        };
        dialed.map_err(|error| self.failure(error))
    }

    /// The error of a connection that broke before it could be used.
    pub(super) fn failed(&self, reason: String) -> HttpError {
        self.failure(DialError::new(reason, None))
    }

    fn failure(&self, error: DialError) -> HttpError {
        let DialError { reason, detail, cause } = error;
        let address = OperatorText::new(&*self.authority);
        let detail = detail.map(OperatorText::new);
        match cause {
            Cause::Forbidden(refused) => {
                let detail = format!("{refused} is no address that may be connected to");
                HttpError::Forbidden { address, detail: OperatorText::new(detail) }
            }
            Cause::Passing | Cause::Lasting => {
                let is_lasting = cause == Cause::Lasting;
                HttpError::Connect { address, reason, detail, is_lasting }
            }
        }
    }

    /// The server has refused TLS after the handshake seemed done: it has read no request.
    pub(super) fn refused(&self, detail: String) -> HttpError {
        self.failure(no_tls(detail, true))
    }

    /// A proxy wants a password for what it passes on.
    pub(super) fn unauthorized(&self) -> HttpError {
        self.failure(Refused::Unauthorized.into())
    }

    async fn in_time<T, E>(
        &self,
        opening: impl Future<Output = Result<T, E>>,
    ) -> Result<T, DialError>
    where
        DialError: From<E>,
    {
        let patience = self.limits.connect_timeout;
        match tokio::time::timeout(patience, opening).await {
            Ok(opened) => opened.map_err(DialError::from),
            Err(_elapsed) => Err(DialError::new(format!("no answer in {patience:?}"), None)),
        }
    }

    async fn secure(
        &self,
        tls: &ClientTls,
        name: &ServerName<'static>,
    ) -> Result<Stream, DialError> {
        let config = tls.config().map_err(|error| no_tls(error.to_string(), true))?;
        let stream = self.in_time(self.reach()).await?;
        let patience = self.limits.tls_timeout;
        let shaking = TlsConnector::from(config).connect(name.clone(), stream);
        match tokio::time::timeout(patience, shaking).await {
            Ok(Ok(stream)) => Ok(TlsStream::from(stream).into()),
            // An error of TLS itself is one of certificates and versions.
            Ok(Err(error)) => {
                Err(no_tls(tls::words(&error), error.kind() == io::ErrorKind::InvalidData))
            }
            Err(_elapsed) => {
                let detail = format!("the server did not finish the TLS handshake in {patience:?}");
                Err(no_tls(detail, false))
            }
        }
    }

    /// A TCP connection to the upstream, or to the proxy that passes requests on to it.
    async fn reach(&self) -> Result<TcpStream, DialError> {
        match &self.route {
            Route::Direct => Ok(open(self.addresses().await?).await?),
            Route::Forward { proxy, .. } => {
                self.check_literal()?;
                through(proxy).await
            }
            Route::Tunnel { proxy, authorization } => {
                self.check_literal()?;
                let stream = through(proxy).await?;
                Ok(connect_through(stream, &self.authority, authorization.clone()).await?)
            }
            Route::Socks { proxy, login, resolves_here } => {
                self.check_literal()?;
                let place = match resolves_here {
                    true => self.addresses().await?.first().ok_or_else(no_address)?.to_string(),
                    false => self.authority.to_string(),
                };
                let stream = through(proxy).await?;
                Ok(socks_through(stream, &place, login.clone()).await?)
            }
        }
    }

    /// The addresses of the upstream that may be connected to, of which there is one at least or no
    /// address at all.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, DialError> {
        let found = match self.connector.resolver() {
            Some(resolver) => resolver.resolve(&self.authority).await?,
            None => lookup_host(&*self.authority).await?.collect(),
        };
        let policy = self.connector.addresses();
        let (allowed, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|it| policy.allows(it.ip()));
        match (allowed.is_empty(), others.as_slice()) {
            (true, [first, ..]) => Err(DialError::forbidden(first.ip())),
            _ => Ok(allowed),
        }
    }

    /// What is written as an address is judged even if a proxy connects to it.
    fn check_literal(&self) -> Result<(), DialError> {
        let host = self.authority.rsplit_once(':').map_or(&*self.authority, |it| it.0);
        match host.trim_start_matches('[').trim_end_matches(']').parse() {
            Ok(address) if !self.connector.addresses().allows(address) => {
                Err(DialError::forbidden(address))
            }
            _ => Ok(()),
        }
    }
}

impl DialError {
    fn new(reason: impl Into<String>, detail: Option<String>) -> Self {
        Self { reason: reason.into(), detail, cause: Cause::Passing }
    }

    fn lasting(self, is_lasting: bool) -> Self {
        match is_lasting {
            true => Self { cause: Cause::Lasting, ..self },
            false => self,
        }
    }

    fn forbidden(address: IpAddr) -> Self {
        Self { reason: String::new(), detail: None, cause: Cause::Forbidden(address) }
    }
}

async fn through(proxy: &str) -> Result<TcpStream, DialError> {
    let opening = async { open(lookup_host(proxy).await?).await };
    opening.await.map_err(|error| {
        let detail = format!("the proxy {proxy} cannot be reached: {error}");
        DialError::new(NO_PROXY, Some(detail)).lasting(is_lasting(&error))
    })
}

fn no_tls(detail: String, is_lasting: bool) -> DialError {
    DialError::new(NO_TLS, Some(detail)).lasting(is_lasting)
}

/// Whether the system says that it will not do this, rather than that it cannot do it now.
fn is_lasting(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    matches!(error.kind(), PermissionDenied | InvalidInput | Unsupported)
}

impl From<io::Error> for DialError {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string(), None).lasting(is_lasting(&error))
    }
}

impl From<Refused> for DialError {
    fn from(refused: Refused) -> Self {
        let is_lasting = matches!(refused, Refused::Unauthorized | Refused::Name);
        Self::new(NO_PROXY, Some(refused.to_string())).lasting(is_lasting)
    }
}

/// Connects to a host. All of its addresses are tried: the next one when one fails, or says nothing
/// for a moment (RFC 8305, "Happy Eyeballs").
async fn open(addresses: impl IntoIterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut addresses = alternating(addresses.into_iter());
    let mut attempts = FuturesUnordered::new();
    let mut failure = None;
    loop {
        attempts.extend(addresses.pop_front().map(TcpStream::connect));
        let next = tokio::time::sleep(HEAD_START);
        tokio::select! {
            biased;
            attempt = attempts.next() => match attempt {
                Some(Ok(stream)) => {
                    // Without this, an answer in small writes waits 40 ms for an acknowledgement.
                    stream.set_nodelay(true)?;
                    keep_alive(&stream)?;
                    return Ok(stream);
                }
                Some(Err(error)) => failure = failure.or(Some(error)),
                None => return Err(failure.unwrap_or_else(no_address)),
            },
            () = next, if !addresses.is_empty() => {}
        }
    }
}

/// Lets the system ask whether the other end is still there. An event stream on which nothing comes
/// looks like that of a machine that has gone without a word.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    sockopt::set_tcp_keepidle(stream, KEEP_ALIVE_IDLE)?;
    sockopt::set_tcp_keepintvl(stream, KEEP_ALIVE_INTERVAL)?;
    sockopt::set_tcp_keepcnt(stream, KEEP_ALIVE_COUNT)?;
    Ok(sockopt::set_socket_keepalive(stream, true)?)
}

fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the host has no address")
}

/// The addresses in their order, but one of each family after the other.
fn alternating(addresses: impl Iterator<Item = SocketAddr>) -> VecDeque<SocketAddr> {
    let addresses: Vec<_> = addresses.collect();
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut other): (VecDeque<_>, VecDeque<_>) =
        addresses.into_iter().partition(|it| it.is_ipv6() == first_is_v6);
    let mut mixed = VecDeque::with_capacity(first.len() + other.len());
    while !first.is_empty() || !other.is_empty() {
        mixed.extend(first.pop_front());
        mixed.extend(other.pop_front());
    }
    mixed
}

/// How long an address is waited for before the next one is tried as well.
const HEAD_START: Duration = Duration::from_millis(250);
/// Silence after which the system asks for the first time: shorter than what routers forget after.
const KEEP_ALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// Questions without an answer after which a connection is broken.
const KEEP_ALIVE_COUNT: u32 = 3;
/// What peers hear of TLS that failed.
const NO_TLS: &str = "no secure connection";
/// What peers hear of a proxy that failed.
const NO_PROXY: &str = "no way through the proxy";

#[cfg(test)]
mod tests;
