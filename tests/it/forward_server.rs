//! A proxy whose clients name the upstream: only what is allowed is reached, at the address that was
//! judged, and nothing of one upstream is of use at another.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eyot::session::LogLimits;
use eyot::{
    AddressPolicy, AllowList, ClientTls, Connector, Drained, ForwardConfig, Limits, MemoryStore,
    Proxies, ProxyConfig, Resolve, Resolving, ReverseProxy,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::commands::eyot;
use crate::peers::{CLIENT_PATIENCE, Peers, Server, everything_over_http, run, script};
use crate::support::rounds::{self, accept, again, asked, elicit};
use crate::support::{
    Ask, Habits, Program, Response, Session, Upstream, agreed, call, initialize, modern_ask,
    modern_request, no_tools, note, patient_limits, send, tool_text, within,
};

/// The path that names a URL.
fn to(url: &str) -> String {
    format!("/to/{}", url.replacen("://", "/", 1))
}

/// A program that goes to any server of this machine, with its store in `folder`.
async fn program(folder: &Path, port: u16, upstreams: &[&Upstream], more: &[&str]) -> Program {
    let store = folder.join("sessions.db");
    let mut flags = vec!["--forward".to_owned()];
    for upstream in upstreams {
        flags.extend(["--allow".to_owned(), format!("http://{}/*", upstream.address)]);
    }
    flags.extend(more.iter().map(|it| (*it).to_owned()));
    Program::serve(&format!("127.0.0.1:{port}"), &store, &flags).await
}

const NET: [&str; 2] = ["--allow-net", "127.0.0.0/8"];

async fn open(program: &Program, upstream: &Upstream) -> Session {
    Session::open_at(program.address, &to(&upstream.url()), ("2025-11-25", None)).await
}

/// Calls a tool; the upstream answers with `text`.
async fn check_call(session: &Session, upstream: &mut Upstream, text: &str) {
    let mut calling = session.start(&call(1, "echo", json!({}))).await;
    upstream.expect("tools/call").await.tool_text(text).await;
    let answer = calling.response().await.json();
    assert_eq!(answer["result"]["content"][0]["text"], text, "{answer}");
}

#[track_caller]
fn assert_refused(answer: &Response, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains(words), "{message}");
}

/// Nothing was sent, because of where the name leads.
#[track_caller]
fn assert_forbidden(answer: &Response) {
    assert_eq!(answer.status, 403, "{}", answer.text());
    let data = answer.json()["error"]["data"].clone();
    assert_eq!(data["reason"], "upstream's address is not allowed here", "{data}");
    assert_eq!(data["outcome"], "not_sent", "{data}");
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_client_uses_every_method_of_the_upstream_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let habits = Habits::new().with_stream();
    let mut upstream = Upstream::with(&habits).await;
    let program = program(folder.path(), 0, &[&upstream], &NET).await;
    let session = open(&program, &upstream).await;
    check_call(&session, &mut upstream, "one").await;

    let get = session.get();
    let listening = session.begin(&get);
    let serving = async {
        let opened = upstream.next().await;
        assert_eq!(opened.http_method(), "GET");
        opened.events().await
    };
    let (stream, mut events) = tokio::join!(listening, serving);
    let changed = note("notifications/tools/list_changed", json!({}));
    events.message(&changed).await;
    let mut stream = stream.events();
    assert_eq!(stream.next_message().await.message(), changed);

    let ended = session.ask(&session.delete()).await;
    assert_eq!(ended.status, 204, "{}", ended.text());
    habits.all_closed().await;
    let gone = session.send(&call(2, "echo", json!({}))).await;
    assert_refused(&gone, 404, "session not found");
}

