//! Many servers behind one endpoint: clients of both eras see them as one.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::support::offering::{Gateway, Offering, at_urls, names_in};
use crate::support::{
    Ask, Beside, Connection, Program, Session, Upstream, call, initialize, modern_ask,
    modern_request, note, send, within,
};

/// The answer to a request, which comes alone or as the last of a stream.
async fn answer(address: SocketAddr, ask: &Ask) -> Value {
    let mut connection = Connection::open(address).await;
    connection.ask(ask).await;
    let (mut messages, _) = connection.messages().await;
    let answer = messages.pop().expect("an answer comes");
    assert_eq!(answer["id"], 7, "{answer}");
    answer
}

pub(crate) async fn ask(session: &Session, method: &str, params: Value) -> Value {
    let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
    answer(session.address, &session.post(&request)).await
}

async fn ask_modern(gateway: &Gateway, method: &str, params: Value) -> Value {
    let request = modern_request(7, method, params);
    answer(gateway.address(), &modern_ask(&request)).await
}

async fn open(gateway: &Gateway) -> Session {
    Session::open(gateway.address(), "2025-11-25").await
}

/// Two servers that share a tool, a prompt and a URI.
struct Two {
    a: std::sync::Arc<Offering>,
    b: std::sync::Arc<Offering>,
    gateway: Gateway,
    _upstreams: [Upstream; 2],
}

impl Two {
    async fn open() -> Self {
        Self::with(&["echo", "alone", "ask"], &["echo", "other", "ask"]).await
    }

    async fn with(of_a: &[&str], of_b: &[&str]) -> Self {
        let (a, b) = (Offering::new("a", of_a), Offering::new("b", of_b));
        let upstreams = [a.open().await, b.open().await];
        let [at_a, at_b] = upstreams.each_ref().map(Upstream::url);
        let gateway = Gateway::before(&[("b", at_b), ("a", at_a)]).await;
        Self { a, b, gateway, _upstreams: upstreams }
    }
}

