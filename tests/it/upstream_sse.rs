//! Servers that speak HTTP with SSE, the transport of 2024-11-05, behind the proxy and before our
//! own client: no client of either era notices.
//!
//! The parts with foreign servers are skipped, visibly, without the peers that `cargo xtask peers`
//! fetches.

use std::process::Stdio;

use eyot::types::{ElicitResult, Era, LogLevel};
use eyot::{Client, ClientBuilder, EraMode, Limits, Target, Transport};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::peers::{Peers, Server, at, check, python, script};
use crate::support::program::free_port;
use crate::support::{
    Bridge, Manners, OldServer, Program, Proxy, Session, call as tool_call, patient_limits, within,
};

const BOTH: [EraMode; 2] = [EraMode::Legacy, EraMode::Modern];

/// A client whose user is called Ada.
fn builder(era: EraMode) -> ClientBuilder {
    Client::builder("tester", "1.0").era(era).on_elicit(|_| async move {
        Ok(ElicitResult::accept(json!({ "name": "Ada" }).as_object().unwrap().clone()))
    })
}

async fn connect(era: EraMode, url: &str) -> Client {
    within("the connection", builder(era).connect(url)).await.unwrap()
}

async fn before(server: &OldServer) -> (Proxy, String) {
    let limits = patient_limits();
    let target = Target::url(&server.url(), limits).unwrap();
    let proxy = Proxy::start(target, limits, |_| {}).await;
    let url = format!("http://{}/mcp", proxy.address);
    (proxy, url)
}

async fn call(client: &Client, tool: &str, arguments: Value) -> Result<String, String> {
    let calling = client.call_tool(tool, arguments).into_future();
    let answer = within("the answer", calling).await;
    answer.map(|it| it.text()).map_err(|error| format!("{error:?}"))
}

async fn check_echo(client: &Client, text: &str) {
    assert_eq!(call(client, "echo", json!({ "text": text })).await.unwrap(), text);
}

#[tokio::test]
async fn client_of_either_era_calls_and_is_asked() {
    for is_slow_to_accept in [false, true] {
        let manners = Manners { is_slow_to_accept, ..Manners::default() };
        let server = OldServer::with(manners).await;
        let (_proxy, url) = before(&server).await;
        for era in BOTH {
            let client = connect(era, &url).await;
            assert_eq!(client.server_info().unwrap().name, "scripted");
            check_echo(&client, "islands").await;
            assert_eq!(call(&client, "ask", json!({})).await.unwrap(), "hello, Ada", "{era:?}");
            client.close().await;
        }
    }
}

#[tokio::test]
async fn our_client_reaches_the_server_without_a_proxy() {
    let server = OldServer::start().await;
    let client = connect(EraMode::Auto, &server.url()).await;
    assert_eq!(client.era(), Era::Legacy);
    check_echo(&client, "islands").await;
    assert_eq!(call(&client, "ask", json!({})).await.unwrap(), "hello, Ada");
    for life in 0..3 {
        server.restart();
        check_echo(&client, &format!("life {life}")).await;
    }
    client.close().await;
}

#[tokio::test]
async fn answers_of_eight_clients_at_once_do_not_cross() {
    let server = OldServer::start().await;
    let (_proxy, url) = before(&server).await;
    let clients = (0..8).map(|number: usize| {
        let url = &url;
        async move {
            let client = connect(BOTH[number % 2], url).await;
            let calls = (0..50).map(|call| {
                let (client, text) = (&client, format!("client {number}, call {call}"));
                async move { check_echo(client, &text).await }
            });
            join_all(calls).await;
            assert_eq!(call(&client, "ask", json!({})).await.unwrap(), "hello, Ada");
            client.close().await;
        }
    });
    join_all(clients).await;
    let streams = server.requests().iter().filter(|it| *it == "GET /sse").count();
    assert!(streams >= 5, "{streams}: each legacy client has a session of its own");
}

