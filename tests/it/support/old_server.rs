//! An upstream that speaks HTTP with SSE, the transport of 2024-11-05, and nothing else.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::{Mutex as AsyncMutex, oneshot};
use tokio::task::JoinSet;

use super::exchange::{EventsOut, Exchange, tool_text};
use super::habits::agreed;
use super::upstream::{Handler, Upstream};

/// A server with one event stream for each session, and tools:
/// - `echo` gives its `text` back,
/// - `ask` asks the client for a name and greets it,
/// - `fail` is refused with HTTP status 500,
/// - `die` ends every session before it answers.
#[derive(Debug)]
pub(crate) struct OldServer {
    upstream: Upstream,
    state: Arc<State>,
}

/// How a server differs from others.
#[derive(Clone, Debug)]
pub(crate) struct Manners {
    /// What it names as endpoint; `ID` stands for the id of the session.
    pub(crate) endpoint: String,
    /// It answers a POST when what it asks for has run.
    pub(crate) is_slow_to_accept: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self { endpoint: "/messages/?session_id=ID".to_owned(), is_slow_to_accept: false }
    }
}

#[derive(Debug)]
struct State {
    manners: Manners,
    streams: Mutex<HashMap<String, Arc<AsyncMutex<EventsOut>>>>,
    opened: Mutex<usize>,
    /// Method and target of each request, and its headers `authorization`, `x-team`, `cookie`.
    requests: Mutex<Vec<(String, [Option<String>; 3])>>,
    /// The messages that came, with their sessions.
    messages: Mutex<Vec<(String, Value)>>,
    /// Where answers to its questions go.
    questions: Mutex<HashMap<(String, String), oneshot::Sender<Value>>>,
}

impl OldServer {
    pub(crate) async fn start() -> Self {
        Self::with(Manners::default()).await
    }

    pub(crate) async fn with(manners: Manners) -> Self {
        let state = Arc::new(State {
            manners,
            streams: Mutex::default(),
            opened: Mutex::default(),
            requests: Mutex::default(),
            messages: Mutex::default(),
            questions: Mutex::default(),
        });
        let handling = Arc::clone(&state);
        let running = Mutex::new(JoinSet::new());
        let handler: Handler = Arc::new(move |exchange| {
            // The connection takes the next request while a call runs.
            running.lock().unwrap().spawn(Arc::clone(&handling).take(exchange));
            Box::pin(std::future::ready(()))
        });
        Self { upstream: Upstream::handled(handler).await, state }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.upstream.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/sse", self.address())
    }

    /// Ends every session, as a server does that starts again.
    pub(crate) fn restart(&self) {
        self.state.streams.lock().unwrap().clear();
    }

    /// The requests until now: method and target.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().iter().map(|it| it.0.clone()).collect()
    }

    /// The headers `authorization`, `x-team` and `cookie` of the requests until now.
    pub(crate) fn headers(&self) -> Vec<[Option<String>; 3]> {
        self.state.requests.lock().unwrap().iter().map(|it| it.1.clone()).collect()
    }

    /// The methods that came, and in how many sessions.
    pub(crate) fn methods(&self) -> (Vec<String>, usize) {
        let messages = self.state.messages.lock().unwrap();
        let mut sessions: Vec<_> = messages.iter().map(|it| it.0.clone()).collect();
        sessions.sort();
        sessions.dedup();
        let methods = messages.iter().filter_map(|it| it.1["method"].as_str());
        (methods.map(str::to_owned).collect(), sessions.len())
    }
}

impl State {
    async fn take(self: Arc<Self>, exchange: Exchange) {
        let mut words = exchange.head.first_line.split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let headers = ["authorization", "x-team", "cookie"];
        let headers = headers.map(|it| exchange.header(it).map(str::to_owned));
        self.requests.lock().unwrap().push((format!("{method} {target}"), headers));
        match (method.as_str(), target.split_once("session_id=")) {
            ("GET", None) if target == "/sse" => self.open(exchange).await,
            ("POST", Some((_, id))) => self.post(exchange, id).await,
            _ if target == "/sse" => exchange.status(405).await,
            _ => exchange.status(404).await,
        }
    }

    async fn open(&self, exchange: Exchange) {
        let id = {
            let mut opened = self.opened.lock().unwrap();
            *opened += 1;
            opened.to_string()
        };
        let cookie = format!("set-cookie: route={id}; Path=/\r\n");
        let mut events = exchange.events_with(&cookie).await;
        let endpoint = self.manners.endpoint.replace("ID", &id);
        events.text(&format!("event: endpoint\r\ndata: {endpoint}\r\n\r\n")).await;
        self.streams.lock().unwrap().insert(id, Arc::new(AsyncMutex::new(events)));
    }

    async fn post(&self, exchange: Exchange, session: &str) {
        if !self.streams.lock().unwrap().contains_key(session) {
            return exchange.status(404).await;
        }
        let message = exchange.message();
        self.messages.lock().unwrap().push((session.to_owned(), message.clone()));
        match message["params"]["name"].as_str() {
            Some("fail") => exchange.status(500).await,
            _ if self.manners.is_slow_to_accept => {
                self.run(session, &message).await;
                exchange.accept().await;
            }
            _ => {
                exchange.accept().await;
                self.run(session, &message).await;
            }
        }
    }

    async fn run(&self, session: &str, message: &Value) {
        if message["method"].is_null() {
            let key = (session.to_owned(), message["id"].to_string());
            if let Some(asked) = self.questions.lock().unwrap().remove(&key) {
                drop(asked.send(message["result"].clone()));
            }
            return;
        }
        if message["id"].is_null() {
            return;
        }
        let result = match message["method"].as_str().unwrap_or_default() {
            "initialize" => agreed(message),
            "tools/list" => {
                let tool = |name| json!({ "name": name, "inputSchema": { "type": "object" } });
                let tools = ["echo", "ask", "fail", "die"].map(tool);
                json!({ "tools": tools })
            }
            "tools/call" => match self.call(session, message).await {
                Some(result) => result,
                None => return,
            },
            _ => json!({}),
        };
        self.say(session, &json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }))
            .await;
    }

    async fn call(&self, session: &str, message: &Value) -> Option<Value> {
        match message["params"]["name"].as_str() {
            Some("ask") => {
                let (sender, answer) = oneshot::channel();
                let id = json!(format!("q-{}", message["id"]));
                let key = (session.to_owned(), id.to_string());
                self.questions.lock().unwrap().insert(key, sender);
                let schema =
                    json!({ "type": "object", "properties": { "name": { "type": "string" } } });
                self.say(
                    session,
                    &json!({
                        "jsonrpc": "2.0", "id": id, "method": "elicitation/create",
                        "params": { "message": "Who?", "requestedSchema": schema },
                    }),
                )
                .await;
                let name = answer.await.ok()?["content"]["name"].as_str()?.to_owned();
                Some(tool_text(&format!("hello, {name}")))
            }
            Some("die") => {
                self.streams.lock().unwrap().clear();
                None
            }
            _ => Some(tool_text(message["params"]["arguments"]["text"].as_str().unwrap_or("?"))),
        }
    }

    async fn say(&self, session: &str, message: &Value) {
        let stream = self.streams.lock().unwrap().get(session).cloned();
        if let Some(stream) = stream {
            stream.lock().await.text(&format!("event: message\r\ndata: {message}\r\n\r\n")).await;
        }
    }
}