#[tokio::test(flavor = "multi_thread")]
async fn modern_client_calls_the_upstream_that_it_names_with_its_query() {
    let folder = tempfile::tempdir().unwrap();
    let mut upstream = Upstream::with(&Habits::new()).await;
    let program = program(folder.path(), 0, &[&upstream], &NET).await;
    let request = modern_request(7, "tools/call", json!({ "name": "echo", "arguments": {} }));
    let path = format!("{}?project=1", to(&upstream.url()));
    let ask = modern_ask(&request).path(path);
    let serving = async {
        // It is legacy: the bridge opens a session there.
        loop {
            let asked = upstream.next().await;
            assert!(
                asked.head.first_line.contains(" /mcp?project=1 "),
                "{}",
                asked.head.first_line
            );
            match asked.method().as_str() {
                "tools/list" => asked.result(no_tools()).await,
                "tools/call" => break asked.tool_text("found").await,
                other => panic!("{other}"),
            }
        }
    };
    let (answer, ()) = tokio::join!(send(program.address, &ask), serving);
    assert_eq!(answer.json()["result"]["content"][0]["text"], "found", "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_is_forbidden_in_every_spelling() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::bare().await;
    let flags = ["--allow", "https://*.example.com/api/*", "--allow-net", "127.0.0.0/8"];
    let program = program(folder.path(), 0, &[], &flags).await;
    let at = upstream.address;
    for path in [
        format!("/to/http/{at}/mcp"),
        format!("/to/http/2130706433:{}/mcp", at.port()),
        format!("/to/http/0x7f.1:{}/mcp", at.port()),
        "/to/https/example.com/api/mcp".to_owned(),
        "/to/https/a.example.com/admin".to_owned(),
        "/to/https/a.example.com/api/%2e%2e/admin".to_owned(),
        "/to/https/a.example.com:8443/api/mcp".to_owned(),
        "/to/https/a.example.com.evil.example/api/mcp".to_owned(),
    ] {
        for ask in [Ask::post(&initialize("2025-11-25")), Ask::get(), Ask::delete()] {
            let answer = send(program.address, &ask.path(&path)).await;
            assert_refused(&answer, 403, "not among those that the proxy goes to");
        }
    }
    for path in
        ["/to/https/a@b.example.com/api/", "/to/https/a.example.com/api/..%2fadmin", "/to/x/y/"]
    {
        let answer = send(program.address, &Ask::get().path(path)).await;
        assert_refused(&answer, 400, "/to/https/HOST/PATH");
    }
    for path in ["/mcp", "/sse", "/ws", "/messages/", "/", "/to"] {
        assert_eq!(send(program.address, &Ask::get().path(path)).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inner_addresses_are_forbidden_unless_their_network_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let patterns = ["localhost", "127.0.0.1"].map(|host| format!("http://{host}:{port}/*"));
    let flags = ["--allow", &patterns[0], "--allow", &patterns[1]];
    let program = program(folder.path(), 0, &[], &flags).await;
    for host in ["localhost", "LOCALHOST.", "127.0.0.1", "127.1", "0x7f000001"] {
        let path = format!("/to/http/{host}:{port}/mcp");
        let legacy = send(program.address, &Ask::post(&initialize("2025-11-25")).path(&path)).await;
        assert_forbidden(&legacy);
        assert!(!legacy.text().contains("127.0.0.1"), "{}", legacy.text());
        let request = modern_request(1, "tools/list", json!({}));
        let modern = send(program.address, &modern_ask(&request).path(&path)).await;
        assert_forbidden(&modern);
    }
    let accepted = tokio::time::timeout(std::time::Duration::ZERO, listener.accept()).await;
    assert!(accepted.is_err(), "nothing has connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_credentials_of_one_side_reaches_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut upstream = Upstream::bare().await;
    let more = ["--allow-net", "127.0.0.1", "--api-key", "ada=of-the-client-0123456789"];
    let program = program(folder.path(), 0, &[&upstream], &more).await;
    let path = to(&upstream.url());
    let secret = |ask: Ask| {
        ask.path(&path)
            .header("authorization", "Bearer of-the-client-0123456789")
            .header("cookie", "session=of-the-client")
            .header("x-api-key", "of-the-client")
            .header("proxy-authorization", "Basic of-the-client")
            .header("x-forwarded-for", "of-the-client")
            .header("x-anything", "of-the-client")
    };
    let serving = async {
        let opened = upstream.next().await;
        let result = opened.result_message(agreed(&opened.message())).to_string();
        let heads = format!("{:?}", opened.head);
        let headers = "content-type: application/json\r\nset-cookie: a=of-the-upstream\r\n\
                       authorization: of-the-upstream\r\nx-api-key: of-the-upstream\r\n";
        opened.respond(200, headers, result.as_bytes()).await;
        heads
    };
    let ask = secret(Ask::post(&initialize("2025-11-25")));
    let (answer, seen) = tokio::join!(send(program.address, &ask), serving);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!seen.contains("of-the-client"), "{seen}");
    assert!(!format!("{:?}", answer.head).contains("of-the-upstream"), "{:?}", answer.head);

    let unknown = send(program.address, &Ask::get().path("/to/https/evil.example/")).await;
    assert_eq!(unknown.status, 401, "first comes who asks, then what for");
}

#[tokio::test(flavor = "multi_thread")]
async fn session_of_one_upstream_is_unknown_at_another_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (first_habits, second_habits) = (Habits::new(), Habits::new());
    let mut first = Upstream::with(&first_habits).await;
    let mut second = Upstream::with(&second_habits).await;
    let port = crate::support::program::free_port();
    let mut eyot = program(folder.path(), port, &[&first, &second], &NET).await;
    let (session, other) = (open(&eyot, &first).await, open(&eyot, &second).await);
    let query = format!("{}?project=2", to(&first.url()));
    for life in ["first", "second"] {
        for path in [to(&second.url()), query.clone()] {
            let elsewhere = session.at(&path);
            let asks = [
                elsewhere.post(&call(1, "echo", json!({}))),
                elsewhere.post(&note("notifications/initialized", json!({}))),
                elsewhere.get(),
                elsewhere.delete(),
            ];
            for ask in asks {
                let answer = elsewhere.ask(&ask).await;
                assert_refused(&answer, 404, "session not found");
            }
        }
        if life == "first" {
            eyot.kill().await;
            eyot = program(folder.path(), port, &[&first, &second], &NET).await;
        }
    }
    // It goes on where it was opened, in the session there.
    check_call(&session, &mut first, "still here").await;
    assert_eq!(first_habits.initializes().len(), 1);
    check_call(&other, &mut second, "here, too").await;
    let ended = other.ask(&other.delete()).await;
    assert_eq!(ended.status, 204, "{}", ended.text());
    second_habits.all_closed().await;
    assert_eq!(first_habits.sessions_open(), 1);
    drop(eyot);
}

#[tokio::test(flavor = "multi_thread")]
async fn session_heals_when_the_upstream_has_forgotten_it() {
    let folder = tempfile::tempdir().unwrap();
    let habits = Habits::new();
    let mut upstream = Upstream::with(&habits).await;
    let program = program(folder.path(), 0, &[&upstream], &NET).await;
    let session = open(&program, &upstream).await;
    habits.forget();
    check_call(&session, &mut upstream, "healed").await;
    assert_eq!(habits.initializes().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_call_goes_on_at_its_own_upstream_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Upstream::with(&Habits::new().with_notes()).await;
    let second = Upstream::with(&Habits::new()).await;
    let program = program(folder.path(), 0, &[&first, &second], &NET).await;
    let request = rounds::call(1, "greet");
    let path = to(&first.url());
    let serving = async {
        let called = first.next_call().await;
        let id = called.id();
        let mut events = called.events().await;
        events.event("e1", &elicit(5, "Who?")).await;
        (id, events)
    };
    let ask = modern_ask(&request).path(&path);
    let (question, (id, mut events)) = tokio::join!(send(program.address, &ask), serving);
    let question = question.json();
    let (key, text) = asked(&question);
    assert_eq!(text, "Who?");

    let answers: Value = json!({ key: accept("Ada") });
    let next = modern_ask(&again(request, 2, &question, answers));
    let elsewhere = send(program.address, &next.clone().path(to(&second.url()))).await.json();
    assert_eq!(elsewhere["error"]["code"], -32602, "{elsewhere}");

    let next = next.path(&path);
    let serving = async {
        let answered = first.next().await;
        assert_eq!(answered.message()["result"]["content"]["name"], "Ada");
        answered.accept().await;
        let result = tool_text("hello, Ada");
        events.message(&json!({ "jsonrpc": "2.0", "id": id, "result": result })).await;
        events.end().await;
    };
    let (answer, ()) = tokio::join!(send(program.address, &next), serving);
    assert_eq!(answer.json()["result"]["content"][0]["text"], "hello, Ada", "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn redirect_to_another_origin_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let mut upstream = Upstream::bare().await;
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let program = program(folder.path(), 0, &[&upstream], &NET).await;
    let elsewhere = format!("location: http://{}/mcp\r\n", other.local_addr().unwrap());
    for location in [elsewhere.as_str(), "location: http://169.254.169.254/latest\r\n"] {
        let ask = Ask::post(&initialize("2025-11-25")).path(to(&upstream.url()));
        let serving = async { upstream.next().await.respond(307, location, b"").await };
        let (answer, ()) = tokio::join!(send(program.address, &ask), serving);
        assert!(answer.json()["error"].is_object(), "{}", answer.text());
    }
    let accepted = tokio::time::timeout(std::time::Duration::ZERO, other.accept()).await;
    assert!(accepted.is_err(), "nothing has connected");
}

/// A forward server in this process.
struct Forward {
    address: SocketAddr,
    _serving: JoinSet<Drained>,
}

impl Forward {
    async fn start(pattern: &str, connector: Connector, limits: Limits) -> Self {
        let mut config = ProxyConfig::new(Arc::new(MemoryStore::new(LogLimits::default())));
        config.endpoint.limits = limits;
        let mut forward = ForwardConfig::new(AllowList::new([pattern.parse().unwrap()]));
        forward.connector = connector;
        let server = ReverseProxy::of_named(forward, config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move { server.serve(listener).await });
        Self { address, _serving: serving }
    }
}

/// Leads to an address that is allowed, and from the second look-up on to another one.
#[derive(Debug)]
struct Rebinding {
    addresses: [SocketAddr; 2],
    asked: AtomicUsize,
}

impl Resolve for Rebinding {
    fn resolve<'a>(&'a self, _authority: &'a str) -> Resolving<'a> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let address = self.addresses[asked.min(1)];
        Box::pin(async move { Ok::<_, io::Error>(vec![address]) })
    }
}

fn to_this_machine() -> Connector {
    let connector = Connector::new(ClientTls::default(), Proxies::none());
    connector.to_addresses(AddressPolicy::public_and(["127.0.0.1".parse().unwrap()]))
}

#[tokio::test(flavor = "multi_thread")]
async fn name_that_is_bound_anew_leads_nowhere() {
    let mut upstream = Upstream::bare().await;
    let inner = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let addresses = [upstream.address, inner.local_addr().unwrap()];
    let names = Rebinding { addresses, asked: AtomicUsize::new(0) };
    let connector = to_this_machine().with_resolver(Arc::new(names));
    let pattern = "http://rebinding.example/*";
    let proxy = Forward::start(pattern, connector, patient_limits()).await;
    let ask = Ask::post(&initialize("2025-11-25")).path("/to/http/rebinding.example/mcp");
    let serving = async {
        let opened = upstream.next().await;
        assert_eq!(opened.header("host"), Some("rebinding.example"));
        let result = opened.result_message(agreed(&opened.message())).to_string();
        // The next request needs a new connection, and so another look-up.
        let headers = "content-type: application/json\r\nconnection: close\r\n";
        opened.respond(200, headers, result.as_bytes()).await;
    };
    let (first, ()) = tokio::join!(send(proxy.address, &ask), serving);
    assert_eq!(first.status, 200, "{}", first.text());
    for _ in 0..3 {
        let again = send(proxy.address, &ask).await;
        assert_forbidden(&again);
    }
    let accepted = tokio::time::timeout(std::time::Duration::ZERO, inner.accept()).await;
    assert!(accepted.is_err(), "nothing has connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn upstream_with_a_session_keeps_its_place_until_the_session_ends() {
    let habits = Habits::new();
    let upstream = Upstream::with(&habits).await;
    let mut limits = patient_limits();
    limits.upstream.targets_max = 1;
    let pattern = format!("http://{}/*", upstream.address);
    let proxy = Forward::start(&pattern, to_this_machine(), limits).await;
    let path = to(&upstream.url());
    let session = Session::open_at(proxy.address, &path, ("2025-11-25", None)).await;
    let other = Ask::post(&initialize("2025-11-25")).path(format!("{path}?other"));
    let full = send(proxy.address, &other).await;
    assert_eq!(full.status, 503, "{}", full.text());
    assert_eq!(full.json()["error"]["data"]["limit"], "targets", "{}", full.text());
    assert!(full.head.header("retry-after").is_some());
    assert_eq!(session.ask(&session.delete()).await.status, 204);
    habits.all_closed().await;
    let opened = within("a free place", async {
        loop {
            // The farewell to the upstream may not be over.
            let answer = send(proxy.address, &other).await;
            if answer.status != 503 {
                break answer;
            }
        }
    });
    assert_eq!(opened.await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_that_make_no_sense_with_many_upstreams_are_refused() {
    let allow = ["serve", "--forward", "--allow", "https://*.example.com/*"];
    for more in [
        &["--upstream-token", "env:TOKEN"][..],
        &["--upstream-header", "X-Tenant:t1"],
        &["--upstream", "http://127.0.0.1:1/mcp"],
        &["--client-cert", "a.pem", "--client-key", "b.pem"],
        &["--env", "A=b"],
        &["--", "server"],
    ] {
        let ran = eyot(&[&allow[..], more].concat()).await;
        assert_eq!(ran.code, 2, "{more:?}: {}", ran.err);
        assert!(ran.err.contains("--forward") || ran.err.contains("--upstream"), "{}", ran.err);
    }
    for (args, words) in [
        (&["serve", "--forward"][..], "--allow"),
        (&["serve", "--allow", "https://example.com/*", "--", "server"], "--forward"),
        (&["serve", "--forward", "--allow", "https://example.com"], "no path"),
        (&["serve", "--forward", "--allow", "https://a/*", "--allow-net", "10/8"], "no network"),
    ] {
        let ran = eyot(args).await;
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_clients_use_every_feature_of_foreign_servers_by_their_names() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let everything = everything_over_http(&peers).await;
    let modern = [peers.node(), script("server_modern.mjs"), "http".to_owned(), "0".to_owned()];
    let modern = Server::start(&modern).await;
    let port = |url: &str| url.rsplit(':').next().unwrap().split('/').next().unwrap().to_owned();
    let patterns = [&everything.url, &modern.url].map(|it| {
        let host = if it.contains("localhost") { "localhost" } else { "127.0.0.1" };
        format!("http://{host}:{}/*", port(it))
    });
    let flags = ["--allow", &patterns[0], "--allow", &patterns[1], "--allow-net", "127.0.0.1"];
    let program = program(folder.path(), 0, &[], &flags).await;
    let client = [peers.node(), script("client_ts1.mjs")];
    let url = format!("http://{}{}", program.address, to(&everything.url));
    run(&peers, &client, &[url], CLIENT_PATIENCE).await;
    // Legacy clients before a server that is modern alone, in the same process.
    crate::bridge_peers::check_features(&format!("http://{}{}", program.address, to(&modern.url)))
        .await;
}
