//! A certificate authority of a test.

use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType, date_time_ymd,
};

/// An authority that no machine trusts unless it is told to.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, in PEM.
    pub certificate: String,
}

/// A certificate and its key, both in PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// An authority with a key of its own.
    ///
    /// # Panics
    ///
    /// When there is no randomness for a key.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        params.distinguished_name.push(DnType::CommonName, format!("authority {number} of a test"));
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// A certificate for a server of these names or addresses.
    #[must_use]
    pub fn server(&self, names: &[&str]) -> Identity {
        self.sign(&params(names, ExtendedKeyUsagePurpose::ServerAuth))
    }

    /// As [`server`](Self::server), but it was valid in another century only.
    #[must_use]
    pub fn expired_server(&self, names: &[&str]) -> Identity {
        let mut params = params(names, ExtendedKeyUsagePurpose::ServerAuth);
        params.not_before = date_time_ymd(1998, 1, 1);
        params.not_after = date_time_ymd(1999, 1, 1);
        self.sign(&params)
    }

    /// A certificate for a client: its common name, unless that is empty, and other names of it, of
    /// which one with a colon is a URI.
    ///
    /// # Panics
    ///
    /// When a name is not in ASCII.
    #[must_use]
    pub fn client(&self, common_name: &str, others: &[&str]) -> Identity {
        let mut params = params(&[], ExtendedKeyUsagePurpose::ClientAuth);
        params.subject_alt_names = others.iter().map(|it| alternative(it)).collect();
        if !common_name.is_empty() {
            params.distinguished_name.push(DnType::CommonName, common_name);
        }
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn params(names: &[&str], usage: ExtendedKeyUsagePurpose) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|it| (*it).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names of a server");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.extended_key_usages = vec![usage];
    params
}

fn alternative(name: &str) -> SanType {
    let text = name.try_into().expect("a name in ASCII");
    if name.contains(':') { SanType::URI(text) } else { SanType::DnsName(text) }
}

/// Authorities are told apart by their names.
static COUNT: AtomicUsize = AtomicUsize::new(0);
