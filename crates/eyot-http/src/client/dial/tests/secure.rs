//! TLS with upstreams: whom the client trusts, and what it says of the others.

use std::time::Duration;

use eyot_testkit::Identity;

use super::*;

fn identity(Identity { certificate, key }: &Identity) -> TlsIdentity {
    TlsIdentity::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap()
}

async fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://127.0.0.1:{}/mcp", listener.local_addr().unwrap().port());
    (listener, url)
}

/// Serves one request with this TLS; returns the client's name, or why it did not get in.
async fn serve(listener: &TcpListener, tls: &ServerTls) -> Result<Option<String>, String> {
    let (stream, _) = listener.accept().await.unwrap();
    let shaken = tls.accept(stream, Limits::default().http.tls_timeout).await;
    let shaken = shaken.map_err(|error| error.to_string())?;
    answer(shaken.stream).await;
    Ok(shaken.client.map(|it| it.to_string()))
}

/// A request of a client to a server; both ends of it.
async fn ask(
    server: &Identity,
    client_ca: Option<&Authority>,
    tls: ClientTls,
) -> (Result<Option<String>, String>, Result<(), HttpError>) {
    let (listener, url) = bind().await;
    let client_ca = client_ca.map(|it| it.certificate.as_bytes());
    let server = ServerTls::new(&identity(server), client_ca).unwrap();
    let client = client_of(&url, tls);
    tokio::join!(serve(&listener, &server), get(&client))
}

/// A client that trusts the authority and shows this.
fn shown(authority: &Authority, identity_of: &Identity) -> ClientTls {
    let options = ClientTlsOptions {
        ca: Some(authority.certificate.clone().into()),
        identity: Some(identity(identity_of)),
        ..ClientTlsOptions::default()
    };
    ClientTls::new(options).unwrap()
}

#[tokio::test]
async fn server_of_a_trusted_authority_is_asked() {
    let authority = Authority::new();
    let (served, got) = ask(&authority.server(&["127.0.0.1"]), None, tls(Some(&authority))).await;
    got.unwrap();
    assert_eq!(served, Ok(None));
}

/// What a look at a server with this certificate finds.
async fn look(
    server: &Identity,
    tls: ClientTls,
) -> (HttpClient, Result<crate::TlsFacts, crate::TlsRefusal>) {
    let (listener, url) = bind().await;
    let server = ServerTls::new(&identity(server), None).unwrap();
    let client = client_of(&url, tls);
    let serving = async {
        let (stream, _) = listener.accept().await.unwrap();
        drop(server.accept(stream, Limits::default().http.tls_timeout).await);
    };
    let looking = async {
        let stream = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.look_at_tls(stream).await
    };
    let found = tokio::join!(serving, looking).1;
    (client, found)
}

#[tokio::test]
async fn look_tells_version_issuer_and_end() {
    let authority = Authority::new();
    let (client, found) = look(&authority.server(&["127.0.0.1"]), tls(Some(&authority))).await;
    let facts = found.unwrap();
    assert_eq!((facts.version, client.has_tls(), client.proxy()), (Some("TLS 1.3"), true, None));
    let issuer = facts.issuer.unwrap();
    assert!(issuer.starts_with("authority ") && issuer.ends_with(" of a test"), "{issuer}");
    assert!(facts.expires_at.unwrap() > std::time::SystemTime::now());
}

#[tokio::test]
async fn look_says_what_to_do_about_a_refusal() {
    let authority = Authority::new();
    let (_, found) = look(&authority.expired_server(&["127.0.0.1"]), tls(Some(&authority))).await;
    let refusal = found.unwrap_err();
    assert!(refusal.words.contains("has expired"), "{refusal}");
    assert!(refusal.advice.unwrap().starts_with("renew the certificate"), "{refusal:?}");
    let (_, found) = look(&authority.server(&["127.0.0.1"]), tls(Some(&Authority::new()))).await;
    assert!(found.unwrap_err().advice.unwrap().contains("`--ca FILE`"));
}

