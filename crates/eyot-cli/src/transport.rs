//! Connections to servers at URLs, as the flags ask for them.

use std::path::Path;

use anyhow::Context as _;
use eyot::{
    AccessToken, ClientTls, ClientTlsOptions, Connector, Limits, Proxies, StaticToken, Target,
    TlsIdentity,
};

use crate::args::{Header, TokenSource, Transport};
use crate::secrets;

/// The server at a URL, connected to as the flags say. What is wrong with the files that they name,
/// or with the authorities that this machine trusts, is told now and not at the first call.
pub(crate) fn target(url: &str, limits: Limits, transport: &Transport) -> anyhow::Result<Target> {
    let spoken = transport.transport.unwrap_or_default();
    let url = &*spoken.url(url)?;
    let connector = connector(transport, Proxies::from_env)?;
    if url.starts_with("https:") || url.starts_with("wss:") {
        connector.tls().prepare()?;
    }
    let target = Target::url_over(url, limits, &connector)?;
    Ok(target.with_transport(spoken.into()))
}

/// The server at a URL, with the headers and the token that the flags of these names add to every
/// request.
pub(crate) fn with_credentials(
    mut target: Target,
    (header_flag, headers): (&'static str, &[Header]),
    (token_flag, token): (&'static str, Option<&TokenSource>),
) -> anyhow::Result<Target> {
    for Header { name, value } in headers {
        target = target.with_header(name, value).context(header_flag)?;
    }
    if let Some(source) = token {
        let token = secrets::read(&source.0).context(token_flag)?;
        target = target.with_tokens(StaticToken::new(AccessToken::new(token.expose().as_str())));
    }
    Ok(target)
}

/// What connects to servers, through the proxy that the flags name, or else through these.
pub(crate) fn connector(
    transport: &Transport,
    usual: impl FnOnce() -> Proxies,
) -> anyhow::Result<Connector> {
    let Transport { ca, client_cert, client_key, insecure_skip_verify, proxy, .. } = transport;
    let identity = client_cert.as_deref().zip(client_key.as_deref());
    let options = ClientTlsOptions {
        ca: ca.as_deref().map(read).transpose().context("--ca")?,
        identity: identity.map(|(certificate, key)| identity_in(certificate, key)).transpose()?,
        insecure_skip_verify: *insecure_skip_verify,
    };
    if *insecure_skip_verify {
        tracing::warn!(
            "certificates of servers are not verified (--insecure-skip-verify): all that is sent \
             can be read and changed on the way"
        );
    }
    let proxies = match proxy {
        None => usual(),
        Some(source) => {
            let url = secrets::read(&source.0).context("--proxy")?;
            Proxies::all(url.expose()).context("--proxy")?
        }
    };
    Ok(Connector::new(ClientTls::new(options).context("--ca")?, proxies))
}

/// The certificate and the key in two files.
pub(crate) fn identity_in(certificate: &Path, key: &Path) -> anyhow::Result<TlsIdentity> {
    let identity = TlsIdentity::from_pem(&read(certificate)?, &read(key)?);
    identity.with_context(|| format!("{} and {}", certificate.display(), key.display()))
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