#[tokio::test]
async fn session_goes_on_when_the_server_starts_again() {
    let server = OldServer::start().await;
    let (_proxy, url) = before(&server).await;
    for era in BOTH {
        let client = connect(era, &url).await;
        check_echo(&client, "first").await;
        for life in 0..3 {
            server.restart();
            check_echo(&client, &format!("life {life}")).await;
        }
        client.close().await;
    }
}

#[tokio::test]
async fn what_a_legacy_client_has_set_is_set_again_in_the_new_session() {
    let server = OldServer::start().await;
    let (_proxy, url) = before(&server).await;
    let client = connect(EraMode::Legacy, &url).await;
    within("it is set", client.set_log_level(LogLevel::Warning)).await.unwrap();
    server.restart();
    check_echo(&client, "again").await;
    let (methods, sessions) = server.methods();
    let times = |method: &str| methods.iter().filter(|it| *it == method).count();
    assert_eq!((times("initialize"), times("logging/setLevel"), sessions), (2, 2, 2));
}

#[tokio::test]
async fn call_that_the_session_died_in_fails_once_with_an_unknown_outcome() {
    let server = OldServer::start().await;
    let (_proxy, url) = before(&server).await;
    for era in BOTH {
        let client = connect(era, &url).await;
        let error = call(&client, "die", json!({})).await.unwrap_err();
        assert!(error.contains("closed its event stream") || error.contains("broke"), "{error}");
        check_echo(&client, "again").await;
        client.close().await;
    }
    let (methods, _) = server.methods();
    let calls = methods.iter().filter(|it| *it == "tools/call").count();
    assert_eq!(calls, 4, "none was sent twice");
}

#[tokio::test]
async fn request_that_is_refused_fails_alone() {
    let server = OldServer::start().await;
    let (_proxy, url) = before(&server).await;
    for era in BOTH {
        let client = connect(era, &url).await;
        let error = call(&client, "fail", json!({})).await.unwrap_err();
        assert!(error.contains("500"), "{error}");
        check_echo(&client, "again").await;
        client.close().await;
    }
    let streams = server.requests().iter().filter(|it| *it == "GET /sse").count();
    assert_eq!(streams, 2, "no session was lost");
}

#[tokio::test]
async fn endpoint_of_another_origin_gets_nothing() {
    let other = OldServer::start().await;
    let other_at = other.address();
    for endpoint in [
        format!("http://{other_at}/messages?session_id=ID"),
        format!("//{other_at}/messages?session_id=ID"),
        "https://127.0.0.1/messages?session_id=ID".to_owned(),
        "/messages?session_id=ID\r\ndata: X: 1".to_owned(),
        "/mess ages?session_id=ID".to_owned(),
    ] {
        let server = OldServer::with(Manners { endpoint: endpoint.clone(), ..Manners::default() });
        let server = server.await;
        let connecting = builder(EraMode::Legacy).connect(server.url());
        let error = within("the refusal", connecting).await.unwrap_err().to_string();
        assert!(error.contains("endpoint of another origin"), "{endpoint}: {error}");
        let posts = server.requests().iter().filter(|it| it.starts_with("POST /mess")).count();
        assert_eq!((posts, other.requests().len()), (0, 0), "{endpoint}");
    }
}

#[tokio::test]
async fn endpoint_may_be_relative() {
    for endpoint in ["messages?session_id=ID", "?session_id=ID", "./m/../n?session_id=ID"] {
        let endpoint = endpoint.to_owned();
        let server = OldServer::with(Manners { endpoint, ..Manners::default() }).await;
        check_echo(&connect(EraMode::Legacy, &server.url()).await, "here").await;
    }
}

