//! `eyot doctor`, run by a shell.

use std::process::Stdio;
use std::sync::Arc;

use eyot_testkit::Authority;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::commands::{Ran, eyot};
use crate::support::program::{Program, free_port, program};
use crate::support::{Upstream, within};

async fn doctor(args: &[&str]) -> Ran {
    eyot(&[&["doctor"], args].concat()).await
}

/// The steps of the only target, with their verdicts.
fn steps(ran: &Ran) -> Vec<(String, String)> {
    let report = ran.json();
    let targets = report["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 1, "{report}");
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let steps = targets[0]["steps"].as_array().unwrap().iter();
    steps.map(|it| (text(&it["step"]), text(&it["verdict"]))).collect()
}

#[track_caller]
fn check_steps(ran: &Ran, expected: &[(&str, &str)]) {
    let steps = steps(ran);
    let shown: Vec<_> = steps.iter().map(|(step, verdict)| (&**step, &**verdict)).collect();
    assert_eq!(shown, expected, "{}", ran.text());
}

/// The last step of the only target.
fn last(ran: &Ran) -> Value {
    ran.json()["targets"][0]["steps"].as_array().unwrap().last().unwrap().clone()
}

/// An upstream that answers everything with a status.
async fn bare(status: u16) -> Upstream {
    Upstream::handled(Arc::new(move |exchange| Box::pin(exchange.status(status)))).await
}

/// The steps of the protocol with `eyot everything`.
const SPOKEN: [(&str, &str); 5] =
    [("era", "ok"), ("server", "ok"), ("tools", "ok"), ("prompts", "ok"), ("resources", "ok")];

#[tokio::test]
async fn server_that_is_well_has_a_line_for_each_step() {
    let server = Program::everything(&[]).await;
    let url = server.url().replace("127.0.0.1", "localhost");
    let ran = doctor(&[&url]).await;
    assert_eq!((ran.code, &*ran.err), (0, ""), "{}", ran.text());
    let lines: Vec<_> = ran.text().lines().collect();
    assert_eq!(lines[0], url);
    let labels = ["DNS", "TCP", "HTTP", "era", "server", "tools", "prompts", "resources"];
    let shown: Vec<_> = lines[1..].iter().map(|it| it.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(shown, labels, "{}", ran.text());
    assert!(lines[1..].iter().all(|it| it.starts_with("ok ")), "{}", ran.text());
    assert!(lines[3].ends_with("200 OK, application/json"), "{}", lines[3]);
    assert!(lines[4].contains("modern 2026-07-28: server/discover was accepted"), "{}", lines[4]);
    assert!(lines[5].contains("eyot-everything"), "{}", lines[5]);
}

#[tokio::test]
async fn servers_of_both_eras_are_well_over_every_transport() {
    for era in ["legacy", "modern"] {
        let server = Program::everything(&["--era", era]).await;
        let ran = doctor(&["--json", &server.url()]).await;
        assert_eq!(ran.code, 0, "{}", ran.text());
        check_steps(&ran, &[&[("tcp", "ok"), ("http", "ok")][..], &SPOKEN].concat());
        let ws = server.url().replace("http://", "ws://").replace("/mcp", "/ws");
        let ran = doctor(&["--json", &ws]).await;
        check_steps(&ran, &[&[("tcp", "ok")][..], &SPOKEN].concat());
        let program = program().to_str().unwrap();
        let ran = doctor(&["--json", "--", program, "everything", "--stdio", "--era", era]).await;
        let started = [("command", "ok"), ("process", "ok"), ("firstLine", "ok")];
        check_steps(&ran, &[&started[..], &SPOKEN].concat());
    }
}

#[tokio::test]
async fn tool_is_called_where_one_is_named() {
    let server = Program::everything(&[]).await;
    let ran = doctor(&["--json", "--call", "test_simple_text", &server.url()]).await;
    assert_eq!((ran.code, &last(&ran)["step"]), (0, &json!("call")));
    let args = "{\"seconds\":0,\"label\":\"it\"}";
    let ran = doctor(&["--json", "--call", "slow_compute", "--args", args, &server.url()]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    let ran = doctor(&["--json", "--call", "no_such_tool", &server.url()]).await;
    assert_eq!((ran.code, &last(&ran)["verdict"]), (1, &json!("failed")));
}

#[tokio::test]
async fn closed_port_ends_the_way_with_4() {
    let url = format!("http://127.0.0.1:{}/mcp", free_port());
    let ran = doctor(&[&url]).await;
    assert_eq!(ran.code, 4, "{}", ran.text());
    assert!(ran.text().contains("FAIL  TCP"), "{}", ran.text());
    assert!(ran.text().contains("      → nothing listens there"), "{}", ran.text());
    assert_eq!(ran.err, "eyot: the way to the server ends at: TCP\n");
}

#[tokio::test]
async fn server_that_wants_a_token_ends_the_way_with_3() {
    let server = bare(401).await;
    let ran = doctor(&["--json", &server.url()]).await;
    assert_eq!((ran.code, &ran.error()["code"]), (3, &json!(3)));
    check_steps(&ran, &[("tcp", "ok"), ("http", "failed")]);
    assert!(last(&ran)["advice"].as_str().unwrap().contains("`--token env:VAR`"));
}

#[tokio::test]
async fn no_output_has_the_query_of_a_url_or_a_header_in_it() {
    let server = bare(404).await;
    let url = format!("{}?key=secret", server.url());
    for json in [&[][..], &["--json"]] {
        let ran = doctor(&[json, &["--header", "X-Key: secret", &url]].concat()).await;
        assert_eq!(ran.code, 1, "{}", ran.text());
        assert!(!ran.text().contains("secret") && !ran.err.contains("secret"), "{}", ran.text());
    }
}

#[tokio::test]
async fn program_that_is_not_there_ends_the_way_with_4() {
    let ran = doctor(&["--json", "--", "/nowhere/at-all"]).await;
    assert_eq!(ran.code, 4);
    check_steps(&ran, &[("command", "failed")]);
}

#[tokio::test]
async fn banner_on_stdout_is_named_and_survived() {
    let script = format!("echo Ready to serve; exec {} everything --stdio", program().display());
    let ran = doctor(&["--json", "--", "sh", "-c", &script]).await;
    let started = [("command", "ok"), ("process", "ok"), ("firstLine", "warning")];
    check_steps(&ran, &[&started[..], &SPOKEN].concat());
    let report = ran.json()["targets"][0].clone();
    assert_eq!((ran.code, &report["verdict"]), (0, &json!("warning")));
    let detail = report["steps"][2]["detail"].as_str().unwrap();
    assert_eq!(detail, "a line on stdout is no message: `Ready to serve`");
}

#[tokio::test]
async fn each_server_of_a_file_has_a_report() {
    let server = Program::everything(&[]).await;
    let dead = format!("http://127.0.0.1:{}/mcp", free_port());
    let file = json!({ "mcpServers": {
        "well": { "type": "http", "url": server.url() },
        "dead": { "type": "http", "url": dead },
        "off": { "command": "/nowhere/at-all", "disabled": true },
    } });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".mcp.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let path = path.to_str().unwrap();
    let ran = doctor(&["--json", "--config", path]).await;
    let report = ran.json();
    let targets = report["targets"].as_array().unwrap().iter();
    let verdicts: Vec<_> =
        targets.map(|it| (it["server"].clone(), it["verdict"].clone())).collect();
    let mut expected = [(json!("well"), json!("ok")), (json!("dead"), json!("failed"))];
    expected.sort_by_key(|it| it.0.to_string());
    let mut shown = verdicts.clone();
    shown.retain(|it| it.0 != "off");
    shown.sort_by_key(|it| it.0.to_string());
    assert_eq!(shown, expected, "{report}");
    assert_eq!(ran.code, 4, "{}", ran.err);
    let ran = doctor(&["--config", path, "--server", "well"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.text().starts_with(&format!("well: {}\n", server.url())), "{}", ran.text());
}

#[tokio::test]
async fn entry_that_cannot_be_used_keeps_no_other_from_being_looked_at() {
    let server = Program::everything(&[]).await;
    let file =
        json!({ "mcpServers": { "bad": {}, "well": { "type": "http", "url": server.url() } } });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".mcp.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let ran = doctor(&["--json", "--config", path.to_str().unwrap()]).await;
    let report = ran.json();
    let targets = report["targets"].as_array().unwrap();
    let well = targets.iter().find(|it| it["server"] == "well").unwrap();
    assert_eq!((ran.code, &well["verdict"]), (1, &json!("ok")), "{report}");
    let bad = targets.iter().find(|it| it["server"] == "bad").unwrap();
    assert_eq!(bad["steps"][0]["step"], "configuration");
}

#[tokio::test]
async fn certificate_is_judged_by_the_authorities_that_are_named() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let identity = authority.server(&["localhost"]);
    let (cert, key) = (put("cert.pem", &identity.certificate), put("key.pem", &identity.key));
    let ca = put("ca.pem", &authority.certificate);
    let mut child = Command::new(program())
        .args(["--json", "serve", "--listen", "127.0.0.1:0", "--store", "memory:"])
        .args(["--tls-cert", &cert, "--tls-key", &key, "--"])
        .args([program().to_str().unwrap(), "everything", "--stdio"])
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = within("the line that says where it listens", lines.next_line()).await;
    let ready: Value = serde_json::from_str(&line.unwrap().unwrap()).unwrap();
    let url = ready["listening"].as_str().unwrap().replace("127.0.0.1", "localhost");
    let ran = doctor(&["--json", "--ca", &ca, &url]).await;
    let secured = [("dns", "ok"), ("tcp", "ok"), ("tls", "ok"), ("http", "ok")];
    check_steps(&ran, &[&secured[..], &SPOKEN].concat());
    let other = put("other.pem", &Authority::new().certificate);
    let ran = doctor(&["--json", "--ca", &other, &url]).await;
    assert_eq!((ran.code, &last(&ran)["step"]), (4, &json!("tls")), "{}", ran.text());
    assert!(last(&ran)["advice"].as_str().unwrap().contains("`--ca FILE`"));
    let ran = doctor(&["--json", "--insecure-skip-verify", &url]).await;
    assert_eq!((ran.code, &ran.json()["targets"][0]["verdict"]), (0, &json!("warning")));
}

#[tokio::test]
async fn proxy_is_looked_at_in_the_place_of_the_server() {
    let proxy = format!("http://me:secret@127.0.0.1:{}", free_port());
    let ran = doctor(&["--json", "--proxy", &proxy, "https://mcp.test/mcp"]).await;
    check_steps(&ran, &[("proxy", "failed")]);
    assert_eq!(ran.code, 4);
    assert!(!ran.text().contains("secret"), "{}", ran.text());
    let upstream = bare(403).await;
    let proxy = format!("http://{}", upstream.address);
    let ran = doctor(&["--json", "--proxy", &proxy, "http://mcp.test/mcp"]).await;
    let through = [("proxy", "ok"), ("dns", "skipped"), ("tcp", "skipped"), ("http", "failed")];
    check_steps(&ran, &through);
}

#[tokio::test]
async fn what_names_no_server_is_called_wrongly() {
    for args in [&[][..], &["word"], &["--args", "{}", "http://127.0.0.1:1/mcp"]] {
        assert_eq!(doctor(args).await.code, 2, "{args:?}");
    }
}
