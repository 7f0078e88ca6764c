//! A legacy server that offers something under names that the test gives, and says in each answer who
//! it is.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::{broadcast, oneshot};

use super::{Exchange, Habits, Handler, Ledger, Program, Upstream, note, tool_text};

/// What one server offers, and what it has been asked.
#[derive(Debug)]
pub(crate) struct Offering {
    name: &'static str,
    tools: Mutex<Vec<String>>,
    pub(crate) habits: Habits,
    pub(crate) ledger: Ledger,
    /// The methods of all requests, with the URI or the level that they are about.
    asked: Mutex<Vec<String>>,
    /// Messages for the streams of all its sessions.
    said: broadcast::Sender<Value>,
    /// Calls that wait for an answer of the client, by the id of the session.
    waiting: Mutex<HashMap<String, oneshot::Sender<Value>>>,
}

impl Offering {
    /// A server of this name with these tools.
    pub(crate) fn new(name: &'static str, tools: &[&str]) -> Arc<Self> {
        Arc::new(Self {
            name,
            tools: Mutex::new(tools.iter().map(|it| (*it).to_owned()).collect()),
            habits: Habits::new().with_stream().with_notes(),
            ledger: Ledger::default(),
            asked: Mutex::default(),
            said: broadcast::Sender::new(64),
            waiting: Mutex::default(),
        })
    }

    pub(crate) async fn open(self: &Arc<Self>) -> Upstream {
        Upstream::handled(self.handler()).await
    }

    pub(crate) async fn open_at(self: &Arc<Self>, address: SocketAddr) -> Upstream {
        Upstream::handled_at(address, self.handler()).await
    }

    /// Offers other tools, and says so.
    pub(crate) fn change_tools(&self, tools: &[&str]) {
        *self.tools.lock().unwrap() = tools.iter().map(|it| (*it).to_owned()).collect();
        self.say(note("notifications/tools/list_changed", json!({})));
    }

    /// Says something on the streams that belong to no call.
    pub(crate) fn say(&self, message: Value) {
        // No session may have a stream.
        drop(self.said.send(message));
    }

    /// Waits until so many sessions listen.
    pub(crate) async fn heard_by(&self, count: usize) {
        let listening = async {
            while self.said.receiver_count() < count {
                tokio::task::yield_now().await;
            }
        };
        super::within("the streams of the sessions", listening).await;
    }

