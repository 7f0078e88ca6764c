//! Connections through proxies.

use tokio::net::TcpStream;

use super::*;

const REFUSED: &[u8] = b"HTTP/1.1 407 Proxy Authentication Required\r\n\
    proxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n";

/// A proxy that listens, and the client that goes through it to this URL.
async fn proxied(url: &str, scheme: &str, tls: ClientTls) -> (TcpListener, HttpClient) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("{scheme}{}", listener.local_addr().unwrap());
    let connector = Connector::new(tls, Proxies::all(&proxy).unwrap());
    let client = HttpClient::with_connector(url, Limits::default(), &connector).unwrap();
    (listener, client)
}

#[tokio::test]
async fn plain_requests_name_the_whole_url_to_the_proxy() {
    let url = "http://up.example/mcp?a=1";
    let (proxy, client) = proxied(url, "http://me:pass@", ClientTls::default()).await;
    assert!(!client.is_private());
    let serving = async { answer(proxy.accept().await.unwrap().0).await };
    let (head, got) = tokio::join!(serving, get(&client));
    got.unwrap();
    assert!(head.starts_with("GET http://up.example:80/mcp?a=1 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("host: up.example\r\n"), "{head}");
    assert!(head.contains("proxy-authorization: Basic bWU6cGFzcw==\r\n"), "{head}");
}

#[tokio::test]
async fn proxy_of_plain_requests_that_wants_a_password_is_called_that() {
    let (proxy, client) = proxied("http://up.example/", "http://", ClientTls::default()).await;
    let serving = async {
        let (mut stream, _) = proxy.accept().await.unwrap();
        head(&mut stream).await;
        stream.write_all(REFUSED).await.unwrap();
    };
    let (got, ()) = tokio::join!(get(&client), serving);
    let text = operator_text(&got.unwrap_err());
    assert!(text.contains("the proxy asks for a name and a password"), "{text}");
}

/// Speaks TLS as `up.example` to the client that this stream has in the end.
async fn serve(stream: TcpStream, authority: &Authority) -> String {
    let server = authority.server(&["up.example"]);
    let identity = TlsIdentity::from_pem(server.certificate.as_bytes(), server.key.as_bytes());
    let tls = ServerTls::new(&identity.unwrap(), None).unwrap();
    answer(tls.accept(stream, Limits::default().http.tls_timeout).await.unwrap().stream).await
}

#[tokio::test]
async fn secure_requests_go_through_a_tunnel() {
    let authority = Authority::new();
    let url = "https://up.example/mcp";
    let (proxy, client) = proxied(url, "http://me:pass@", tls(Some(&authority))).await;
    let serving = async {
        let (mut stream, _) = proxy.accept().await.unwrap();
        let asked = head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
        (asked, serve(stream, &authority).await)
    };
    let ((asked, head), got) = tokio::join!(serving, get(&client));
    got.unwrap();
    assert!(asked.starts_with("CONNECT up.example:443 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("host: up.example:443\r\n"), "{asked}");
    assert!(asked.contains("proxy-authorization: Basic bWU6cGFzcw==\r\n"), "{asked}");
    assert!(head.starts_with("GET /mcp HTTP/1.1\r\n"), "{head}");
    assert!(!head.contains("proxy-authorization"), "{head}");
}

/// What operators hear when a proxy answers CONNECT with this.
async fn refused_with(answer: &[u8]) -> String {
    let authority = Authority::new();
    let (proxy, client) = proxied("https://up.example/", "http://", tls(Some(&authority))).await;
    let serving = async {
        let (mut stream, _) = proxy.accept().await.unwrap();
        head(&mut stream).await;
        stream.write_all(answer).await.unwrap();
    };
    let (got, ()) = tokio::join!(get(&client), serving);
    operator_text(&got.unwrap_err())
}

#[tokio::test]
async fn proxy_that_gives_no_tunnel_is_called_that() {
    let text = refused_with(REFUSED).await;
    assert!(text.contains("the proxy asks for a name and a password"), "{text}");
    let text = refused_with(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno").await;
    assert!(text.contains("CONNECT with 403 Forbidden"), "{text}");
    let text = refused_with(b"\x05\xff").await;
    assert!(text.contains("did not answer CONNECT in HTTP"), "{text}");
    let text = refused_with(b"").await;
    assert!(text.contains("did not answer CONNECT in HTTP"), "{text}");
}

#[tokio::test]
async fn proxy_that_is_not_there_is_called_that() {
    let (proxy, client) = proxied("http://up.example/", "http://", ClientTls::default()).await;
    let address = proxy.local_addr().unwrap();
    drop(proxy);
    let text = operator_text(&get(&client).await.unwrap_err());
    assert!(text.contains(&format!("the proxy {address} cannot be reached")), "{text}");
}

/// Takes a greeting of SOCKS5 with a name and a password; returns what the client asks for.
async fn greet(stream: &mut TcpStream, is_known: bool) -> Vec<u8> {
    let mut greeting = [0; 3];
    stream.read_exact(&mut greeting).await.unwrap();
    assert_eq!(greeting, [5, 1, 2]);
    stream.write_all(&[5, 2]).await.unwrap();
    let mut login = [0; 9];
    stream.read_exact(&mut login).await.unwrap();
    assert_eq!(&login, b"\x01\x02me\x04pass");
    stream.write_all(&[1, u8::from(!is_known)]).await.unwrap();
    if !is_known {
        return Vec::new();
    }
    let mut asked = vec![0; 7 + "up.example".len()];
    stream.read_exact(&mut asked).await.unwrap();
    asked
}

#[tokio::test]
async fn socks_proxy_is_asked_for_the_name() {
    let authority = Authority::new();
    let url = "https://up.example/mcp";
    let (proxy, client) = proxied(url, "socks5h://me:pass@", tls(Some(&authority))).await;
    let serving = async {
        let (mut stream, _) = proxy.accept().await.unwrap();
        let asked = greet(&mut stream, true).await;
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
        (asked, serve(stream, &authority).await)
    };
    let ((asked, head), got) = tokio::join!(serving, get(&client));
    got.unwrap();
    assert_eq!(asked, b"\x05\x01\x00\x03\x0aup.example\x01\xbb");
    assert!(head.starts_with("GET /mcp HTTP/1.1\r\n"), "{head}");
}

#[tokio::test]
async fn socks_proxy_that_does_not_know_the_password_is_called_that() {
    let url = "http://up.example/";
    let (proxy, client) = proxied(url, "socks5h://me:pass@", ClientTls::default()).await;
    let serving = async { greet(&mut proxy.accept().await.unwrap().0, false).await };
    let (got, _) = tokio::join!(get(&client), serving);
    let text = operator_text(&got.unwrap_err());
    assert!(text.contains("credentials not accepted"), "{text}");
}
