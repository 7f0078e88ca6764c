//! A request of the client, before it becomes bytes.

use serde_json::Value;

/// A request. It begins as that of a well-behaved client; tests change it.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    pub(crate) fn post(message: &Value) -> Self {
        Self::post_text(&message.to_string())
    }

    pub(crate) fn post_text(body: &str) -> Self {
        let mut ask = Self::new("POST");
        ask.body = body.as_bytes().to_vec();
        ask.header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("content-length", &body.len().to_string())
    }

    pub(crate) fn get() -> Self {
        Self::new("GET").header("accept", "text/event-stream")
    }

    pub(crate) fn delete() -> Self {
        Self::new("DELETE")
    }

    fn new(method: &'static str) -> Self {
        let headers = vec![("host".to_owned(), "127.0.0.1".to_owned())];
        Self { method, path: "/mcp".to_owned(), headers, body: Vec::new() }
    }

    pub(crate) fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets a header; replaces one of that name.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        let mut ask = self.without(name);
        ask.headers.push((name.to_owned(), value.to_owned()));
        ask
    }

    /// Sends another body under the same headers.
    pub(crate) fn body(self, body: &[u8]) -> Self {
        let mut ask = self.header("content-length", &body.len().to_string());
        ask.body = body.to_vec();
        ask
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|it| it.0 != name);
        self
    }

    /// The head and the body, as they go over the wire.
    pub(crate) fn parts(&self) -> (Vec<u8>, Vec<u8>) {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        (head.into_bytes(), self.body.clone())
    }
}
