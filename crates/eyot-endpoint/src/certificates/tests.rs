//! Clients with and without a certificate.

use std::sync::Arc;

use eyot_http::RequestHead;
use http::Request;

use super::*;

fn name(certificate: Option<&Arc<str>>) -> Result<Option<String>, StatusCode> {
    let (parts, ()) = Request::new(()).into_parts();
    let head = RequestHead::read(&parts.headers);
    let credentials = Credentials { head: &head, parts: &parts, address: None, certificate };
    let Authentication::Ready(authenticated) = ClientCertificates.authenticate(&credentials) else {
        panic!("it takes time")
    };
    let principal = authenticated.map_err(|refusal| refusal.status())?;
    Ok(principal.map(|it| it.name().to_string()))
}

#[test]
fn name_in_the_certificate_is_the_principal() {
    assert_eq!(name(Some(&"alice".into())), Ok(Some("alice".to_owned())));
}

#[test]
fn client_without_a_certificate_is_refused() {
    assert_eq!(name(None), Err(StatusCode::FORBIDDEN));
    assert!(!ClientCertificates.is_open());
}
