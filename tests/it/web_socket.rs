//! MCP over WebSocket, both sides: our client, clients that others wrote, and upstreams.

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eyot::types::ElicitResult;
use eyot::{
    ApiKey, CallContext, Client, Drained, Elicited, EraMode, HandlerResult, Keys, Limits,
    NoArguments, Secret, Server, Target, tool,
};
use futures_util::future::join_all;
use futures_util::{SinkExt as _, StreamExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::commands::eyot;
use crate::peers::{CLIENT_PATIENCE, Peers, run, script};
use crate::support::{
    Ask, Habits, Program, Proxy, Session, Upstream, call, initialize, modern_request, note,
    patient_limits, send, within,
};

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

/// A server that asks its client before it answers, and one that repeats.
fn server() -> Server {
    let greet = tool("greet", |_: NoArguments, call: CallContext| async move {
        let Elicited::Accepted(Name { name }) = call.elicit::<Name>("Who?").await? else {
            return HandlerResult::Ok("nobody".to_owned());
        };
        Ok(format!("hello, {name}"))
    });
    let echo = tool("echo", |Name { name }: Name, _: CallContext| async move {
        tokio::task::yield_now().await;
        HandlerResult::Ok(name)
    });
    Server::builder("greeter", "1.0").tool(greet).tool(echo).build().unwrap()
}

async fn proxy(limits: Limits) -> Proxy {
    Proxy::start(Target::in_process(server()), limits, |_| {}).await
}

fn url(address: SocketAddr) -> String {
    format!("ws://{address}/ws")
}

/// Our own client, of this era.
async fn client(url: &str, era: EraMode) -> Client {
    let client = Client::builder("tester", "1.0").era(era).on_elicit(|_| async move {
        Ok(ElicitResult::accept(json!({ "name": "Ada" }).as_object().unwrap().clone()))
    });
    within("the client", client.connect(url)).await.unwrap()
}

/// A client that others wrote, which sends exact messages.
struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, &[("sec-websocket-protocol", "mcp")]).await.unwrap()
    }

    async fn open_with(
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let mut request = url(address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self(socket))
    }

    async fn legacy(address: SocketAddr) -> Self {
        let mut socket = Self::open(address).await;
        let opened = socket.ask(&initialize("2025-11-25")).await;
        assert_eq!(opened["result"]["protocolVersion"], "2025-11-25", "{opened}");
        socket.send(&note("notifications/initialized", json!({}))).await;
        socket
    }

    async fn send(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Value {
        let text = within("a message", self.0.next()).await.unwrap().unwrap();
        serde_json::from_str(text.to_text().unwrap()).unwrap()
    }

    async fn ask(&mut self, request: &Value) -> Value {
        self.send(request).await;
        self.next().await
    }

    /// The code that the other side closes with.
    async fn close_code(mut self) -> Option<u16> {
        let closing = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map(|it| it.code.into()),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        };
        within("the close", closing).await
    }
}

