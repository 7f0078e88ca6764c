//! The program at Unix sockets, on both sides.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::commands::eyot;
use crate::support::program::program;
use crate::support::within;

/// Starts a server with these arguments; returns it with its URL.
async fn start(args: &[&str]) -> (Child, String) {
    let mut command = Command::new(program());
    command.arg("--json").args(args).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = within("the line that says where it listens", lines.next_line()).await;
    let ready: Value = serde_json::from_str(&line.unwrap().expect("it listens")).unwrap();
    (child, ready["listening"].as_str().unwrap().to_owned())
}

fn at(path: &Path) -> String {
    format!("unix:{}", path.display())
}

#[tokio::test]
async fn proxy_between_two_sockets_serves_clients_and_takes_its_file_along() {
    let folder = tempfile::tempdir().unwrap();
    let (inner, outer) = (folder.path().join("inner.sock"), folder.path().join("outer.sock"));
    let (_server, server_url) = start(&["everything", "--listen", &at(&inner)]).await;
    assert_eq!(server_url, format!("unix:{}#/mcp", inner.display()));
    let to = ["--store", "memory:", "--upstream", &server_url];
    let (mut proxy, url) = start(&[&["serve", "--listen", &at(&outer)], &to[..]].concat()).await;
    let ran = eyot(&["--json", "list", &url]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.json()["tools"].as_array().is_some_and(|it| !it.is_empty()));
    // A second one does not take its place.
    let second = eyot(&["serve", "--listen", &at(&outer), "--upstream", &server_url]).await;
    assert_ne!(second.code, 0);
    assert!(second.err.contains("another process answers there"), "{}", second.err);
    let pid = i32::try_from(proxy.id().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    within("the end of the drain", proxy.wait()).await.unwrap();
    assert!(!outer.exists());
}

#[tokio::test]
async fn socket_of_a_killed_program_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcp.sock");
    let (mut first, _) = start(&["everything", "--listen", &at(&path)]).await;
    first.kill().await.unwrap();
    assert!(path.exists());
    let (_second, url) = start(&["everything", "--listen", &at(&path)]).await;
    let ran = eyot(&["list", &url]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
}
