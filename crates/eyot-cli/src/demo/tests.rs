//! What the demo tells its user to type.

use super::{curl, things_to_try};
use crate::args::ServerFiles;

#[test]
fn curl_reaches_the_endpoint_however_it_is_served() {
    let plain = ServerFiles::default();
    let tls = ServerFiles { tls_cert: Some("/c a/cert.pem".into()), ..ServerFiles::default() };
    let mutual = ServerFiles { client_ca: Some("ca.pem".into()), ..tls.clone() };
    for (url, files, expected) in [
        ("http://127.0.0.1:8080/mcp", &plain, "curl http://127.0.0.1:8080/mcp"),
        ("unix:/run/a.sock#/mcp", &plain, "curl --unix-socket /run/a.sock http://localhost/mcp"),
        ("https://127.0.0.1:1/mcp", &tls, "curl --cacert '/c a/cert.pem' https://127.0.0.1:1/mcp"),
        (
            "https://127.0.0.1:1/mcp",
            &mutual,
            "curl --cacert '/c a/cert.pem' --cert CLIENT.pem --key CLIENT.key \
             https://127.0.0.1:1/mcp",
        ),
    ] {
        let curl = curl(url, files);
        assert_eq!(curl, expected);
        assert_eq!(things_to_try(&curl).matches(expected).count(), 2);
    }
}
