//! The guard beside hyper: it never loses its place.

use std::convert::Infallible;

use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::AsyncWriteExt as _;

use super::super::{HeadGuard, State};

/// The targets of the requests that hyper hands over.
async fn targets_of_hyper(input: &[u8]) -> Vec<String> {
    let targets = Mutex::new(Vec::new());
    let (mut client, server) = tokio::io::duplex(1 << 20);
    client.write_all(input).await.unwrap();
    client.shutdown().await.unwrap();
    let service = service_fn(|request: Request<Incoming>| {
        targets.lock().push(request.uri().to_string());
        async move {
            // hyper reads the body to its end before it goes on.
            drop(request.into_body().collect().await);
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    drop(http1::Builder::new().serve_connection(TokioIo::new(server), service).await);
    targets.into_inner()
}

/// The targets of the requests whose heads the guard sees end, and whether it refuses the rest.
fn targets_of_guard(input: &[u8]) -> (Vec<String>, bool) {
    let mut guard = HeadGuard::new();
    let (mut line, mut target, mut targets) = (Vec::new(), None, Vec::new());
    for byte in input {
        let is_head = guard.state == State::Head;
        let is_refused = guard.inspect(std::slice::from_ref(byte)).is_err();
        if is_refused {
            return (targets, true);
        }
        line.push(*byte);
        if *byte == b'\n' {
            let text = String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned();
            if is_head && target.is_none() && guard.framing.has_request_line {
                target = Some(text.split(' ').nth(1).unwrap_or_default().to_owned());
            } else if is_head && !guard.framing.has_request_line {
                targets.extend(target.take());
            }
        }
        if !is_head {
            line.clear();
        }
    }
    (targets, false)
}

/// Mostly `right`, now and then one of the others.
fn mostly(
    right: &'static str,
    others: &'static [&'static str],
) -> impl Strategy<Value = String> + use<> {
    prop_oneof![
        12 => Just(right.to_owned()),
        1 => proptest::sample::select(others).prop_map(str::to_owned),
    ]
}

fn line_end() -> impl Strategy<Value = String> {
    mostly("\r\n", &["\n", "\r", "\n\n", "\r\n\r\n", " \r\n", "\r\r\n", "\t\n", "\n\r\n", ""])
}

/// What stands before or after a number.
fn padding() -> impl Strategy<Value = String> {
    let long = prop_oneof![Just(" "), Just("0"), Just("\t")];
    let long = (long, 0..90_usize).prop_map(|(text, count)| text.repeat(count));
    prop_oneof![12 => Just(String::new()), 2 => long, 1 => mostly("+", &["-", ";", ",", "0x", ":"])]
}

/// Bytes of a body, among them what would be framing elsewhere.
fn content() -> impl Strategy<Value = String> {
    let hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    let words = ["x", "0\r\n\r\n", "\n\n", "\r\n", "Content-Length: 9\r\n", hidden];
    vec(proptest::sample::select(words.to_vec()).prop_map(str::to_owned), 0..4)
        .prop_map(|words| words.concat())
}

fn header() -> impl Strategy<Value = String> {
    let name = proptest::sample::select(
        ["Content-Length", "content-length ", "Transfer-Encoding", "X", "\tTe", " Content-Length"]
            .as_slice(),
    );
    let value =
        mostly("chunked", &["3", "03", "3, 3", "", "gzip, chunked", "chunked, x", "identity"]);
    (name, padding(), value, padding(), line_end())
        .prop_map(|(name, before, value, after, end)| format!("{name}:{before}{value}{after}{end}"))
}

fn sized_body() -> impl Strategy<Value = String> {
    (content(), padding(), padding(), line_end(), line_end()).prop_map(
        |(content, before, after, end, blank)| {
            let len = content.len();
            format!("Content-Length: {before}{len}{after}{end}{blank}{content}")
        },
    )
}

fn chunk() -> impl Strategy<Value = String> {
    let extension = mostly("", &[";a=b", "; a=\"\n\"", " ;x", ";\r", ";a\nb"]);
    let long = (0..200_usize).prop_map(|count| format!(";{}", "e".repeat(count)));
    let extension = prop_oneof![9 => extension, 1 => long];
    (content(), padding(), padding(), extension, line_end(), line_end()).prop_map(
        |(content, before, after, extension, end, last)| {
            let size = content.len().max(1);
            let content = if content.is_empty() { "x" } else { &content };
            format!("{before}{size:x}{after}{extension}{end}{content}{last}")
        },
    )
}

fn chunked_body() -> impl Strategy<Value = String> {
    let trailer = mostly("", &["X: y\r\n", " \r\n", "\n", "X: a\n\nGET /t HTTP/1.1\r\n", "\r"]);
    (line_end(), line_end(), vec(chunk(), 0..3), padding(), line_end(), trailer, line_end())
        .prop_map(|(end, blank, chunks, zeros, last, trailer, over)| {
            let chunks = chunks.concat();
            format!("Transfer-Encoding: chunked{end}{blank}{chunks}{zeros}0{last}{trailer}{over}")
        })
}

fn request() -> impl Strategy<Value = String> {
    let before = mostly("", &["\r\n", "\n", " ", " \r\n", "\r"]);
    let headers = vec(header(), 0..2);
    let headers = prop_oneof![6 => Just(Vec::new()), 1 => headers];
    let body = prop_oneof![
        1 => line_end(),
        2 => sized_body(),
        4 => chunked_body(),
    ];
    (before, 0..1_000_u32, line_end(), headers, body).prop_map(
        |(before, number, end, headers, body)| {
            let headers = headers.concat();
            format!("{before}POST /{number} HTTP/1.1{end}Host: a\r\n{headers}{body}")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn every_request_of_hyper_begins_where_the_guard_saw_it_or_is_refused(
        requests in vec(request(), 1..5)
    ) {
        let input = requests.concat();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let handed_over = runtime.block_on(targets_of_hyper(input.as_bytes()));
        let (seen, is_refused) = targets_of_guard(input.as_bytes());
        let common = handed_over.len().min(seen.len());
        prop_assert_eq!(&handed_over[..common], &seen[..common], "{:?}", input);
        prop_assert!(handed_over.len() <= seen.len() || is_refused, "{:?} {:?}", handed_over, input);
    }
}

/// Connections tried; a hundred times as many found nothing more when the guard was written.
const CASES: u32 = 1_000;