/// The status in the place of a WebSocket.
async fn refusal(address: SocketAddr, headers: &[(&'static str, &str)]) -> u16 {
    match Socket::open_with(address, headers).await {
        Err(Error::Http(answer)) => answer.status().as_u16(),
        other => panic!("{:?}", other.map(|_| ()).map_err(|error| error.to_string())),
    }
}

#[tokio::test]
async fn clients_of_both_eras_are_served_and_asked() {
    let proxy = proxy(patient_limits()).await;
    for era in [EraMode::Legacy, EraMode::Modern, EraMode::Auto] {
        let client = client(&url(proxy.address), era).await;
        assert_eq!(client.server_info().unwrap().name, "greeter");
        let answer =
            within("an answer", client.call_tool("greet", json!({})).into_future()).await.unwrap();
        assert_eq!(answer.text(), "hello, Ada");
        client.close().await;
    }
}

#[tokio::test]
async fn one_connection_may_speak_both_eras() {
    let proxy = proxy(patient_limits()).await;
    let mut socket = Socket::legacy(proxy.address).await;
    let params = json!({ "name": "echo", "arguments": { "name": "modern" } });
    let answer = socket.ask(&modern_request(7, "tools/call", params)).await;
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    let answer = socket.ask(&call(7, "echo", json!({ "name": "legacy" }))).await;
    assert_eq!(answer["result"]["content"][0]["text"], "legacy", "{answer}");
}

#[tokio::test]
async fn answers_of_eight_clients_with_the_same_ids_never_cross() {
    let proxy = proxy(patient_limits()).await;
    let clients = (0..8).map(|client| async move {
        let mut socket = Socket::legacy(proxy.address).await;
        for round in 0..50 {
            for id in 0..4 {
                let mark = format!("{client}-{round}-{id}");
                socket.send(&call(id, "echo", json!({ "name": mark }))).await;
            }
            for _ in 0..4 {
                let answer = socket.next().await;
                let mark = format!("{client}-{round}-{}", answer["id"]);
                assert_eq!(answer["result"]["content"][0]["text"], *mark);
            }
        }
    });
    join_all(clients).await;
}

#[tokio::test]
async fn what_is_no_client_of_ours_gets_no_web_socket() {
    let key = ApiKey { name: "alice".into(), key: Secret::new("a-key-of-alice".to_owned()) };
    let proxy = Proxy::start(Target::in_process(server()), patient_limits(), |config| {
        config.endpoint.auth = Arc::new(Keys::new(vec![key]).unwrap());
    });
    let proxy = proxy.await;
    let address = proxy.address;
    let known = ("authorization", "Bearer a-key-of-alice");
    assert_eq!(refusal(address, &[]).await, 401);
    assert_eq!(refusal(address, &[("authorization", "Bearer x")]).await, 401);
    assert_eq!(refusal(address, &[known, ("origin", "https://evil.example")]).await, 403);
    assert_eq!(refusal(address, &[known, ("host", "evil.example")]).await, 403);
    assert_eq!(refusal(address, &[known, ("sec-websocket-version", "8")]).await, 426);
    assert_eq!(refusal(address, &[known, ("sec-websocket-protocol", "chat")]).await, 400);
    assert!(Socket::open_with(address, &[known]).await.is_ok());

    let ask = Ask::post(&json!({})).header(known.0, known.1);
    assert_eq!(send(address, &ask.path("/ws")).await.status, 405);
}

#[tokio::test]
async fn without_a_path_there_is_no_web_socket() {
    let proxy = Proxy::start(Target::in_process(server()), patient_limits(), |config| {
        config.endpoint.web_socket_path = None;
    });
    let proxy = proxy.await;
    assert_eq!(refusal(proxy.address, &[]).await, 404);
}

#[tokio::test]
async fn what_a_client_must_not_send_has_its_close_code() {
    let mut limits = patient_limits();
    limits.messages.bytes_max = 10_000;
    limits.web_socket.ping_interval = Duration::from_millis(50);
    limits.web_socket.pong_timeout = Duration::from_millis(50);
    let proxy = proxy(limits).await;

    let mut socket = Socket::legacy(proxy.address).await;
    socket.0.send(Message::binary(b"{}".to_vec())).await.unwrap();
    assert_eq!(socket.close_code().await, Some(1003));

    let mut socket = Socket::legacy(proxy.address).await;
    let long = call("long", "echo", json!({ "name": "x".repeat(20_000) }));
    let refused = socket.ask(&long).await;
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!("long"), &json!(-32600)));
    assert_eq!(socket.close_code().await, Some(1009));

    // A stream that is not read answers no pings.
    let socket = Socket::legacy(proxy.address).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(socket.close_code().await, Some(1008));
}

