//! Connections go to addresses that were judged, and to no others.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eyot_service::Limits;
use tokio::net::TcpListener;

use super::{answer, get};
use crate::ClientTls;
use crate::client::{AddressPolicy, Connector, HttpClient, HttpError, Proxies, Resolve, Resolving};

/// Gives one list of addresses after the other; the last one for ever.
#[derive(Debug)]
struct Rebinding {
    answers: Vec<Vec<SocketAddr>>,
    asked: AtomicUsize,
}

impl Resolve for Rebinding {
    fn resolve<'a>(&'a self, authority: &'a str) -> Resolving<'a> {
        assert_eq!(authority, "rebinding.example:80");
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.answers[asked.min(self.answers.len() - 1)].clone();
        Box::pin(async move { Ok::<_, io::Error>(answer) })
    }
}

fn client_of(url: &str, proxies: Proxies, allowed: &[&str], rebinding: Rebinding) -> HttpClient {
    let policy = AddressPolicy::public_and(allowed.iter().map(|it| it.parse().unwrap()));
    let connector = Connector::new(ClientTls::default(), proxies)
        .to_addresses(policy)
        .with_resolver(Arc::new(rebinding));
    HttpClient::with_connector(url, Limits::default(), &connector).unwrap()
}

fn rebinding(answers: Vec<Vec<SocketAddr>>) -> Rebinding {
    Rebinding { answers, asked: AtomicUsize::new(0) }
}

#[track_caller]
fn assert_forbidden(error: &HttpError, address: &str) {
    assert!(matches!(error, HttpError::Forbidden { .. }), "{error:?}");
    assert!(!error.may_have_been_read());
    assert!(!error.to_string().contains(address), "{error}");
    assert!(error.operator_text().unwrap().reveal_to_operator().contains(address));
}

#[tokio::test]
async fn name_that_leads_to_this_machine_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let inner = listener.local_addr().unwrap();
    let url = "http://rebinding.example/mcp";
    let client = client_of(url, Proxies::none(), &[], rebinding(vec![vec![inner]]));
    assert_forbidden(&get(&client).await.unwrap_err(), "127.0.0.1");
    let connected = tokio::time::timeout(std::time::Duration::ZERO, listener.accept()).await;
    assert!(connected.is_err(), "nothing connects");
}

#[tokio::test]
async fn name_is_looked_up_once_for_a_connection_and_judged_at_each() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let allowed = listener.local_addr().unwrap();
    // 127.0.0.2 is not allowed: the name leads there from the second look-up on.
    let inner = SocketAddr::from(([127, 0, 0, 2], allowed.port()));
    let names = rebinding(vec![vec![allowed], vec![inner]]);
    let client = client_of("http://rebinding.example/mcp", Proxies::none(), &["127.0.0.1"], names);
    let serving = async { answer(listener.accept().await.unwrap().0).await };
    tokio::join!(serving, get(&client)).1.unwrap();
    assert_forbidden(&get(&client).await.unwrap_err(), "127.0.0.2");
}

#[tokio::test]
async fn inner_addresses_among_others_are_left_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let allowed = listener.local_addr().unwrap();
    let inner = SocketAddr::from(([127, 0, 0, 2], allowed.port()));
    let names = rebinding(vec![vec![inner, allowed]]);
    let client = client_of("http://rebinding.example/mcp", Proxies::none(), &["127.0.0.1"], names);
    let serving = async { answer(listener.accept().await.unwrap().0).await };
    tokio::join!(serving, get(&client)).1.unwrap();
}

#[tokio::test]
async fn address_that_a_proxy_would_connect_to_is_judged() {
    for proxy in ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "socks5h://127.0.0.1:9"] {
        for url in ["http://169.254.169.254/mcp", "https://[::1]/mcp", "http://[::ffff:10.0.0.1]/"]
        {
            let proxies = Proxies::all(proxy).unwrap();
            let client = client_of(url, proxies, &[], rebinding(vec![vec![]]));
            let error = get(&client).await.unwrap_err();
            assert!(matches!(error, HttpError::Forbidden { .. }), "{url} by {proxy}: {error:?}");
        }
    }
}

#[tokio::test]
async fn name_that_is_resolved_here_for_a_proxy_is_judged() {
    let proxies = Proxies::all("socks5://127.0.0.1:9").unwrap();
    let inner = SocketAddr::from(([10, 0, 0, 1], 80));
    let names = rebinding(vec![vec![inner]]);
    let client = client_of("http://rebinding.example/mcp", proxies, &[], names);
    assert_forbidden(&get(&client).await.unwrap_err(), "10.0.0.1");
}
