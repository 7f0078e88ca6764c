//! Asks proxies for a connection to somewhere else.

use std::future::{Ready, poll_fn, ready};
use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::client::legacy::connect::proxy::SocksV5;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::client::proxies::Login;

/// Why a proxy gives no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(
        "the proxy asks for a name and a password, or does not take those that it got: write \
         `http://NAME:PASSWORD@HOST:PORT`"
    )]
    Unauthorized,
    #[error("the proxy answered CONNECT with {0}")]
    Status(StatusCode),
    #[error("the proxy did not answer CONNECT in HTTP: {0}")]
    Http(#[from] hyper::Error),
    #[error("the proxy did not answer as SOCKS5 does: {0}")]
    Socks(String),
    #[error("the name of the server is none that a proxy can be asked for")]
    Name,
}

/// Asks an HTTP proxy for a connection to `host:port`.
pub(super) async fn connect_through(
    stream: TcpStream,
    authority: &str,
    authorization: Option<HeaderValue>,
) -> Result<TcpStream, Refused> {
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = authority.parse().map_err(|_| Refused::Name)?;
    let host = HeaderValue::from_str(authority).map_err(|_| Refused::Name)?;
    request.headers_mut().insert(HOST, host);
    if let Some(authorization) = authorization {
        request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
    }
    let (mut sender, mut driver) = http1::handshake(TokioIo::new(stream)).await?;
    let mut answering = std::pin::pin!(sender.send_request(request));
    let mut has_ended = false;
    let answer = poll_fn(|cx| {
        if !has_ended && let Poll::Ready(ended) = driver.poll_without_shutdown(cx) {
            has_ended = true;
            if let Err(error) = ended {
                return Poll::Ready(Err(error));
            }
        }
        answering.as_mut().poll(cx)
    });
    match answer.await?.status() {
        status if status.is_success() => Ok(driver.into_parts().io.into_inner()),
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => Err(Refused::Unauthorized),
        status => Err(Refused::Status(status)),
    }
}

/// Asks a SOCKS5 proxy for a connection to `host:port`.
pub(super) async fn socks_through(
    stream: TcpStream,
    authority: &str,
    login: Option<Login>,
) -> Result<TcpStream, Refused> {
    let place = Uri::builder().scheme("socks5").authority(authority).path_and_query("/").build();
    let place = place.map_err(|_| Refused::Name)?;
    let mut socks = SocksV5::new(place.clone(), Open(Some(stream)));
    if let Some(Login { name, password }) = login {
        socks = socks.with_auth(name, password);
    }
    let joined = socks.call(place).await;
    joined.map(TokioIo::into_inner).map_err(|error| Refused::Socks(error.to_string()))
}

/// Gives out the connection to the proxy, which is open already.
struct Open(Option<TcpStream>);

impl Service<Uri> for Open {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Ready<io::Result<TokioIo<TcpStream>>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _place: Uri) -> Self::Future {
        let stream = self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into());
        ready(stream.map(TokioIo::new))
    }
}
