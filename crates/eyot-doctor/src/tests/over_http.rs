//! Servers at URLs.

use eyot_service::Limits;
use eyot_upstream::Target;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{check, examined, patient};
use crate::{Ailment, Patient, Report, StepName, Verdict};

async fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    (listener, url)
}

fn at(url: &str) -> Patient {
    patient(Target::url(url, Limits::default()).unwrap())
}

/// Answers each request with the same bytes.
async fn answer(listener: &TcpListener, answer: &str) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        if is_asked(&mut stream).await {
            drop(stream.write_all(answer.as_bytes()).await);
            drop(stream.shutdown().await);
        }
    }
}

/// Reads a request. A connection may end without one.
async fn is_asked(stream: &mut TcpStream) -> bool {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split_once("content-length: ").map_or("0", |it| it.1);
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if body.len() >= length {
                return true;
            }
        }
        if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return false;
        }
    }
}

/// What is found of a server that answers everything with these lines of a head, and a body.
async fn found(head: &str, body: &str) -> Report {
    let (listener, url) = bind().await;
    found_at(&listener, &at(&url), head, body).await
}

async fn found_at(listener: &TcpListener, patient: &Patient, head: &str, body: &str) -> Report {
    let length = body.len();
    let text =
        format!("HTTP/1.1 {head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    tokio::select! {
        report = examined(patient) => report,
        () = answer(listener, &text) => unreachable!("it answers for ever"),
    }
}

#[tokio::test]
async fn closed_port_is_told_as_nothing_that_listens() {
    let (listener, url) = bind().await;
    drop(listener);
    let step =
        check(&examined(&at(&url)).await, Ailment::Unreachable, "(refused)", "nothing listens");
    assert_eq!(step.name, StepName::Tcp);
}

#[tokio::test(start_paused = true)]
async fn server_that_says_nothing_is_given_up_in_time() {
    let (_listener, url) = bind().await;
    let report = examined(&at(&url)).await;
    let step = check(&report, Ailment::Unreachable, "no answer in 10s", "--timeout 60s");
    assert_eq!((step.name, step.time.as_secs()), (StepName::Http, 10));
}

#[tokio::test]
async fn challenge_is_told_with_what_to_give() {
    let head = "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"x\"\r\n";
    let report = found(head, "").await;
    let step = check(&report, Ailment::Unauthorized, "401 Unauthorized: Bearer", "--token env:VAR");
    assert_eq!(step.name, StepName::Http);
}

#[tokio::test]
async fn refused_token_is_not_asked_for_again() {
    let (listener, url) = bind().await;
    let patient = Patient { has_credentials: true, ..at(&url) };
    let report = found_at(&listener, &patient, "401 Unauthorized\r\n", "").await;
    check(&report, Ailment::Unauthorized, "401", "does not take this token");
    let report = found_at(&listener, &patient, "403 Forbidden\r\n", "").await;
    check(&report, Ailment::Unauthorized, "403", "does not allow this with it");
}

#[tokio::test]
async fn wrong_path_is_told_as_one() {
    let report = found("404 Not Found\r\nContent-Type: text/plain\r\n", "no such page").await;
    check(&report, Ailment::Failed, "404 Not Found, text/plain: no such page", "`/sse` are usual");
    let (listener, url) = bind().await;
    let patient = at(&url.replace("/mcp", "/api"));
    let report = found_at(&listener, &patient, "404 Not Found\r\n", "").await;
    check(
        &report,
        Ailment::Failed,
        "404 Not Found",
        "nothing is at `/api`: is the path right? Often it is `/mcp`",
    );
}

#[tokio::test]
async fn web_page_is_told_as_one() {
    let report = found("200 OK\r\nContent-Type: text/html\r\n", "<!DOCTYPE html><p>Hi").await;
    check(&report, Ailment::Failed, "200 OK, a web page", "people read this URL");
}

#[tokio::test]
async fn redirect_to_another_place_is_told_with_that_place_but_without_its_query() {
    let head = "302 Found\r\nLocation: https://other.test/mcp?key=secret\r\n";
    let report = found(head, "").await;
    let step = check(&report, Ailment::Failed, "302 Found, to https://other.test/mcp", "that URL");
    assert!(!format!("{step:?}").contains("secret"), "{step:?}");
}

#[tokio::test]
async fn each_status_has_its_own_advice() {
    let rows = [
        ("404 Not Found\r\nContent-Type: text/html", "nothing is at"),
        ("405 Method Not Allowed", "takes no POST"),
        ("406 Not Acceptable", "changes headers"),
        ("415 Unsupported Media Type", "changes headers"),
        ("429 Too Many Requests", "wait, and try again"),
        ("500 Internal Server Error", "its own log"),
        ("503 Service Unavailable", "does not reach it"),
    ];
    for (status, advice) in rows {
        let report = found(&format!("{status}\r\n"), "").await;
        let step = report.steps.last().unwrap();
        assert_eq!((step.name, step.verdict), (StepName::Http, Verdict::Failed), "{report:?}");
        let status = status.lines().next().unwrap();
        assert!(step.detail.starts_with(status), "{step:?}");
        assert!(step.advice.as_deref().unwrap().contains(advice), "{step:?}");
    }
}

#[tokio::test]
async fn json_of_another_service_is_no_server() {
    let report = found("200 OK\r\nContent-Type: application/json\r\n", "{\"up\":true}").await;
    check(&report, Ailment::Failed, "{\"up\":true}", "no answer of a server of MCP");
}

#[tokio::test]
async fn garbage_in_the_place_of_http_is_told_as_that() {
    let (listener, url) = bind().await;
    let patient = at(&url);
    let report = tokio::select! {
        report = examined(&patient) => report,
        () = answer(&listener, "\u{15}\u{3}\u{1}not http\r\n") => unreachable!(),
    };
    let step = check(&report, Ailment::Unreachable, "is not HTTP", "scheme of the URL");
    assert_eq!(step.name, StepName::Http);
}

#[tokio::test]
async fn socket_that_is_not_there_is_told_as_that() {
    let report = examined(&at("unix:/nowhere/at-all.sock#/mcp")).await;
    let step = check(&report, Ailment::Unreachable, "/nowhere/at-all.sock", "start the server");
    assert_eq!(step.name, StepName::Socket);
}