#[tokio::test]
async fn connection_is_used_again() {
    let authority = Authority::new();
    let (listener, url) = bind().await;
    let server = ServerTls::new(&identity(&authority.server(&["127.0.0.1"])), None).unwrap();
    let client = client_of(&url, tls(Some(&authority)));
    let serving = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut shaken = server.accept(stream, Limits::default().http.tls_timeout).await.unwrap();
        for _ in 0..2 {
            answer(&mut shaken.stream).await;
        }
    };
    let asking = async {
        get(&client).await.unwrap();
        get(&client).await.unwrap();
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn expired_certificate_is_called_expired() {
    let authority = Authority::new();
    let server = authority.expired_server(&["127.0.0.1"]);
    let (_, got) = ask(&server, None, tls(Some(&authority))).await;
    let text = operator_text(&got.unwrap_err());
    assert!(text.contains("has expired") && text.contains("01 Jan 1999"), "{text}");
}

#[tokio::test]
async fn certificate_of_another_server_is_called_that() {
    let authority = Authority::new();
    let server = authority.server(&["other.example"]);
    let (_, got) = ask(&server, None, tls(Some(&authority))).await;
    let text = operator_text(&got.unwrap_err());
    assert!(text.contains("not for 127.0.0.1, but for"), "{text}");
    assert!(text.contains("other.example"), "{text}");
}

#[tokio::test]
async fn unknown_authority_is_called_unknown() {
    let (stranger, trusted) = (Authority::new(), Authority::new());
    let (_, got) = ask(&stranger.server(&["127.0.0.1"]), None, tls(Some(&trusted))).await;
    let error = got.unwrap_err();
    let text = operator_text(&error);
    assert!(text.contains("authority that is not trusted here"), "{text}");
    assert!(error.is_lasting(), "waiting for it does not help");
}

#[tokio::test]
async fn any_certificate_will_do_where_verification_is_skipped() {
    let server = Authority::new().expired_server(&["other.example"]);
    let options = ClientTlsOptions { insecure_skip_verify: true, ..ClientTlsOptions::default() };
    ask(&server, None, ClientTls::new(options).unwrap()).await.1.unwrap();
}

#[tokio::test]
async fn client_certificate_is_shown_and_names_its_owner() {
    let authority = Authority::new();
    let tls = shown(&authority, &authority.client("alice", &[]));
    let (served, got) = ask(&authority.server(&["127.0.0.1"]), Some(&authority), tls).await;
    got.unwrap();
    assert_eq!(served, Ok(Some("alice".to_owned())));
}

/// The words for operators, whether the alert came before the end of the connection or got lost.
fn said(error: &HttpError) -> String {
    error.operator_text().unwrap().reveal_to_operator().to_owned()
}

#[tokio::test]
async fn missing_client_certificate_is_called_missing() {
    let authority = Authority::new();
    let server = authority.server(&["127.0.0.1"]);
    let (served, got) = ask(&server, Some(&authority), tls(Some(&authority))).await;
    assert!(served.is_err(), "{served:?}");
    let text = said(&got.unwrap_err());
    assert!(text.contains("a client certificate (`--client-cert`)"), "{text}");
}

#[tokio::test]
async fn client_certificate_of_another_authority_does_not_get_in() {
    let authority = Authority::new();
    let tls = shown(&authority, &Authority::new().client("alice", &[]));
    let (served, got) = ask(&authority.server(&["127.0.0.1"]), Some(&authority), tls).await;
    assert!(served.is_err() && got.is_err(), "{served:?}");
}

#[tokio::test]
async fn client_certificate_without_a_name_does_not_get_in() {
    let authority = Authority::new();
    let tls = shown(&authority, &authority.client("", &[]));
    let (served, _) = ask(&authority.server(&["127.0.0.1"]), Some(&authority), tls).await;
    assert!(served.unwrap_err().contains("has no name"));
}

#[tokio::test]
async fn server_without_tls_is_called_that() {
    let (listener, url) = bind().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await.unwrap();
        stream.shutdown().await.unwrap();
        drop(stream.read_to_end(&mut Vec::new()).await);
    };
    let client = client_of(&url, tls(Some(&Authority::new())));
    let (got, ()) = tokio::join!(get(&client), serving);
    let text = operator_text(&got.unwrap_err());
    assert!(text.contains("does not speak TLS at this port"), "{text}");
}

