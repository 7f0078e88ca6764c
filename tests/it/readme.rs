//! The two programs in the README, and foreign peers of both eras on the other side.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::peers::{Peers, Server, python, script};
use crate::support::{program, within};

/// Foreign peers may take a while to start.
const PATIENCE: Duration = Duration::from_secs(60);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The path of an example, which was built with the tests.
fn example(name: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_puppet")).with_file_name("examples").join(name);
    assert!(
        program.is_file(),
        "{} is built by `cargo build --workspace --all-targets`",
        program.display()
    );
    program.display().to_string()
}

/// The standard output of a program.
async fn said(command: &[String], peers: &Peers) -> String {
    let (program, args) = command.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(args).env("EYOT_PEERS", peers.folder()).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.expect("the client ends").unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The example server over HTTP; it ends with this value.
async fn example_over_http() -> (Child, String) {
    let address = format!("127.0.0.1:{}", program::free_port());
    let mut server = Command::new(example("server"));
    let server = server.arg(&address).kill_on_drop(true).spawn().unwrap();
    within("the example listens", async {
        while tokio::net::TcpStream::connect(&address).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    (server, format!("http://{address}/mcp"))
}

fn with(mut command: Vec<String>, args: &[String]) -> Vec<String> {
    command.extend_from_slice(args);
    command
}

async fn check_server(part: &str, script: &str) {
    let Some(peers) = Peers::find(&[part]) else { return };
    let client = python(&peers, part, script);
    let expected = "['add'] {'sum': 3}";
    assert_eq!(said(&with(client.clone(), &[example("server")]), &peers).await, expected);
    let (_server, url) = example_over_http().await;
    assert_eq!(said(&with(client, &[url]), &peers).await, expected);
}

#[tokio::test]
async fn the_server_of_the_readme_adds_for_a_legacy_client() {
    check_server("py1", "add_py1.py").await;
}

#[tokio::test]
async fn the_server_of_the_readme_adds_for_a_modern_client() {
    check_server("py2", "add_py2.py").await;
}

async fn check_client(server: Vec<String>, sum: &str, peers: &Peers) {
    let client = vec![example("client")];
    let on_a_pipe = with(with(client.clone(), &server), &["stdio".to_owned()]);
    assert_eq!(said(&on_a_pipe, peers).await, sum);
    let server =
        Server::start(&with(server, &["http".to_owned(), program::free_port().to_string()])).await;
    assert_eq!(said(&with(client, std::slice::from_ref(&server.url)), peers).await, sum);
}

#[tokio::test]
async fn the_client_of_the_readme_adds_with_a_legacy_server() {
    let Some(peers) = Peers::find(&["py1"]) else { return };
    check_client(python(&peers, "py1", "server_py1.py"), "3", &peers).await;
}

#[tokio::test]
async fn the_client_of_the_readme_adds_with_a_modern_server() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    check_client(vec![peers.node(), script("server_modern.mjs")], "3", &peers).await;
}

/// The lines of code, without those that only the file needs.
fn code(text: &str) -> Vec<&str> {
    let is_shown = |it: &&str| !it.starts_with("//!") && !it.starts_with("#![");
    text.lines().filter(is_shown).filter(|it| !it.trim().is_empty()).collect()
}

#[test]
fn the_readme_shows_the_programs_as_they_are() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let blocks: Vec<_> = readme.split("```rust\n").skip(1).collect();
    let blocks: Vec<_> = blocks.iter().map(|it| it.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 2);
    for (block, name) in blocks.iter().zip(["server", "client"]) {
        let file = root().join(format!("crates/eyot/examples/{name}.rs"));
        let file = std::fs::read_to_string(file).unwrap();
        assert_eq!(code(block), code(&file), "{name}");
    }
}
