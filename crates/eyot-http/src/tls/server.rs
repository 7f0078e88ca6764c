//! TLS with clients.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustls::server::WebPkiClientVerifier;
use rustls::sign::SingleCertAndKey;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsStream};

use crate::stream::Stream;
use crate::tls::identity::{TlsIdentity, certificates};
use crate::tls::subject::name_of;
use crate::tls::{ALPN, TlsError, provider};

/// TLS with clients. Cheap to clone; clones are replaced together.
#[derive(Clone)]
pub struct ServerTls(Arc<Mutex<Arc<ServerConfig>>>);

/// A connection on which TLS has begun.
#[derive(Debug)]
#[non_exhaustive]
pub struct Handshake {
    /// What the client sends and gets, in the clear.
    pub stream: Stream,
    /// The name in the client's certificate: the common name of its subject, or else its first DNS
    /// name or URI. `None`: clients need no certificate.
    pub client: Option<Arc<str>>,
}

/// Why a client does not get in. The text is for the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The client takes too long.
    #[error("the TLS handshake took more than {0:?}")]
    TooSlow(Duration),
    /// The client speaks HTTP, and was told that this port speaks TLS.
    #[error("the client speaks plain HTTP to a port of TLS")]
    PlainHttp,
    /// The certificate of the client has no name that could stand for it.
    #[error("the client's certificate has no name: neither a common name, nor a DNS name or URI")]
    Nameless,
    /// Anything else that is wrong with the handshake.
    #[error(transparent)]
    Tls(#[from] io::Error),
}

impl ServerTls {
    /// Shows `identity` to clients. With `client_ca`, certificates of authorities in PEM, a client
    /// must have a certificate of one of them.
    ///
    /// # Errors
    ///
    /// [`TlsError`] when the certificates of authorities cannot be used.
    pub fn new(identity: &TlsIdentity, client_ca: Option<&[u8]>) -> Result<Self, TlsError> {
        Ok(Self(Arc::new(Mutex::new(config(identity, client_ca)?))))
    }

    /// Takes other certificates for connections from now on. After an error all is as it was.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn replace(
        &self,
        identity: &TlsIdentity,
        client_ca: Option<&[u8]>,
    ) -> Result<(), TlsError> {
        let config = config(identity, client_ca)?;
        *self.0.lock() = config;
        Ok(())
    }

    /// Begins TLS with a client.
    ///
    /// # Errors
    ///
    /// [`HandshakeError`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub async fn accept(
        &self,
        stream: TcpStream,
        patience: Duration,
    ) -> Result<Handshake, HandshakeError> {
        let shaken = tokio::time::timeout(patience, self.shake_hands(stream)).await;
        shaken.map_err(|_elapsed| HandshakeError::TooSlow(patience))?
    }

    async fn shake_hands(&self, mut stream: TcpStream) -> Result<Handshake, HandshakeError> {
        let mut first = [0];
        stream.peek(&mut first).await?;
        // TLS begins with 22, HTTP with the name of a method.
        if first.iter().all(u8::is_ascii_uppercase) {
            turn_away(&mut stream).await?;
            return Err(HandshakeError::PlainHttp);
        }
        let config = Arc::clone(&self.0.lock());
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let client = match shown {
            None => None,
            Some(shown) => Some(name_of(shown).ok_or(HandshakeError::Nameless)?.into()),
        };
        Ok(Handshake { stream: TlsStream::from(stream).into(), client })
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

fn config(identity: &TlsIdentity, client_ca: Option<&[u8]>) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Identity(error.to_string()))?;
    let unfit = |error: &dyn fmt::Display| TlsError::Authority(error.to_string());
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(pem)? {
                roots.add(certificate).map_err(|error| unfit(&error))?;
            }
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| unfit(&error))?)
        }
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(identity.key())));
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Arc::new(config))
}

/// Tells a client in HTTP that it should begin with TLS.
async fn turn_away(stream: &mut TcpStream) -> io::Result<()> {
    let text = "This port speaks TLS: its URL begins with https.\n";
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain\r\n\
         content-length: {}\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // What the client has sent is taken: the system would otherwise throw the answer away.
    let mut rest = stream.take(REQUEST_BYTES_MAX);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await.map(drop)
}

/// Most requests are shorter.
const REQUEST_BYTES_MAX: u64 = 64 << 10;
