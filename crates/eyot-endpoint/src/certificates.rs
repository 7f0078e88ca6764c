//! Client certificates as names of clients.

use eyot_service::Principal;
use http::StatusCode;

use crate::auth::{AuthRefusal, Authenticate, Authentication, Credentials};

/// A client is who its certificate names. Only TLS that asks for certificates
/// ([`ServerTls`](eyot_http::ServerTls)) lets such clients in.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no parts")]
pub struct ClientCertificates;

impl Authenticate for ClientCertificates {
    fn authenticate(&self, credentials: &Credentials<'_>) -> Authentication {
        Authentication::Ready(match credentials.certificate {
            Some(name) => Ok(Some(Principal::new(name.clone()))),
            None => {
                let message = "a client certificate is required";
                Err(AuthRefusal::bare(StatusCode::FORBIDDEN, message))
            }
        })
    }
}

#[cfg(test)]
mod tests;
