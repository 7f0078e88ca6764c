//! Every feature of the protocol reaches clients of either era from servers of either era, as the
//! page about eras says.
//!
//! The cells, the features and the page are those of `cargo xtask matrix`; use the command line of
//! a failed test to look into it.

use std::path::Path;
use std::process::Stdio;

use crate::support::program::{cargo, target_folder};

#[test]
fn every_cell_of_the_matrix_carries_what_the_page_says() {
    check(&["--table", "eras"], "modern-legacy-http: ");
}

#[test]
fn clients_on_stdio_get_over_every_transport_what_the_page_says() {
    check(&["--downstream", "stdio"], "modern-legacy-sse-from-stdio: ");
}

#[test]
fn clients_of_streamable_http_get_over_every_transport_what_the_page_says() {
    check(&["--downstream", "http"], "modern-legacy-sse-from-http: ");
}

#[test]
fn clients_of_http_with_sse_get_over_every_transport_what_the_page_says() {
    check(&["--downstream", "sse"], "modern-legacy-sse-from-sse: ");
}

#[test]
fn clients_at_a_web_socket_get_over_every_transport_what_the_page_says() {
    check(&["--downstream", "ws"], "modern-legacy-sse-from-ws: ");
}

/// Tries the cells that these options select, of which this is one.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn check(options: &[&str], cell: &str) {
    let peers = std::env::var_os("EYOT_PEERS").unwrap_or_default();
    if !["py1", "py1-old", "py2", "node24", "js"]
        .iter()
        .all(|it| Path::new(&peers).join(it).is_dir())
    {
        eprintln!("SKIPPED: peers are missing in EYOT_PEERS; `cargo xtask peers` fetches them");
        return;
    }
    let report = tempfile::NamedTempFile::new().unwrap();
    let mut command = cargo();
    command.args(["run", "--locked", "--quiet", "--package", "xtask"]);
    command.arg("--target-dir").arg(target_folder());
    command.args(["--", "matrix"]).args(options).arg("--report").arg(report.path());
    command.stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(cell), "no cell was tried: {said}");
}
