//! What one side shows of itself: a certificate, and the key that proves it.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::tls::{TlsError, provider};

/// A certificate with its chain, and its private key.
#[derive(Clone)]
pub struct TlsIdentity(Arc<CertifiedKey>);

impl TlsIdentity {
    /// Reads a chain of certificates, the own one first, and its key, both in PEM.
    ///
    /// # Errors
    ///
    /// [`TlsError`] when one of them is missing, or the key is not that of the certificate.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates(chain)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
        let identity = CertifiedKey::from_der(chain, key, &provider());
        let identity = identity.map_err(|error| TlsError::Identity(error.to_string()))?;
        Ok(Self(Arc::new(identity)))
    }

    pub(super) fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }
}

/// The debug output has no key.
impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity").finish_non_exhaustive()
    }
}

/// The certificates in a PEM text; at least one.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    found.ok().filter(|it| !it.is_empty()).ok_or(TlsError::NoCertificate)
}
