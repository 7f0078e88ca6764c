//! The certificates and keys of `--tls-cert`, read again when their files change.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use eyot::{ServerTls, TlsIdentity};
use eyot_files::Stamp;

use crate::args::ServerFiles;
use crate::transport::{identity_in, read};

/// TLS with clients, and the files that it comes from.
#[derive(Debug)]
pub(crate) struct TlsFiles {
    certificate: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    tls: ServerTls,
}

impl TlsFiles {
    /// Reads the files that the flags name; `None`: they name none.
    pub(crate) fn open(files: &ServerFiles) -> anyhow::Result<Option<Self>> {
        let ServerFiles { tls_cert: Some(certificate), tls_key: Some(key), client_ca } = files
        else {
            return Ok(None);
        };
        let (identity, authorities) = load(certificate, key, client_ca.as_deref())?;
        let tls = ServerTls::new(&identity, authorities.as_deref()).context("--client-ca")?;
        let (certificate, key, client_ca) = (certificate.clone(), key.clone(), client_ca.clone());
        Ok(Some(Self { certificate, key, client_ca, tls }))
    }

    /// What the listener needs.
    pub(crate) fn tls(&self) -> ServerTls {
        self.tls.clone()
    }

    /// Whether clients must have certificates.
    pub(crate) fn asks_for_certificates(&self) -> bool {
        self.client_ca.is_some()
    }

    /// Reads the files again. If they cannot be used, what they were holds on.
    pub(crate) fn reload(&self) {
        let (certificate, key) = (&*self.certificate, &*self.key);
        let loaded = load(certificate, key, self.client_ca.as_deref());
        let replaced = loaded.and_then(|(identity, authorities)| {
            self.tls.replace(&identity, authorities.as_deref()).context("--client-ca")
        });
        match replaced {
            Ok(()) => {
                tracing::info!(path = %certificate.display(), "certificates are read again");
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "new certificates cannot be used; the old ones hold on");
            }
        }
    }

    /// Reads the files again whenever one of them has changed. Never ready.
    ///
    /// # Cancel safety
    /// Dropping the future stops looking.
    pub(crate) async fn keep_fresh(&self) {
        let mut known = self.stamps();
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            let now = self.stamps();
            if now != known {
                known = now;
                self.reload();
            }
        }
    }

    fn stamps(&self) -> [Stamp; 3] {
        let client_ca = self.client_ca.as_deref();
        [
            Stamp::of(&self.certificate),
            Stamp::of(&self.key),
            client_ca.map_or_else(Stamp::default, Stamp::of),
        ]
    }
}

fn load(
    certificate: &Path,
    key: &Path,
    client_ca: Option<&Path>,
) -> anyhow::Result<(TlsIdentity, Option<Vec<u8>>)> {
    let identity = identity_in(certificate, key)?;
    Ok((identity, client_ca.map(read).transpose().context("--client-ca")?))
}

/// A certificate is replaced hours before the old one ends.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