#[tokio::test]
async fn plain_http_at_a_port_of_tls_is_told_so() {
    let (listener, url) = bind().await;
    let identity = identity(&Authority::new().server(&["127.0.0.1"]));
    let server = ServerTls::new(&identity, None).unwrap();
    let client = client_of(&url.replace("https", "http"), ClientTls::default());
    let asking = async {
        let response = client.send(Draft::default()).await.unwrap();
        assert_eq!(response.status(), 400);
        let text = response.into_body().data().await.unwrap().unwrap();
        // The connection closes with the client.
        drop(client);
        text
    };
    let (served, text) = tokio::join!(serve(&listener, &server), asking);
    assert!(served.unwrap_err().contains("plain HTTP"));
    assert!(text.starts_with(b"This port speaks TLS"), "{text:?}");
}

#[tokio::test]
async fn answer_that_is_not_http_brings_a_hint_of_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let client = client_of(&url, ClientTls::default());
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        stream.write_all(&[21, 3, 1, 0, 2, 2, 70]).await.unwrap();
    };
    let (got, ()) = tokio::join!(get(&client), serving);
    let text = said(&got.unwrap_err());
    assert!(text.contains("is it `https`"), "{text}");
}

#[tokio::test]
async fn handshake_without_an_end_is_given_up() {
    let (_listener, url) = bind().await;
    let mut limits = Limits::default();
    limits.upstream.tls_timeout = Duration::from_millis(50);
    let connector = Connector::new(tls(Some(&Authority::new())), Proxies::none());
    let client = HttpClient::with_connector(&url, limits, &connector).unwrap();
    let text = operator_text(&get(&client).await.unwrap_err());
    assert!(text.contains("did not finish the TLS handshake in 50ms"), "{text}");
}

#[tokio::test]
async fn client_without_an_end_of_its_handshake_is_turned_away() {
    let (listener, _) = bind().await;
    let server = ServerTls::new(&identity(&Authority::new().server(&["127.0.0.1"])), None).unwrap();
    let address = listener.local_addr().unwrap();
    let _silent = tokio::net::TcpStream::connect(address).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let error = server.accept(stream, Duration::from_millis(50)).await.unwrap_err();
    assert!(error.to_string().contains("took more than 50ms"), "{error}");
}

#[tokio::test]
async fn new_certificates_hold_from_the_next_connection_on() {
    let (first, second) = (Authority::new(), Authority::new());
    let (listener, url) = bind().await;
    let server = ServerTls::new(&identity(&first.server(&["127.0.0.1"])), None).unwrap();
    let (old, new) = (client_of(&url, tls(Some(&first))), client_of(&url, tls(Some(&second))));
    tokio::join!(serve(&listener, &server), get(&old)).1.unwrap();
    server.replace(&identity(&second.server(&["127.0.0.1"])), None).unwrap();
    tokio::join!(serve(&listener, &server), get(&new)).1.unwrap();
    let broken = server.replace(&identity(&first.server(&["127.0.0.1"])), Some(b"no PEM"));
    assert!(broken.is_err());
    tokio::join!(serve(&listener, &server), get(&new)).1.unwrap();
}

#[test]
fn certificates_and_keys_that_cannot_be_used_are_named() {
    let (one, two) = (Authority::new().client("a", &[]), Authority::new().client("b", &[]));
    let error = |certificate: &str, key: &str| {
        let made = TlsIdentity::from_pem(certificate.as_bytes(), key.as_bytes());
        made.unwrap_err().to_string()
    };
    assert!(error("", &one.key).contains("no certificate"));
    assert!(error(&one.certificate, &one.certificate).contains("no private key"));
    assert!(error(&one.certificate, &two.key).contains("cannot be used together"));
    let options = ClientTlsOptions { ca: Some(b"x".to_vec()), ..ClientTlsOptions::default() };
    assert!(ClientTls::new(options).is_err());
    assert!(!format!("{:?}", identity(&one)).contains("key"));
}
