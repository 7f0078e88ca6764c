//! The real program beside a client that writes and reads its lines itself.

use std::process::{ExitStatus, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::program::program;
use super::within;

/// A running `eyot connect` or `eyot run`. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Beside {
    child: Child,
    /// `None`: the client has left.
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

impl Beside {
    /// Starts it with these words.
    pub(crate) fn start(words: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.args(words).env_remove("RUST_LOG").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(stdout).lines(),
            stderr: BufReader::new(stderr).lines(),
            child,
        }
    }

    /// Writes a message.
    pub(crate) async fn write(&mut self, message: &Value) {
        let stdin = self.stdin.as_mut().expect("the client is there");
        stdin.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    /// The answer to the request of this id; what comes before it is not looked at.
    pub(crate) async fn answer(&mut self, id: u64) -> Value {
        loop {
            let line = within("an answer", self.stdout.next_line()).await.unwrap();
            let message: Value = serde_json::from_str(&line.expect("it goes on")).unwrap();
            if message["id"] == json!(id) && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// The next line of the log that has this text.
    pub(crate) async fn logged(&mut self, text: &str) -> String {
        loop {
            let line = within(text, self.stderr.next_line()).await.unwrap();
            let line = line.unwrap_or_else(|| panic!("its log ended without {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Ends its input, and waits until it ends: its status, and what is left of its messages and of
    /// its log.
    pub(crate) async fn ended(mut self) -> (ExitStatus, Vec<Value>, Vec<String>) {
        self.stdin = None;
        let (mut messages, mut log) = (Vec::new(), Vec::new());
        let reading = async {
            while let Some(line) = self.stdout.next_line().await.unwrap() {
                messages.push(serde_json::from_str(&line).unwrap());
            }
            while let Some(line) = self.stderr.next_line().await.unwrap() {
                log.push(line);
            }
        };
        within("the end of its output", reading).await;
        let status = within("its end", self.child.wait()).await.unwrap();
        (status, messages, log)
    }
}
