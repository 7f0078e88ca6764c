//! Foreign clients use every feature of `eyot everything`, on a pipe and over HTTP.
//!
//! Skipped, visibly, without the peers that `cargo xtask peers` fetches.

use crate::peers::{CLIENT_PATIENCE, Peers, python, run};
use crate::support::program::{Program, program};

/// Runs the client's script, which does the checks, once against each face of the server.
async fn check(part: &str, name: &str, mode: Option<&str>) {
    let Some(peers) = Peers::find(&[part]) else { return };
    let mut client = python(&peers, part, name);
    client.extend(mode.map(str::to_owned));
    let program = program().display().to_string();
    let pipe = ["--", program.as_str(), "everything", "--stdio"].map(str::to_owned);
    run(&peers, &client, &pipe, CLIENT_PATIENCE).await;
    let server = Program::everything(&[]).await;
    run(&peers, &client, &[server.url()], CLIENT_PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_python_client_of_its_time_uses_every_feature() {
    check("py1", "everything_py1.py", None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_python_client_uses_every_feature_as_a_legacy_client() {
    check("py2", "everything_py2.py", Some("legacy")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_python_client_uses_every_feature_as_a_modern_client() {
    check("py2", "everything_py2.py", Some("2026-07-28")).await;
}
