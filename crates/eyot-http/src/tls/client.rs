//! TLS with upstreams.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustls::client::ResolvesClientCert;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};

use crate::tls::identity::{TlsIdentity, certificates};
use crate::tls::unverified::Unverified;
use crate::tls::{ALPN, TlsError, provider};

/// Whom to trust, and what to show, in TLS with upstreams.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by its users, from its default")]
pub struct ClientTlsOptions {
    /// Certificates of authorities, in PEM, that are trusted besides those of this machine.
    pub ca: Option<Vec<u8>>,
    /// What is shown to a server that asks for a client certificate.
    pub identity: Option<TlsIdentity>,
    /// Takes any certificate of any server: a machine on the way can read and change all.
    pub insecure_skip_verify: bool,
}

/// TLS with upstreams. Cheap to clone; clones share the sessions that servers let them resume.
///
/// The authorities that this machine trusts are read when they are first needed.
#[derive(Clone, Debug)]
pub struct ClientTls(Arc<Shared>);

struct Shared {
    ca: Vec<CertificateDer<'static>>,
    identity: Arc<Shown>,
    insecure_skip_verify: bool,
    config: OnceLock<Result<Arc<ClientConfig>, TlsError>>,
}

impl Default for ClientTls {
    fn default() -> Self {
        Self::of(Vec::new(), None, false)
    }
}

impl ClientTls {
    /// TLS with these options.
    ///
    /// # Errors
    ///
    /// [`TlsError`] when the certificates of authorities are none.
    pub fn new(options: ClientTlsOptions) -> Result<Self, TlsError> {
        let ClientTlsOptions { ca, identity, insecure_skip_verify } = options;
        let ca = ca.map_or(Ok(Vec::new()), |it| certificates(&it))?;
        for certificate in &ca {
            let added = RootCertStore::empty().add(certificate.clone());
            added.map_err(|error| TlsError::Authority(error.to_string()))?;
        }
        Ok(Self::of(ca, identity, insecure_skip_verify))
    }

    fn of(
        ca: Vec<CertificateDer<'static>>,
        identity: Option<TlsIdentity>,
        insecure_skip_verify: bool,
    ) -> Self {
        let identity = identity.map(|it| it.key());
        let identity = Arc::new(Shown { identity, is_wanted: AtomicBool::new(false) });
        Self(Arc::new(Shared { ca, identity, insecure_skip_verify, config: OnceLock::new() }))
    }

    /// Reads whom this machine trusts, if that has not been done yet.
    ///
    /// # Errors
    ///
    /// [`TlsError::NoRoots`].
    pub fn prepare(&self) -> Result<(), TlsError> {
        self.config().map(drop)
    }

    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        self.0.config.get_or_init(|| self.0.build()).clone()
    }

    /// Whether a server has asked for a client certificate, and there is none.
    pub(crate) fn lacks_identity(&self) -> bool {
        self.0.identity.identity.is_none() && self.0.identity.is_wanted.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn build(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let provider = provider();
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Identity(error.to_string()))?;
        let builder = match self.insecure_skip_verify {
            true => {
                let verifier = Arc::new(Unverified(provider));
                builder.dangerous().with_custom_certificate_verifier(verifier)
            }
            false => builder.with_root_certificates(self.roots()?),
        };
        let shown = Arc::clone(&self.identity);
        let mut config = builder.with_client_cert_resolver(shown);
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Arc::new(config))
    }

    /// The authorities of this machine, and those of the options.
    fn roots(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        let native = rustls_native_certs::load_native_certs();
        // A machine's list may have an old one in it that cannot be read.
        roots.add_parsable_certificates(native.certs);
        roots.add_parsable_certificates(self.ca.iter().cloned());
        if roots.is_empty() {
            let why = native.errors.first().map(|it| format!("; {it}")).unwrap_or_default();
            return Err(TlsError::NoRoots(why));
        }
        Ok(roots)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls")
            .field("insecure_skip_verify", &self.insecure_skip_verify)
            .finish_non_exhaustive()
    }
}

/// Shows the client certificate, if there is one, and notes that a server has asked for it.
struct Shown {
    identity: Option<Arc<CertifiedKey>>,
    is_wanted: AtomicBool,
}

impl ResolvesClientCert for Shown {
    fn resolve(
        &self,
        _root_hint_subjects: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.is_wanted.store(true, Ordering::Relaxed);
        self.identity.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").field("has_identity", &self.identity.is_some()).finish()
    }
}