#[tokio::test]
async fn transport_is_found_once_or_asked_for() {
    let server = OldServer::start().await;
    let limits = Limits::default();
    let posts = || server.requests().iter().filter(|it| *it == "POST /sse").count();
    let target = || Target::url(&server.url(), limits).unwrap();
    let refused = target().with_transport(Transport::Http);
    let refusal = within("the refusal", builder(EraMode::Legacy).connect(refused)).await;
    let said = refusal.unwrap_err().to_string();
    assert!(said.contains("HTTP with SSE") && said.contains("--transport sse"), "{said}");
    assert_eq!(server.requests(), ["POST /sse", "GET /sse"]);

    let target = target().with_transport(Transport::Sse);
    let client = within("it", builder(EraMode::Auto).connect(target)).await.unwrap();
    check_echo(&client, "asked for").await;
    assert_eq!(posts(), 1);

    let (_proxy, url) = before(&server).await;
    for _ in 0..3 {
        check_echo(&connect(EraMode::Legacy, &url).await, "found").await;
    }
    assert_eq!(posts(), 2);
}

#[tokio::test]
async fn credentials_and_cookies_go_along_with_every_request() {
    let server = OldServer::start().await;
    let connecting = builder(EraMode::Legacy).header("x-team", "islands").bearer("t1");
    let client = within("it", connecting.connect(server.url())).await.unwrap();
    check_echo(&client, "islands").await;
    for (request, [token, team, cookie]) in server.requests().iter().zip(server.headers()) {
        assert_eq!(token.as_deref(), Some("Bearer t1"), "{request}");
        assert_eq!(team.as_deref(), Some("islands"), "{request}");
        let is_in_session = request.starts_with("POST /messages");
        assert_eq!(cookie.as_deref(), is_in_session.then_some("route=1"), "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_session_goes_on_when_the_program_starts_again() {
    let server = OldServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sessions.db");
    let upstream = at(&server.url());
    let program = Program::serve("127.0.0.1:0", &store, &upstream).await;
    let session = Session::open(program.address, "2025-11-25").await;
    let echo = |text: &str| {
        let (session, asking) = (&session, tool_call(1, "echo", json!({ "text": text })));
        let text = text.to_owned();
        async move {
            let answer = session.send(&asking).await;
            let said = &answer.json()["result"]["content"][0]["text"];
            assert_eq!(*said, text, "{}", answer.text());
        }
    };
    echo("islands").await;
    program.kill().await;
    let _again = Program::serve(&session.address.to_string(), &store, &upstream).await;
    echo("again").await;
}

/// Calls, progress and questions of the legacy Python server, by our client of this era.
async fn check_python(client: &Client) {
    assert_eq!(client.server_info().unwrap().name, "server-py1");
    assert_eq!(call(client, "add", json!({ "a": 1, "b": 2 })).await.unwrap(), "3");
    assert_eq!(call(client, "count", json!({ "steps": 3 })).await.unwrap(), "counted to 3");
    assert_eq!(call(client, "greet", json!({})).await.unwrap(), "Hello, Ada!");
    let read = client.read_resource("note://welcome").await.unwrap();
    assert_eq!(read.contents[0].text.as_deref(), Some("Welcome ashore."));
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_clients_of_both_eras_use_a_python_server_at_once() {
    let Some(peers) = Peers::find(&["py1"]) else { return };
    let mut server = python(&peers, "py1", "server_py1.py");
    server.extend(["sse".to_owned(), free_port().to_string()]);
    let server = Server::start(&server).await;
    let bridge = Bridge::before(&at(&server.url)).await;
    let url = bridge.url();
    let clients = (0..8).map(|number: usize| {
        let url = &url;
        async move {
            let client = connect(BOTH[number % 2], url).await;
            check_python(&client).await;
            client.close().await;
        }
    });
    join_all(clients).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_typescript_client_uses_every_feature_of_a_typescript_server() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let port = free_port();
    let [program, index, _] = <[String; 3]>::try_from(peers.everything()).unwrap();
    let mut command = Command::new(program);
    command.arg(index).arg("sse").env("PORT", port.to_string());
    command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let _server = command.spawn().unwrap();
    let listens = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    within("the server", listens).await;
    let client = [peers.node(), script("client_ts1.mjs")];
    check(&peers, &client, &at(&format!("http://127.0.0.1:{port}/sse"))).await;
}
