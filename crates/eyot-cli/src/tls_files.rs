//! The certificates and keys of `--tls-cert`, read again when their files change.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use eyot::{ServerTls, TlsIdentity};
use eyot_interception::Reread;
use futures_util::future::BoxFuture;

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
}

impl Reread for TlsFiles {
    fn files(&self) -> Vec<PathBuf> {
        let both = [&self.certificate, &self.key].into_iter().chain(&self.client_ca);
        both.cloned().collect()
    }

    fn reread(&self) -> BoxFuture<'_, ()> {
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
        Box::pin(std::future::ready(()))
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
