//! What lies between this machine and an upstream, seen step by step.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use crate::client::HttpClient;
use crate::client::dial::Dialer;
use crate::client::proxies::Route;
use crate::tls::{self, TlsFacts, TlsRefusal};

impl HttpClient {
    /// The host and port of the proxy that connections go through. `None`: they are direct.
    #[must_use]
    pub fn proxy(&self) -> Option<&str> {
        self.0.dialer.proxy()
    }

    /// Whether what is sent goes over TLS.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        self.0.dialer.tls().is_some()
    }

    /// Shakes hands over a stream to the upstream, and tells what it shows of itself. The stream is
    /// closed. The caller bounds the time.
    ///
    /// # Errors
    ///
    /// [`TlsRefusal`], also when the URL wants no TLS.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the stream.
    pub async fn look_at_tls<S>(&self, stream: S) -> Result<TlsFacts, TlsRefusal>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let no_tls = || TlsRefusal::new("the URL wants no TLS", None);
        let (tls, name) = self.0.dialer.tls().ok_or_else(no_tls)?;
        let config = tls.config().map_err(|error| TlsRefusal::new(error.to_string(), None))?;
        let shaken = TlsConnector::from(config).connect(name.clone(), stream).await;
        let stream = shaken.map_err(|error| tls::refusal(&error))?;
        Ok(TlsFacts::of(stream.get_ref().1))
    }
}

impl Dialer {
    fn proxy(&self) -> Option<&str> {
        match self.route() {
            Route::Direct => None,
            Route::Forward { proxy, .. }
            | Route::Tunnel { proxy, .. }
            | Route::Socks { proxy, .. } => Some(proxy),
        }
    }
}
