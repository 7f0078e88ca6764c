//! Connections to what is measured.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use http::uri::Authority;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Both ways of a connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection, encrypted or not.
pub(crate) type Io = Box<dyn Stream>;

/// Connects without encryption.
///
/// # Errors
///
/// When nothing listens there.
pub(crate) async fn connect(authority: &Authority) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(authority.as_str()).await.context("connect")?;
    stream.set_nodelay(true).context("set nodelay")?;
    Ok(stream)
}

/// Connects with TLS, to a server whose certificate the authority in the file has signed. Nothing
/// of an earlier connection is taken up again.
///
/// # Errors
///
/// When the server does not listen, or is not trusted.
pub(crate) async fn connect_tls(authority: &Authority, ca: &Path) -> anyhow::Result<Io> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).context("the authority's certificate")?)?;
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.resumption = tokio_rustls::rustls::client::Resumption::disabled();
    let name = ServerName::try_from(authority.host().to_owned())?;
    let stream = connect(authority).await?;
    let connector = TlsConnector::from(Arc::new(config));
    Ok(Box::new(connector.connect(name, stream).await.context("TLS")?))
}
