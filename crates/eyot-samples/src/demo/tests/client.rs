//! A client at the other end of the pipe. Every message that it reads is checked against the
//! schema.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, PipeReader, PipeWriter, Write as _};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::Duration;

use eyot::types::{Era, Revision, meta};
use serde_json::{Value, json};
use tokio::net::unix::pipe;

use super::schema;

/// Long enough for any machine; only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Client {
    input: PipeWriter,
    lines: Receiver<String>,
    server: JoinHandle<io::Result<()>>,
    revision: Revision,
    capabilities: Value,
    log_level: Option<&'static str>,
    ids_used: u64,
    /// The methods of the requests that were not answered yet, by id.
    asked: HashMap<String, String>,
}

impl Client {
    /// A client that has said nothing yet.
    pub(super) fn new(revision: Revision) -> Self {
        let (server_input, input) = io::pipe().unwrap();
        let (output, server_output) = io::pipe().unwrap();
        let serve = move || serve(server_input, server_output);
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(output).lines().try_for_each(|line| sender.send(line.unwrap()))
        });
        Self {
            input,
            lines,
            server: std::thread::spawn(serve),
            revision,
            capabilities: json!({}),
            log_level: None,
            ids_used: 0,
            asked: HashMap::new(),
        }
    }

    /// A client that is ready to call, and whose user can be asked.
    pub(super) fn ready(revision: Revision) -> Self {
        Self::ready_with(revision, json!({ "elicitation": {} }))
    }

    pub(super) fn ready_with(revision: Revision, capabilities: Value) -> Self {
        let mut client = Self { capabilities, ..Self::new(revision) };
        if revision.era() == Era::Legacy {
            let params = client.initialize_params(revision.as_str());
            let result = client.ask("initialize", params);
            assert_eq!(result["protocolVersion"], revision.as_str());
            client.notify("notifications/initialized", &json!({}));
        }
        client
    }

    pub(super) fn initialize_params(&self, version: &str) -> Value {
        let info = json!({ "name": "test", "version": "1" });
        json!({ "protocolVersion": version, "capabilities": self.capabilities, "clientInfo": info })
    }

    /// This client, with log messages from now on if it is modern.
    pub(super) fn with_log_level(self, level: &'static str) -> Self {
        Self { log_level: Some(level), ..self }
    }

    pub(super) fn send_line(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub(super) fn notify(&mut self, method: &str, params: &Value) {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        self.send_line(&message.to_string());
    }

    pub(super) fn cancel(&mut self, id: &str) {
        let id: Value = serde_json::from_str(id).unwrap();
        self.notify("notifications/cancelled", &json!({ "requestId": id }));
    }

    /// Answers a question of the server.
    pub(super) fn respond(&mut self, question: &Value, member: &str, value: &Value) {
        let answer = json!({ "jsonrpc": "2.0", "id": question["id"], member: value });
        self.send_line(&answer.to_string());
    }

    /// Sends a request, and gives the raw text of its id.
    pub(super) fn request(&mut self, method: &str, params: Value) -> String {
        self.ids_used += 1;
        let id = self.ids_used.to_string();
        self.request_as(&id, method, params);
        id
    }

    /// Sends a request with the given raw text as its id.
    pub(super) fn request_as(&mut self, id: &str, method: &str, mut params: Value) {
        if self.revision.era() == Era::Modern {
            let own = params.as_object_mut().unwrap().entry("_meta").or_insert(json!({}));
            own[meta::PROTOCOL_VERSION] = json!(self.revision);
            own[meta::CLIENT_CAPABILITIES] = self.capabilities.clone();
            if let Some(level) = self.log_level {
                own[meta::LOG_LEVEL] = json!(level);
            }
        }
        self.asked.insert(id.to_owned(), method.to_owned());
        self.send_line(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#
        ));
    }

    /// The next message, as the text of its line.
    pub(super) fn read_line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the server says something")
    }

    #[track_caller]
    pub(super) fn read(&mut self) -> Value {
        let message: Value = serde_json::from_str(&self.read_line()).unwrap();
        let asked = message.get("id").and_then(|id| self.asked.get(&id.to_string()));
        schema::check(self.revision, &message, asked.map(String::as_str));
        message
    }

    /// The next message, which is the notification `method`.
    #[track_caller]
    pub(super) fn read_notification(&mut self, method: &str) -> Value {
        let message = self.read();
        assert_eq!(message["method"], method, "{message}");
        assert!(message.get("id").is_none(), "{message}");
        message["params"].clone()
    }

    /// The next message, which is the answer to `id`: its result or its error.
    #[track_caller]
    pub(super) fn read_answer(&mut self, id: &str) -> Value {
        let message = self.read();
        assert_eq!(message["id"].to_string(), id, "{message}");
        message.get("result").or_else(|| message.get("error")).cloned().expect("an answer")
    }

    /// The result of a request, or its error.
    #[track_caller]
    pub(super) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.read_answer(&id)
    }

    #[track_caller]
    pub(super) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// The text of a tool that succeeds.
    #[track_caller]
    pub(super) fn call_text(&mut self, tool: &str, arguments: &Value) -> String {
        text(&self.call(tool, arguments))
    }

    /// Calls `touch`; returns the notifications that so many subscriptions of this client get. The
    /// answer may come before them, after them or between them.
    #[track_caller]
    pub(super) fn touch(&mut self, subscriptions: usize) -> Vec<Value> {
        self.request("tools/call", json!({ "name": "touch" }));
        let messages: Vec<Value> = (0..=subscriptions).map(|_| self.read()).collect();
        let (answers, heard): (Vec<Value>, Vec<Value>) =
            messages.into_iter().partition(|it| it.get("id").is_some());
        assert_eq!(text(&answers[0]["result"]), "Touched. Everyone who subscribed is told.");
        let updated = |it: &Value| it["method"] == "notifications/resources/updated";
        assert!(heard.iter().all(updated), "{heard:?}");
        heard.into_iter().map(|it| it["params"].clone()).collect()
    }

    /// Closes the pipe: the server ends without another word.
    #[track_caller]
    pub(super) fn end(self) {
        drop(self.input);
        let left: Vec<_> = self.lines.iter().collect();
        assert!(left.is_empty(), "{left:?}");
        self.server.join().unwrap().unwrap();
    }
}

/// Serves the streams as the program serves its own, until the input ends.
pub(super) fn serve(input: PipeReader, output: PipeWriter) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let input = pipe::Receiver::from_owned_fd(OwnedFd::from(input))?;
        let output = pipe::Sender::from_owned_fd(OwnedFd::from(output))?;
        super::super::demo().map_err(io::Error::other)?.serve_io(input, output).await;
        Ok(())
    })
}

/// The text of a tool's result.
#[track_caller]
pub(super) fn text(result: &Value) -> String {
    assert!(result.get("isError").is_none(), "{result}");
    result["content"][0]["text"].as_str().expect("a text").to_owned()
}

/// The text of the result of a tool that failed.
#[track_caller]
pub(super) fn failure_text(result: &Value) -> String {
    assert_eq!(result["isError"], true, "{result}");
    result["content"][0]["text"].as_str().expect("a text").to_owned()
}
