//! A legacy client's session, and the messages that clients send.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::connection::Begun;
use super::{Ask, Connection, Response};

/// A session that is open.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) address: SocketAddr,
    pub(crate) id: String,
    /// The path of its endpoint.
    path: String,
    revision: String,
    key: Option<String>,
}

impl Session {
    /// Opens a session: `initialize`, then `notifications/initialized`.
    pub(crate) async fn open(address: SocketAddr, revision: &str) -> Self {
        Self::open_as(address, revision, None).await
    }

    /// Like [`Self::open`], with a key.
    pub(crate) async fn open_as(address: SocketAddr, revision: &str, key: Option<&str>) -> Self {
        Self::open_at(address, "/mcp", (revision, key)).await
    }

    /// Opens a session at another path, with this revision and key.
    pub(crate) async fn open_at(
        address: SocketAddr,
        path: &str,
        (revision, key): (&str, Option<&str>),
    ) -> Self {
        let mut ask = Ask::post(&initialize(revision)).path(path);
        if let Some(key) = key {
            ask = ask.header("authorization", &format!("Bearer {key}"));
        }
        let answer = send(address, &ask).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let id = answer.head.header("mcp-session-id").expect("a session id").to_owned();
        let revision = revision.to_owned();
        let path = path.to_owned();
        let session = Self { address, id, path, revision, key: key.map(str::to_owned) };
        let noted = session.send(&note("notifications/initialized", json!({}))).await;
        assert_eq!(noted.status, 202, "{}", noted.text());
        session
    }

    /// A session that was opened before.
    pub(crate) fn known(address: SocketAddr, id: &str, revision: &str) -> Self {
        let (id, revision) = (id.to_owned(), revision.to_owned());
        Self { address, id, path: "/mcp".to_owned(), revision, key: None }
    }

    /// The session, at another address of its endpoint.
    pub(crate) fn at_address(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// The session, with requests to another path.
    pub(crate) fn at(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }

    /// POST with the session's headers.
    pub(crate) fn post(&self, message: &Value) -> Ask {
        self.with_headers(Ask::post(message))
    }

    /// GET with the session's headers.
    pub(crate) fn get(&self) -> Ask {
        self.with_headers(Ask::get())
    }

    /// DELETE with the session's headers.
    pub(crate) fn delete(&self) -> Ask {
        self.with_headers(Ask::delete())
    }

    pub(crate) fn with_headers(&self, ask: Ask) -> Ask {
        let mut ask = ask.path(&self.path).header("mcp-session-id", &self.id);
        // The header came with 2025-06-18.
        if self.revision.as_str() >= "2025-06-18" {
            ask = ask.header("mcp-protocol-version", &self.revision);
        }
        match &self.key {
            Some(key) => ask.header("authorization", &format!("Bearer {key}")),
            None => ask,
        }
    }

    /// Sends a request on a connection of its own and reads the whole answer.
    pub(crate) async fn ask(&self, ask: &Ask) -> Response {
        send(self.address, ask).await
    }

    /// POSTs a message and reads the whole answer.
    pub(crate) async fn send(&self, message: &Value) -> Response {
        self.ask(&self.post(message)).await
    }

    /// POSTs a message and reads nothing yet.
    pub(crate) async fn start(&self, message: &Value) -> Connection {
        let mut connection = Connection::open(self.address).await;
        connection.ask(&self.post(message)).await;
        connection
    }

    /// Sends a request on a connection of its own and reads the head of the answer.
    pub(crate) async fn begin(&self, ask: &Ask) -> Begun {
        let mut connection = Connection::open(self.address).await;
        connection.ask(ask).await;
        connection.begun().await
    }

    /// GET after an event.
    pub(crate) fn get_after(&self, event_id: &str) -> Ask {
        self.get().header("last-event-id", event_id)
    }
}

/// Sends a request on a connection of its own and reads the whole answer.
pub(crate) async fn send(address: SocketAddr, ask: &Ask) -> Response {
    let mut connection = Connection::open(address).await;
    connection.ask(ask).await;
    connection.response().await
}

/// `initialize` of a client that can do everything.
pub(crate) fn initialize(revision: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": revision,
        "capabilities": { "elicitation": {}, "sampling": {}, "roots": { "listChanged": true } },
        "clientInfo": { "name": "tester", "version": "1" },
    }})
}

/// A notification.
pub(crate) fn note(method: &str, params: Value) -> Value {
    let mut message = json!({ "jsonrpc": "2.0", "method": method });
    message["params"] = params;
    message
}

/// `tools/call`.
pub(crate) fn call(id: impl Into<Value>, name: &str, arguments: Value) -> Value {
    let mut message = json!({ "jsonrpc": "2.0", "id": id.into(), "method": "tools/call" });
    message["params"] = json!({ "name": name });
    message["params"]["arguments"] = arguments;
    message
}

/// Makes a call that is answered normally: everything else goes on.
pub(crate) async fn check_healthy(session: &Session, upstream: &mut super::Upstream) {
    let asking = call("healthy", "echo", json!({}));
    let answering = async { upstream.expect("tools/call").await.tool_text("fine").await };
    let (answer, ()) = tokio::join!(session.send(&asking), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["result"]["content"][0]["text"], "fine");
    assert_eq!(answer.json()["id"], "healthy");
}