/// What each request must say, whatever the era of the client.
const ANSWERS: [(&str, &str, &str); 12] = [
    ("tools/call", r#"{"name":"a_echo","arguments":{"mark":"1"}}"#, "a echo 1"),
    ("tools/call", r#"{"name":"b_echo","arguments":{"mark":"2"}}"#, "b echo 2"),
    ("tools/call", r#"{"name":"alone","arguments":{"mark":"3"}}"#, "a alone 3"),
    ("tools/call", r#"{"name":"other","arguments":{"mark":"4"}}"#, "b other 4"),
    ("prompts/get", r#"{"name":"b_write"}"#, "b write"),
    ("prompts/get", r#"{"name":"only-a"}"#, "a only-a"),
    ("resources/read", r#"{"uri":"b:own"}"#, r#""text":"b""#),
    ("resources/read", r#"{"uri":"a:own"}"#, r#""text":"a""#),
    ("resources/read", r#"{"uri":"all:one"}"#, r#""text":"a""#),
    ("resources/read", r#"{"uri":"b://7/row"}"#, r#""text":"b""#),
    (
        "completion/complete",
        r#"{"ref":{"type":"ref/prompt","name":"b_write"},"argument":{"name":"x","value":""}}"#,
        r#"["b","{\"name\":\"write\""#,
    ),
    (
        "completion/complete",
        r#"{"ref":{"type":"ref/resource","uri":"b://{id}/row"},"argument":{"name":"id","value":""}}"#,
        r#"["b""#,
    ),
];

#[track_caller]
fn check_lists(lists: &[Value]) {
    let [tools, prompts, resources, templates] = lists else { panic!("{lists:?}") };
    let names = names_in(&tools["result"], "tools", "name");
    assert_eq!(Vec::from_iter(names), ["a_ask", "a_echo", "alone", "b_ask", "b_echo", "other"]);
    let names = names_in(&prompts["result"], "prompts", "name");
    assert_eq!(Vec::from_iter(names), ["a_write", "b_write", "only-a", "only-b"]);
    let names = names_in(&resources["result"], "resources", "uri");
    assert_eq!(Vec::from_iter(names), ["a:own", "all:one", "b:own"]);
    let hidden = &resources["result"]["_meta"]["io.eyot/hidden"];
    assert_eq!(*hidden, json!([{ "uri": "all:one", "server": "b", "shown": "a" }]));
    let names = names_in(&templates["result"], "resourceTemplates", "uriTemplate");
    assert_eq!(Vec::from_iter(names), ["a://{id}/row", "b://{id}/row"]);
}

const LISTS: [&str; 4] =
    ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];

#[tokio::test(flavor = "multi_thread")]
async fn a_legacy_client_sees_both_servers_as_one() {
    let two = Two::open().await;
    let session = open(&two.gateway).await;
    let mut lists = Vec::new();
    for method in LISTS {
        lists.push(ask(&session, method, json!({})).await);
    }
    check_lists(&lists);
    for (method, params, expected) in ANSWERS {
        let answer = ask(&session, method, serde_json::from_str(params).unwrap()).await;
        assert!(answer["result"].to_string().contains(expected), "{method} {params}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modern_client_sees_both_servers_as_one() {
    let two = Two::open().await;
    let mut lists = Vec::new();
    for method in LISTS {
        lists.push(ask_modern(&two.gateway, method, json!({})).await);
    }
    check_lists(&lists);
    for (method, params, expected) in ANSWERS {
        let answer = ask_modern(&two.gateway, method, serde_json::from_str(params).unwrap()).await;
        assert!(answer["result"].to_string().contains(expected), "{method} {params}: {answer}");
        assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_leads_to_its_server_before_anything_was_listed() {
    let two = Two::open().await;
    for (method, params, expected) in ANSWERS {
        let session = open(&two.gateway).await;
        let answer = ask(&session, method, serde_json::from_str(params).unwrap()).await;
        assert!(answer["result"].to_string().contains(expected), "{method} {params}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_server_has_is_refused_in_words() {
    let two = Two::open().await;
    let session = open(&two.gateway).await;
    for (method, params, words) in [
        ("tools/call", json!({ "name": "none" }), "Unknown tool: none"),
        ("tools/call", json!({ "name": "echo" }), "Unknown tool: echo"),
        ("prompts/get", json!({ "name": "none" }), "Unknown prompt: none"),
        ("tools/call", json!({}), "`name` is missing"),
        ("completion/complete", json!({}), "`ref` is missing"),
        ("resources/subscribe", json!({}), "`uri` is missing"),
        ("tools/list", json!({ "cursor": "forged" }), "cursor is not known"),
    ] {
        let answer = ask(&session, method, params).await;
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
    let answer = ask(&session, "odd/method", json!({})).await;
    assert_eq!(answer["error"]["code"], -32601, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_path_has_all_servers_and_others_each_alone() {
    let two = Two::open().await;
    let (all, address) = (open(&two.gateway).await, two.gateway.address());
    let alone = Session::open_at(address, "/mcp/b", ("2025-11-25", None)).await;
    let tools = ask(&alone, "tools/list", json!({})).await;
    let names = names_in(&tools["result"], "tools", "name");
    assert_eq!(Vec::from_iter(names), ["ask", "echo", "other"]);
    let answer = ask(&alone, "tools/call", json!({ "name": "echo" })).await;
    assert_eq!(answer["result"]["content"][0]["text"], "b echo ");
    // A session belongs to the path that it was opened at.
    for (session, path) in [(&all, "/mcp/b"), (&alone, "/mcp"), (&alone, "/mcp/a")] {
        let answer = session.at(path).send(&call(1, "echo", json!({}))).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
    for path in ["/mcp/c", "/mcp/a/b", "/mcpa"] {
        let ask = Ask::post(&initialize("2025-11-25")).path(path);
        assert_eq!(send(address, &ask).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_server_is_asked_before_it_is_needed() {
    let two = Two::open().await;
    let opened = || [&two.a, &two.b].map(|it| it.habits.initializes().len());
    let (one, other) = (open(&two.gateway).await, open(&two.gateway).await);
    ask(&one, "ping", json!({})).await;
    ask(&one, "logging/setLevel", json!({ "level": "info" })).await;
    assert_eq!(opened(), [0, 0]);
    ask(&one, "tools/list", json!({})).await;
    assert_eq!(opened(), [1, 1]);
    // The level that was set before holds in the sessions that are opened later.
    assert_eq!([&two.a, &two.b].map(|it| it.times("logging/setLevel info")), [1, 1]);
    // Another client that is told the same gets the list that is known, and is joined with what it calls.
    ask(&other, "tools/list", json!({})).await;
    assert_eq!(opened(), [1, 1]);
    ask(&other, "tools/call", json!({ "name": "b_echo" })).await;
    assert_eq!(opened(), [1, 2]);
    assert_eq!([&two.a, &two.b].map(|it| it.times("tools/list")), [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_under_one_id_are_answered_to_the_servers_that_asked() {
    let two = Two::open().await;
    let session = open(&two.gateway).await;
    ask(&session, "tools/list", json!({})).await;
    let mut calling = Vec::new();
    for tool in ["a_ask", "b_ask"] {
        let begun = session.begin(&session.post(&call(tool, tool, json!({})))).await;
        let mut events = begun.events();
        let question = events.next_message().await.message();
        assert_eq!(question["method"], "elicitation/create", "{question}");
        calling.push((tool, events, question));
    }
    assert_ne!(calling[0].2["id"], calling[1].2["id"]);
    // The later one is answered first.
    for (tool, events, question) in calling.iter_mut().rev() {
        let content = json!({ "action": "accept", "content": { "text": *tool } });
        let answer = json!({ "jsonrpc": "2.0", "id": question["id"], "result": content });
        assert_eq!(session.send(&answer).await.status, 202);
        let answer = events.next_message().await.message();
        let server = tool.split('_').next().unwrap();
        assert_eq!(answer["result"]["content"][0]["text"], format!("{server} heard \"{tool}\""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modern_client_is_asked_by_the_server_that_it_has_called() {
    let two = Two::open().await;
    let capable = |params: Value| {
        let mut request = modern_request(7, "tools/call", params);
        request["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
            json!({ "elicitation": {} });
        request
    };
    for tool in ["b_ask", "a_ask"] {
        let asked = modern_ask(&capable(json!({ "name": tool })));
        let result = answer(two.gateway.address(), &asked).await["result"].clone();
        assert_eq!(result["resultType"], "input_required", "{result}");
        let (key, _) = result["inputRequests"].as_object().unwrap().iter().next().unwrap();
        let mut params = json!({ "name": tool, "requestState": result["requestState"] });
        params["inputResponses"][key] = json!({ "action": "accept", "content": { "text": tool } });
        let answer = answer(two.gateway.address(), &modern_ask(&capable(params))).await;
        let server = tool.split('_').next().unwrap();
        let text = format!("{server} heard \"{tool}\"");
        assert_eq!(answer["result"]["content"][0]["text"], text, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_hears_of_all_its_servers_on_one_stream() {
    let two = Two::open().await;
    let session = open(&two.gateway).await;
    let mut stream = session.begin(&session.get()).await.events();
    ask(&session, "tools/list", json!({})).await;
    for server in [&two.a, &two.b] {
        server.heard_by(1).await;
        let said = note("notifications/message", json!({ "level": "info", "data": "x" }));
        server.say(said.clone());
        assert_eq!(stream.next_message().await.message(), said);
    }
    two.b.change_tools(&["new"]);
    let changed = stream.next_message().await.message();
    assert_eq!(changed["method"], "notifications/tools/list_changed");
    let tools = ask(&session, "tools/list", json!({})).await;
    let names = names_in(&tools["result"], "tools", "name");
    // The name of the other one is clear now.
    assert_eq!(Vec::from_iter(names), ["alone", "ask", "echo", "new"]);
    // What the client was told before still leads there.
    for name in ["a_echo", "echo"] {
        let answer = ask(&session, "tools/call", json!({ "name": name })).await;
        assert_eq!(answer["result"]["content"][0]["text"], "a echo ", "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_made_where_its_resource_is() {
    let two = Two::open().await;
    let session = open(&two.gateway).await;
    for uri in ["a:own", "b:own", "b://1/row"] {
        let answer = ask(&session, "resources/subscribe", json!({ "uri": uri })).await;
        assert_eq!(answer["result"], json!({}), "{answer}");
    }
    assert_eq!(two.a.times("resources/subscribe a:own"), 1);
    assert_eq!(two.b.times("resources/subscribe b:own"), 1);
    assert_eq!(two.b.times("resources/subscribe b://1/row"), 1);
    // A server that forgets its sessions is told anew of its own, and the other hears nothing.
    two.b.habits.forget();
    let answer = ask(&session, "tools/call", json!({ "name": "b_echo" })).await;
    assert_eq!(answer["result"]["content"][0]["text"], "b echo ", "{answer}");
    assert_eq!(two.b.times("resources/subscribe b:own"), 2);
    assert_eq!(two.b.times("resources/subscribe a:own"), 0);
    assert_eq!(two.a.times("resources/subscribe a:own"), 1);
    assert_eq!([&two.a, &two.b].map(|it| it.habits.initializes().len()), [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modern_subscription_hears_of_all_servers() {
    let two = Two::open().await;
    let wants = json!({ "toolsListChanged": true, "resourceSubscriptions": ["b:own", "none:x"] });
    let request = modern_request(9, "subscriptions/listen", json!({ "notifications": wants }));
    let mut connection = Connection::open(two.gateway.address()).await;
    connection.ask(&modern_ask(&request)).await;
    let mut stream = connection.begun().await.events();
    let granted = stream.next_message().await.message();
    assert_eq!(granted["method"], "notifications/subscriptions/acknowledged", "{granted}");
    let granted = &granted["params"]["notifications"];
    assert_eq!(granted["toolsListChanged"], true, "{granted}");
    assert_eq!(granted["resourceSubscriptions"], json!(["b:own"]), "{granted}");
    for server in [&two.a, &two.b] {
        server.heard_by(1).await;
        server.say(note("notifications/tools/list_changed", json!({})));
        let told = stream.next_message().await.message();
        assert_eq!(told["method"], "notifications/tools/list_changed", "{told}");
        assert_eq!(told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 9);
    }
    two.b.say(note("notifications/resources/updated", json!({ "uri": "b:own" })));
    let told = stream.next_message().await.message();
    assert_eq!(told["params"]["uri"], "b:own", "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_reaches_the_server_of_the_call() {
    let two = Two::with(&["hang", "echo"], &["echo"]).await;
    let session = open(&two.gateway).await;
    ask(&session, "tools/list", json!({})).await;
    let hanging = session.start(&call("h", "hang", json!({}))).await;
    let called = async {
        while two.a.times("tools/call hang") == 0 {
            tokio::task::yield_now().await;
        }
    };
    within("the call", called).await;
    let cancelled = note("notifications/cancelled", json!({ "requestId": "h" }));
    assert_eq!(session.send(&cancelled).await.status, 202);
    assert_eq!(two.a.times("notifications/cancelled"), 1);
    drop(hanging);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_tools_that_a_file_names_are_offered() {
    let a = Offering::new("a", &["echo", "alone", "other"]);
    let upstream = a.open().await;
    let mut servers = at_urls(&[("a", upstream.url())]);
    servers["a"]["includeTools"] = json!(["echo", "alone"]);
    servers["a"]["excludeTools"] = json!(["alone"]);
    servers["a"]["httpUrl"] = servers["a"]["url"].take();
    servers["a"].as_object_mut().unwrap().retain(|key, _| key != "url" && key != "type");
    let gateway = Gateway::with(&servers, &["--dialect", "gemini"]).await;
    let words = Gateway::words(gateway.folder.path(), &["--dialect", "gemini", "--server", "a"]);
    let alone = Program::serve("127.0.0.1:0", &gateway.folder.path().join("a.db"), &words).await;
    let all = gateway.address();
    for (address, path) in [(all, "/mcp"), (all, "/mcp/a"), (alone.address, "/mcp")] {
        let session = Session::open_at(address, path, ("2025-11-25", None)).await;
        let tools = ask(&session, "tools/list", json!({})).await;
        assert_eq!(Vec::from_iter(names_in(&tools["result"], "tools", "name")), ["echo"], "{path}");
        let answer = ask(&session, "tools/call", json!({ "name": "alone" })).await;
        assert_eq!(answer["error"]["message"], "Unknown tool: alone", "{path}: {answer}");
    }
    assert_eq!(a.times("tools/call alone"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_names_begin_with_their_server_if_that_is_asked_for() {
    let a = Offering::new("a", &["echo"]);
    let upstream = a.open().await;
    let servers = at_urls(&[("größe a", upstream.url())]);
    let gateway = Gateway::with(&servers, &["--prefix", "always"]).await;
    let session = open(&gateway).await;
    let tools = ask(&session, "tools/list", json!({})).await;
    let name = tools["result"]["tools"][0]["name"].as_str().unwrap().to_owned();
    assert!(name.starts_with("gr__e_a_") && name.ends_with("_echo"), "{name}");
    let answer = ask(&session, "tools/call", json!({ "name": name })).await;
    assert_eq!(answer["result"]["content"][0]["text"], "a echo ", "{answer}");
}

/// A legacy client at standard input and output.
async fn beside(words: &[&str]) -> Beside {
    let mut beside = Beside::start(words);
    beside.write(&initialize("2025-11-25")).await;
    assert!(beside.answer(0).await["result"]["capabilities"].is_object());
    beside.write(&note("notifications/initialized", json!({}))).await;
    beside
}

async fn ask_beside(beside: &mut Beside, id: u64, method: &str, params: Value) -> Value {
    let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    beside.write(&request).await;
    beside.answer(id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_on_a_pipe_has_all_servers_of_a_file() {
    let two = Two::open().await;
    let file = two.gateway.file().display().to_string();
    let mut beside = beside(&["run", "--config", &file]).await;
    let level = ask_beside(&mut beside, 1, "logging/setLevel", json!({ "level": "info" })).await;
    assert_eq!(level["result"], json!({}), "{level}");
    let tools = ask_beside(&mut beside, 2, "tools/list", json!({})).await;
    assert_eq!(names_in(&tools["result"], "tools", "name").len(), 6);
    for (id, name, text) in [(3, "a_echo", "a echo "), (4, "other", "b other ")] {
        let answer = ask_beside(&mut beside, id, "tools/call", json!({ "name": name })).await;
        assert_eq!(answer["result"]["content"][0]["text"], text, "{answer}");
    }
    // A server that forgets its sessions is told again what the client has set.
    two.b.habits.forget();
    let answer = ask_beside(&mut beside, 5, "tools/call", json!({ "name": "other" })).await;
    assert_eq!(answer["result"]["content"][0]["text"], "b other ", "{answer}");
    assert_eq!([&two.a, &two.b].map(|it| it.times("logging/setLevel info")), [1, 2]);
    let (status, rest, _) = beside.ended().await;
    assert!(status.success());
    assert_eq!(rest, Vec::<Value>::new());
    within("the end of all sessions", async {
        two.a.habits.all_closed().await;
        two.b.habits.all_closed().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_every_transport_have_all_servers() {
    let two = Two::open().await;
    let address = two.gateway.address();
    for url in [format!("ws://{address}/ws"), format!("http://{address}/sse")] {
        let transport = if url.ends_with("sse") { "sse" } else { "auto" };
        let words = ["connect", "--era", "legacy", "--transport", transport, &url];
        let mut beside = beside(&words).await;
        let answer = ask_beside(&mut beside, 1, "tools/call", json!({ "name": "b_echo" })).await;
        assert_eq!(answer["result"]["content"][0]["text"], "b echo ", "{url}: {answer}");
    }
}
