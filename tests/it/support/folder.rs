//! A folder with the file of a client, where a shell runs the program.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::program::program;
use super::within;

/// A folder with the file of a client in it.
pub(crate) struct Folder {
    pub(crate) folder: tempfile::TempDir,
    file: PathBuf,
}

/// What a command gave.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        Self { folder, file }
    }

    /// A `.mcp.json` with these servers.
    pub(crate) fn with(servers: &Value) -> Self {
        Self::new(".mcp.json", &json!({ "mcpServers": servers }).to_string())
    }

    pub(crate) fn file(&self) -> &str {
        self.file.to_str().unwrap()
    }

    /// Runs a command in the folder.
    pub(crate) async fn eyot(&self, args: &[&str], variables: &[(&str, &str)], input: &str) -> Ran {
        let mut command = Command::new(program());
        command.args(args).envs(variables.iter().copied()).env_remove("RUST_LOG");
        command.current_dir(self.folder.path()).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads nothing may have ended.
        drop(stdin.write_all(input.as_bytes()).await);
        drop(stdin);
        let output = within("the end of the command", child.wait_with_output()).await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}