    /// How often it was asked this.
    pub(crate) fn times(&self, asked: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|it| *it == asked).count()
    }

    pub(crate) fn handler(self: &Arc<Self>) -> Handler {
        let offering = Arc::clone(self);
        Arc::new(move |exchange| {
            let offering = Arc::clone(&offering);
            Box::pin(async move {
                if let Some(rest) = offering.habits.answer(exchange).await {
                    offering.answer(rest).await;
                }
            })
        })
    }

    async fn answer(&self, exchange: Exchange) {
        if exchange.http_method() == "GET" {
            return self.stream(exchange).await;
        }
        let message = exchange.message();
        let (method, params) = (exchange.method(), message["params"].clone());
        let about = ["uri", "level", "name"].iter().find_map(|it| params[it].as_str());
        let asked = about.map_or_else(|| method.clone(), |it| format!("{method} {it}"));
        self.asked.lock().unwrap().push(asked);
        let name = self.name;
        match method.as_str() {
            "" => {
                let session = exchange.header("mcp-session-id").unwrap_or_default().to_owned();
                let waiting = self.waiting.lock().unwrap().remove(&session);
                if let Some(waiting) = waiting {
                    drop(waiting.send(message));
                }
                exchange.accept().await;
            }
            it if it.starts_with("notifications/") => exchange.accept().await,
            "tools/list" => {
                let tools: Vec<_> = self.tools.lock().unwrap().iter().map(tool).collect();
                exchange.result(json!({ "tools": tools })).await;
            }
            "prompts/list" => {
                let prompts = json!([{ "name": "write" }, { "name": format!("only-{name}") }]);
                exchange.result(json!({ "prompts": prompts })).await;
            }
            "prompts/get" => {
                let text = format!("{name} {}", params["name"].as_str().unwrap());
                let content = json!({ "type": "text", "text": text });
                let messages = json!([{ "role": "user", "content": content }]);
                exchange.result(json!({ "messages": messages })).await;
            }
            "resources/list" => {
                let own = format!("{name}:own");
                let resources =
                    json!([{ "uri": own, "name": "o" }, { "uri": "all:one", "name": "x" }]);
                exchange.result(json!({ "resources": resources })).await;
            }
            "resources/templates/list" => {
                let template = format!("{name}://{{id}}/row");
                let templates = json!([{ "uriTemplate": template, "name": "row" }]);
                exchange.result(json!({ "resourceTemplates": templates })).await;
            }
            "resources/read" => {
                let contents = json!([{ "uri": params["uri"], "text": name }]);
                exchange.result(json!({ "contents": contents })).await;
            }
            "completion/complete" => {
                let of = params["ref"].to_string();
                exchange.result(json!({ "completion": { "values": [name, of] } })).await;
            }
            "tools/call" => self.call(exchange, &params).await,
            _ => exchange.result(json!({})).await,
        }
    }

    async fn call(&self, exchange: Exchange, params: &Value) {
        let tool = params["name"].as_str().unwrap();
        let mark = params["arguments"]["mark"].as_str().unwrap_or_default();
        self.ledger.execute(mark);
        if !self.tools.lock().unwrap().iter().any(|it| it == tool) {
            let error = json!({ "code": -32602, "message": "no such tool" });
            let answer = json!({ "jsonrpc": "2.0", "id": exchange.id(), "error": error });
            return exchange.json(&answer).await;
        }
        match tool {
            "ask" => self.ask(exchange).await,
            // The connection ends in the middle.
            "break" => exchange.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").await,
            // What follows is up to the proxy.
            "hang" => exchange.closed().await,
            _ => exchange.tool_text(&format!("{} {tool} {mark}", self.name)).await,
        }
    }

    /// Asks the client who it is: under the same id in each session.
    async fn ask(&self, exchange: Exchange) {
        let session = exchange.header("mcp-session-id").unwrap_or_default().to_owned();
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().unwrap().insert(session, sender);
        let id = exchange.id();
        let mut events = exchange.events().await;
        let question = json!({ "jsonrpc": "2.0", "id": 1, "method": "elicitation/create",
            "params": { "message": self.name, "requestedSchema": { "type": "object", "properties": {} } } });
        events.message(&question).await;
        let answer = super::within("the client's answer", answer).await.unwrap();
        let text = format!("{} heard {}", self.name, answer["result"]["content"]["text"]);
        let result = json!({ "jsonrpc": "2.0", "id": id, "result": tool_text(&text) });
        events.message(&result).await;
        events.end().await;
    }

    async fn stream(&self, exchange: Exchange) {
        let mut said = self.said.subscribe();
        let mut events = exchange.events().await;
        while !events.is_closed() {
            tokio::select! {
                message = said.recv() => events.message(&message.unwrap()).await,
                () = tokio::task::yield_now(), if events.is_closed() => {}
            }
        }
    }
}

fn tool(name: &String) -> Value {
    json!({ "name": name, "inputSchema": { "type": "object" } })
}

/// A gateway, its file and its store.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) program: Program,
}

impl Gateway {
    /// The program before these servers: names and URLs, in this order.
    pub(crate) async fn before(servers: &[(&str, String)]) -> Self {
        Self::with(&at_urls(servers), &[]).await
    }

    /// The program before the servers of a file, with more flags.
    pub(crate) async fn with(servers: &Value, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_servers(&folder.path().join(".mcp.json"), servers);
        let words = Self::words(folder.path(), flags);
        let program = Program::serve("127.0.0.1:0", &folder.path().join("s.db"), &words).await;
        Self { folder, program }
    }

    /// What starts the program in a folder.
    pub(crate) fn words(folder: &Path, flags: &[&str]) -> Vec<String> {
        let file = folder.join(".mcp.json").to_str().unwrap().to_owned();
        let flags = flags.iter().map(|it| (*it).to_owned());
        ["--config".to_owned(), file].into_iter().chain(flags).collect()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join(".mcp.json")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.program.address
    }
}

/// Writes a file with these servers, as editors do: whole.
pub(crate) fn write_servers(file: &Path, servers: &Value) {
    let draft = file.with_extension("draft");
    std::fs::write(&draft, json!({ "mcpServers": servers }).to_string()).unwrap();
    std::fs::rename(draft, file).unwrap();
}

pub(crate) fn at_urls(servers: &[(&str, String)]) -> Value {
    let server =
        |(name, url): &(&str, String)| ((*name).to_owned(), json!({ "type": "http", "url": url }));
    Value::Object(servers.iter().map(server).collect())
}

/// The names in a list, which must not be partial.
#[track_caller]
pub(crate) fn names_in(result: &Value, list: &str, key: &str) -> BTreeSet<String> {
    let items = result[list].as_array().unwrap_or_else(|| panic!("{result}"));
    let names: Vec<_> = items.iter().map(|it| it[key].as_str().unwrap().to_owned()).collect();
    let set: BTreeSet<_> = names.iter().cloned().collect();
    assert_eq!(set.len(), names.len(), "{names:?}");
    set
}
