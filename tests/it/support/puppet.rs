//! A stdio upstream that does what the test says.

use eyot::Command;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::habits::agreed;
use super::{Session, call, no_tools, tool_text, within};

/// The place that puppets come to when the proxy starts them.
#[derive(Debug)]
pub(crate) struct Stage(TcpListener);

/// One child process of the proxy.
#[derive(Debug)]
pub(crate) struct Puppet {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Stage {
    pub(crate) async fn open() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    /// The command that the proxy must start.
    pub(crate) fn command(&self) -> Command {
        Command {
            program: env!("CARGO_BIN_EXE_puppet").to_owned(),
            args: vec![self.0.local_addr().unwrap().to_string()],
            env: Vec::new(),
            cwd: None,
        }
    }

    /// The next puppet that the proxy starts.
    pub(crate) async fn enter(&self) -> Puppet {
        let (stream, _) = within("a child", self.0.accept()).await.unwrap();
        Puppet::new(stream)
    }

    /// Like [`Self::enter`], without a time limit.
    pub(crate) async fn enter_some_day(&self) -> Puppet {
        Puppet::new(self.0.accept().await.unwrap().0)
    }

    /// Opens a session together with the child that serves it.
    pub(crate) async fn session(
        &self,
        address: std::net::SocketAddr,
        revision: &str,
    ) -> (Session, Puppet) {
        let entering = async {
            let mut puppet = self.enter().await;
            puppet.handshake().await;
            puppet
        };
        tokio::join!(Session::open(address, revision), entering)
    }
}

impl Puppet {
    fn new(stream: tokio::net::TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        let (reader, writer) = stream.into_split();
        Self { reader: BufReader::new(reader), writer }
    }

    /// Answers `initialize` and waits for `notifications/initialized`.
    pub(crate) async fn handshake(&mut self) {
        let initialize = self.expect("initialize").await;
        self.result(&initialize, agreed(&initialize)).await;
        self.expect("notifications/initialized").await;
    }

    /// The next line of its standard input; `None` at the end.
    pub(crate) async fn line(&mut self) -> Option<String> {
        within("a line for the child", self.some_line()).await
    }

    /// Like [`Self::line`], without a time limit.
    pub(crate) async fn some_line(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.reader.read_line(&mut line).await.unwrap_or(0);
        (count > 0).then(|| line.trim_end_matches('\n').to_owned())
    }

    /// Whether more has arrived already.
    pub(crate) fn has_more(&self) -> bool {
        self.reader.buffer().contains(&b'\n')
    }

    /// The next message, which must come.
    pub(crate) async fn message(&mut self) -> Value {
        let line = self.line().await.expect("the child's input ended");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The next message, which must have this method.
    pub(crate) async fn expect(&mut self, method: &str) -> Value {
        let mut message = self.message().await;
        // A call by a tool that is not known yet is held against the list of tools first.
        while message["method"] == "tools/list" && method != "tools/list" {
            self.result(&message, no_tools()).await;
            message = self.message().await;
        }
        assert_eq!(message["method"], method, "{message}");
        message
    }

    /// Writes a line to its standard output.
    pub(crate) async fn say(&mut self, line: &[u8]) {
        let line = [line, b"\n"].concat();
        drop(within("room to write", self.writer.write_all(&line)).await);
    }

    pub(crate) async fn say_json(&mut self, message: &Value) {
        self.say(message.to_string().as_bytes()).await;
    }

    /// Answers a request.
    pub(crate) async fn result(&mut self, request: &Value, result: Value) {
        let id = &request["id"];
        self.say_json(&json!({ "jsonrpc": "2.0", "id": id, "result": result })).await;
    }

    /// Answers a request with a tool's text.
    pub(crate) async fn tool_text(&mut self, request: &Value, text: &str) {
        self.result(request, tool_text(text)).await;
    }

    /// Ends the process.
    pub(crate) async fn exit(&mut self, code: u8, last_words: &str) {
        self.say(format!("!exit {code} {last_words}").as_bytes()).await;
    }

    /// Stops reading its standard input, for ever.
    pub(crate) async fn go_deaf(&mut self) {
        self.say(b"!deaf").await;
    }
}

/// A call that is answered as it should: everything else goes on.
pub(crate) async fn check_healthy_child(session: &Session, puppet: &mut Puppet) {
    let asking = call("healthy", "echo", json!({}));
    let answering = async {
        let request = puppet.expect("tools/call").await;
        puppet.tool_text(&request, "fine").await;
    };
    let (answer, ()) = tokio::join!(session.send(&asking), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["result"]["content"][0]["text"], "fine");
}
