//! The behaviour of every legacy HTTP server, without orders from the test.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::Exchange;

/// Opens sessions, accepts notifications, ends sessions; records what it gets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Habits(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Offers a GET stream: the test gets GET requests.
    has_stream: bool,
    /// The test gets notifications.
    shows_notes: bool,
    /// Makes tasks of calls, as 2025-11-25 does.
    has_tasks: bool,
    sessions: BTreeSet<String>,
    sessions_opened: usize,
    /// The `initialize` requests, as they came.
    initializes: Vec<String>,
}

impl Habits {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Offers the GET stream: the test answers it.
    pub(crate) fn with_stream(self) -> Self {
        self.0.lock().unwrap().has_stream = true;
        self
    }

    /// Lets the test see notifications and responses.
    pub(crate) fn with_notes(self) -> Self {
        self.0.lock().unwrap().shows_notes = true;
        self
    }

    /// Declares that calls of tools can be tasks.
    pub(crate) fn with_tasks(self) -> Self {
        self.0.lock().unwrap().has_tasks = true;
        self
    }

    /// Knows a session that was opened before.
    pub(crate) fn with_session(self, id: &str) -> Self {
        self.0.lock().unwrap().sessions.insert(id.to_owned());
        self
    }

    /// Forgets every session, like a restarted server.
    pub(crate) fn forget(&self) {
        self.0.lock().unwrap().sessions.clear();
    }

    pub(crate) fn initializes(&self) -> Vec<String> {
        self.0.lock().unwrap().initializes.clone()
    }

    pub(crate) fn sessions_open(&self) -> usize {
        self.0.lock().unwrap().sessions.len()
    }

    /// Whether the test gets GET requests.
    pub(crate) fn has_stream(&self) -> bool {
        self.0.lock().unwrap().has_stream
    }

    /// Waits until every session has been ended.
    pub(crate) async fn all_closed(&self) {
        let closed = async {
            while self.sessions_open() > 0 {
                tokio::task::yield_now().await;
            }
        };
        super::within("the end of every session", closed).await;
    }

    /// Answers the requests that are habits; returns the others.
    pub(crate) async fn answer(&self, exchange: Exchange) -> Option<Exchange> {
        if exchange.method() == "initialize" {
            let (id, result) = self.open(&exchange);
            let headers = format!("content-type: application/json\r\nmcp-session-id: {id}\r\n");
            let body = exchange.result_message(result).to_string();
            exchange.respond(200, &headers, body.as_bytes()).await;
            return None;
        }
        let session = exchange.header("mcp-session-id").unwrap_or_default().to_owned();
        if !self.0.lock().unwrap().sessions.contains(&session) {
            exchange.status(404).await;
            return None;
        }
        let (has_stream, shows_notes) = {
            let state = self.0.lock().unwrap();
            (state.has_stream, state.shows_notes)
        };
        let is_initialized = exchange.method() == "notifications/initialized";
        let is_note = exchange.id().is_null() || exchange.method().is_empty();
        match exchange.http_method() {
            "GET" if !has_stream => exchange.status(405).await,
            "DELETE" => {
                self.0.lock().unwrap().sessions.remove(&session);
                exchange.status(200).await;
            }
            "POST" if is_initialized => exchange.accept().await,
            "POST" if is_note && !shows_notes => exchange.accept().await,
            _ => return Some(exchange),
        }
        None
    }

    fn open(&self, exchange: &Exchange) -> (String, Value) {
        let mut state = self.0.lock().unwrap();
        state.initializes.push(exchange.text.clone());
        state.sessions_opened += 1;
        let id = format!("upstream-{}", state.sessions_opened);
        state.sessions.insert(id.clone());
        let mut result = agreed(&exchange.message());
        if state.has_tasks {
            result["capabilities"]["tasks"] =
                json!({ "cancel": {}, "list": {}, "requests": { "tools": { "call": {} } } });
        }
        (id, result)
    }
}

/// The result of `initialize`: a server that agrees to the client's revision.
pub(crate) fn agreed(initialize: &Value) -> Value {
    json!({
        "protocolVersion": initialize["params"]["protocolVersion"],
        "capabilities": {
            "tools": { "listChanged": true },
            "logging": {},
            "resources": { "subscribe": true },
        },
        "serverInfo": { "name": "scripted", "version": "1" },
    })
}
