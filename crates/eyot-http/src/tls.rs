//! TLS on both sides of a connection: the one place that names rustls.
//!
//! Files are read elsewhere: certificates and keys come as PEM.

mod client;
mod facts;
mod identity;
mod server;
mod subject;
mod unverified;
mod words;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

pub use self::client::{ClientTls, ClientTlsOptions};
pub use self::facts::{TlsFacts, TlsRefusal};
pub use self::identity::TlsIdentity;
pub use self::server::{Handshake, HandshakeError, ServerTls};
pub(crate) use self::words::{is_refusal, refusal, words};

/// Why there is no TLS with such certificates or keys. None of it repeats a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// There is no certificate where one is needed.
    #[error("there is no certificate in PEM (`-----BEGIN CERTIFICATE-----`)")]
    NoCertificate,
    /// There is no private key where one is needed.
    #[error("there is no private key in PEM (`-----BEGIN PRIVATE KEY-----`), or it is encrypted")]
    NoKey,
    /// A certificate and a key do not belong together, or cannot be used.
    #[error("the certificate and the key cannot be used together: {0}")]
    Identity(String),
    /// A certificate of an authority cannot be used.
    #[error("a certificate cannot be used as that of an authority: {0}")]
    Authority(String),
    /// Nothing says whom to trust.
    #[error(
        "this machine trusts no certificate authority: install its list (`ca-certificates`), name \
         one in SSL_CERT_FILE, or give the authority's certificate (`--ca`){0}"
    )]
    NoRoots(String),
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The one protocol that is spoken over TLS here.
const ALPN: &[u8] = b"http/1.1";
