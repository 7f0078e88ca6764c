//! The flags for what lies below HTTP: addresses, sockets, TLS, proxies.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as ClapArgs, ValueEnum};

use crate::failure::Failure;

/// The flags for connections to a server at a URL.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct Transport {
    /// The transport of a server at a URL. Default: `auto`.
    #[arg(long, value_enum)]
    pub(crate) transport: Option<SpokenTransport>,
    /// A file in PEM with certificates of authorities, which are trusted for `https` besides those
    /// that this machine trusts.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// A file in PEM with the certificate that is shown to a server that asks for one.
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(crate) client_cert: Option<PathBuf>,
    /// The file in PEM with the private key of --client-cert.
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
    /// Take any certificate of the server. All that is sent can then be read and changed on the way.
    #[arg(long)]
    pub(crate) insecure_skip_verify: bool,
    /// The proxy to the server: `http://…`, `socks5://…` or `socks5h://…`, or `env:VAR` or `@FILE`,
    /// which name its URL. Default: what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say, but
    /// none to this machine.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<ProxySource>,
}

impl Transport {
    /// Whether there is any of the flags.
    pub(crate) fn is_given(&self) -> bool {
        let Self { transport, ca, client_cert, client_key, insecure_skip_verify, proxy } = self;
        let has_file = [ca, client_cert, client_key].iter().any(|it| it.is_some());
        let is_said = transport.is_some_and(|it| it != SpokenTransport::Auto);
        is_said || has_file || *insecure_skip_verify || proxy.is_some()
    }
}

/// The transport of a URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SpokenTransport {
    /// Streamable HTTP; HTTP with SSE where the server has only that. A `ws` or `wss` URL is a
    /// WebSocket.
    #[default]
    Auto,
    /// Streamable HTTP.
    Http,
    /// HTTP with SSE, the transport of 2024-11-05.
    Sse,
    /// A WebSocket: `http://` stands for `ws://`, and `https://` for `wss://`.
    #[value(name = "ws")]
    WebSocket,
}

impl SpokenTransport {
    /// The URL that names this transport.
    ///
    /// # Errors
    /// What is wrong, when the URL is for another one.
    pub(crate) fn url(self, url: &str) -> Result<Cow<'_, str>, Failure> {
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let scheme = scheme.to_ascii_lowercase();
        match (self, scheme.as_str()) {
            (Self::WebSocket, "http") => Ok(format!("ws://{rest}").into()),
            (Self::WebSocket, "https") => Ok(format!("wss://{rest}").into()),
            (Self::WebSocket, "ws" | "wss") => Ok(url.into()),
            (Self::WebSocket, _) => Err(Failure::usage(NO_WEB_SOCKET)),
            (Self::Http | Self::Sse, "ws" | "wss") => Err(Failure::usage(format!(
                "{scheme}:// is the URL of a WebSocket, which --transport {} does not speak: leave the \
                 flag out, or name an http:// or https:// URL",
                if self == Self::Sse { "sse" } else { "http" },
            ))),
            (Self::Auto | Self::Http | Self::Sse, _) => Ok(url.into()),
        }
    }
}

const NO_WEB_SOCKET: &str = "--transport ws is for http://, https://, ws:// and wss:// URLs";

impl From<SpokenTransport> for eyot::Transport {
    fn from(transport: SpokenTransport) -> Self {
        match transport {
            // Of a WebSocket, the URL says what it is.
            SpokenTransport::Auto | SpokenTransport::WebSocket => Self::Auto,
            SpokenTransport::Http => Self::Http,
            SpokenTransport::Sse => Self::Sse,
        }
    }
}

/// The flags for TLS with clients.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct ServerFiles {
    /// Serve `https` with the certificate in this file in PEM, its own first, then its chain. A file
    /// that changes is read again, and so it is at SIGHUP.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The file in PEM with the private key of --tls-cert.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Require a certificate of these authorities, a file in PEM, of every client. The common name in
    /// it, or else its first DNS name or URI, is the client's name, unless --api-key gives it one.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) client_ca: Option<PathBuf>,
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListenAt {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl ListenAt {
    /// Whether only this machine can connect.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

impl FromStr for ListenAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            None => parse_address(text).map(Self::Tcp),
            Some(path) if !path.is_empty() && !path.contains('#') => Ok(Self::Unix(path.into())),
            Some(_) => Err("expected `unix:PATH`".to_owned()),
        }
    }
}

impl fmt::Display for ListenAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The URL of a proxy, or where it is found: it may hold a password.
#[derive(Clone)]
pub(crate) struct ProxySource(pub(crate) String);

impl FromStr for ProxySource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }
}

/// The debug output has no password.
impl fmt::Debug for ProxySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxySource(..)")
    }
}

/// An address, or a name of this machine and a port.
pub(super) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let port = text.rsplit_once(':').filter(|(host, _)| host.eq_ignore_ascii_case("localhost"));
    let port = port.and_then(|(_, port)| port.parse().ok()).ok_or(ADDRESS_FORM)?;
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

const ADDRESS_FORM: &str =
    "expected an address and a port, such as `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`";