#[tokio::test]
async fn drain_lets_running_calls_finish_and_closes_with_1012() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let mut socket = Socket::legacy(proxy.address).await;
    let idle = Socket::open(proxy.address).await;
    socket.send(&call(1, "slow", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    proxy.shutdown.drain();
    assert_eq!(idle.close_code().await, Some(1012));
    running.tool_text("in peace").await;
    assert_eq!(socket.next().await["result"]["content"][0]["text"], "in peace");
    assert_eq!(socket.close_code().await, Some(1012));
    assert_eq!(proxy.drained().await, Drained::Complete);
}

#[tokio::test]
async fn an_upstream_at_a_web_socket_serves_clients_of_both_eras_over_http() {
    let upstream = proxy(patient_limits()).await;
    let target = Target::url(&url(upstream.address), patient_limits()).unwrap();
    let proxy = Proxy::start(target, patient_limits(), |_| {}).await;
    for era in [EraMode::Legacy, EraMode::Modern] {
        let client = client(&format!("http://{}/mcp", proxy.address), era).await;
        let answer =
            within("an answer", client.call_tool("greet", json!({})).into_future()).await.unwrap();
        assert_eq!(answer.text(), "hello, Ada");
        client.close().await;
    }
}

#[tokio::test]
async fn a_flag_says_that_a_url_is_that_of_a_web_socket() {
    let upstream = Program::everything(&[]).await;
    let socket = format!("http://{}/ws", upstream.address);
    let listed = eyot(&["list", "--transport", "ws", &socket]).await;
    assert_eq!(listed.code, 0, "{}", listed.err);

    let folder = tempfile::tempdir().unwrap();
    let flags = ["--transport", "ws", "--upstream", &socket].map(str::to_owned);
    let proxy = Program::serve("127.0.0.1:0", &folder.path().join("sessions.db"), &flags).await;
    let listed = eyot(&["list", &proxy.url()]).await;
    assert_eq!(listed.code, 0, "{}", listed.err);
}

#[tokio::test]
async fn a_flag_and_a_url_of_two_transports_are_wrong_usage() {
    let at = "ws://127.0.0.1:1/ws";
    for words in [
        &["list", "--transport", "http", at][..],
        &["connect", "--transport", "sse", at],
        &["serve", "--listen", "127.0.0.1:0", "--transport", "http", "--upstream", at],
    ] {
        let ran = eyot(words).await;
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.err);
        assert!(ran.err.contains("ws:// is the URL of a WebSocket"), "{}", ran.err);
    }
    for words in [
        &["connect", "--transport", "ws", "unix:/no/such.sock#/mcp"][..],
        &["serve", "--forward", "--allow", "https://a.example/*", "--transport", "ws"],
    ] {
        let ran = eyot(words).await;
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.err);
        assert!(ran.err.contains("--transport ws is for"), "{}", ran.err);
    }
}

#[tokio::test]
async fn a_session_goes_on_over_a_new_connection_when_its_upstream_was_restarted() {
    let upstream = Program::everything(&[]).await;
    let address = upstream.address;
    let target = Target::url(&url(address), patient_limits()).unwrap();
    let proxy = Proxy::start(target, patient_limits(), |config| config.era = EraMode::Legacy).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let ask = call(1, "test_simple_text", json!({}));
    assert!(session.send(&ask).await.json()["result"].is_object());

    upstream.kill().await;
    let mut command = tokio::process::Command::new(crate::support::program::program());
    command.args(["--json", "everything", "--listen", &address.to_string()]);
    let _again = Program::start(&mut command).await;
    assert!(session.send(&ask).await.json()["result"].is_object());
}

#[tokio::test]
async fn the_web_socket_of_node_is_served_in_both_eras() {
    let Some(peers) = Peers::find(&["node24"]) else { return };
    let program = Program::everything(&[]).await;
    let client = [peers.node(), script("web_socket.mjs")];
    run(&peers, &client, &[url(program.address)], CLIENT_PATIENCE).await;
}
