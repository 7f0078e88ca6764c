//! One verdict on an answer that cannot be read, whatever carries it and whatever is wrong with it.

use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{Message, Request, Response};
use eyot_service::{Fault, Limits};
use eyot_types::Era;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, duplex};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::http_legacy::HttpSession;
use crate::http_legacy::ResumedSession;
use crate::http_modern::HttpModern;
use crate::{LineConnection, OpenStream, Runtime, Target};

/// How an answer comes.
#[derive(Clone, Copy, Debug)]
enum Carrier {
    Line(Era),
    /// A body that is the answer.
    Body(Era),
    /// An event of a stream that stays open.
    Event(Era),
}

const CARRIERS: [Carrier; 6] = [
    Carrier::Line(Era::Legacy),
    Carrier::Line(Era::Modern),
    Carrier::Body(Era::Legacy),
    Carrier::Body(Era::Modern),
    Carrier::Event(Era::Legacy),
    Carrier::Event(Era::Modern),
];

impl Carrier {
    /// What a call becomes whose upstream answers with `text`, in which `ID` stands for its id.
    async fn answered(self, text: &[u8]) -> Result<Response, Fault> {
        let called = async {
            match self {
                Self::Line(era) => over_lines(era, text).await,
                Self::Body(era) => over_http(era, "application/json", text.to_vec()).await,
                Self::Event(era) => {
                    let event = [b"id: 1\ndata: ", text, b"\n\n"].concat();
                    over_http(era, "text/event-stream", event).await
                }
            }
        };
        let ended = tokio::time::timeout(Duration::from_secs(20), called).await;
        ended.unwrap_or_else(|_| panic!("{self:?} still waits after {}", text.escape_ascii()))
    }
}

fn limits() -> Arc<Limits> {
    let mut limits = Limits::default();
    limits.messages.bytes_max = BYTES_MAX;
    Arc::new(limits)
}

const BYTES_MAX: usize = 50_000;

fn request() -> Request {
    Request::unnumbered("tools/call", &json!({ "name": "t" }))
}

/// The text with our id in it, as it stands in the request.
fn with_id(text: &[u8], request: &[u8]) -> Vec<u8> {
    let request: Value = serde_json::from_slice(request).unwrap();
    let id = request["id"].to_string();
    match text.windows(2).position(|it| it == b"ID") {
        Some(at) => [&text[..at], id.as_bytes(), &text[at + 2..]].concat(),
        None => text.to_vec(),
    }
}

async fn over_lines(era: Era, text: &[u8]) -> Result<Response, Fault> {
    let (ours, theirs) = duplex(1 << 20);
    let runtime = Runtime::new(TaskTracker::new(), CancellationToken::new(), limits());
    let target = Target::Stream(OpenStream::new(ours));
    let (connection, driver) = LineConnection::open(&target, era, None, &runtime).await.unwrap();
    let mut theirs = BufReader::new(theirs);
    let server = async {
        let mut line = Vec::new();
        theirs.read_until(b'\n', &mut line).await.unwrap();
        theirs.write_all(&[&with_id(text, &line), &b"\n"[..]].concat()).await.unwrap();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        reply = connection.request(request()) => reply?.answer(drop).await,
        () = server => unreachable!(),
        () = driver.run() => unreachable!(),
    }
}

async fn over_http(era: Era, kind: &str, text: Vec<u8>) -> Result<Response, Fault> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"}}") {
            stream.read_buf(&mut seen).await.unwrap();
        }
        let body = seen.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        let text = with_id(&text, &seen[body..]);
        // A stream of events does not end by itself.
        let len_bytes = text.len() + if kind == "text/event-stream" { 1 } else { 0 };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n");
        let head = format!("{head}content-length: {len_bytes}\r\n\r\n");
        stream.write_all(&[head.as_bytes(), &text].concat()).await.unwrap();
        std::future::pending::<()>().await;
    };
    let target = Target::url(&url, Limits::default()).unwrap();
    let link = target.http_link().unwrap();
    let call = async {
        let reply = match era {
            Era::Legacy => {
                let session = HttpSession::resume(link, &ResumedSession::default(), &limits());
                session.request(request()).await
            }
            Era::Modern => HttpModern::new(link.clone(), &limits()).request(request(), None).await,
        };
        reply?.answer(drop).await
    };
    tokio::select! {
        answer = call => answer,
        () = server => unreachable!(),
    }
}

/// An answer with this result, under its id at one end or the other.
fn answers(result: &[u8]) -> [Vec<u8>; 2] {
    [
        [b"{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":", result, b"}"].concat(),
        [b"{\"result\":", result, b",\"jsonrpc\":\"2.0\",\"id\":ID}"].concat(),
    ]
}

/// What may be wrong with an answer, and the beginning of the reason that its call is told.
fn defects() -> Vec<(Vec<u8>, &'static str)> {
    let deep = [b"[".repeat(70), b"]".repeat(70)].concat();
    let long = [b"\"", b"x".repeat(BYTES_MAX).as_slice(), b"\""].concat();
    let results: [(&[u8], &str); 9] = [
        (b"{\"mean\":NaN}", "unexpected byte 0x4e at byte"),
        (b"{\"text\":\"caf\xe9\"}", "invalid UTF-8 at byte"),
        (b"{\"text\":\"a\tb\"}", "control character in a string at byte"),
        (b"{\"text\":\"say \"hi\" now\"}", "unexpected byte 0x68 at byte"),
        (b"{\"\\ud83d\":1}", "lone surrogate at byte"),
        (b"{\"n\":1e400}", "number out of range at byte"),
        (b"{},\"result\":{}", "duplicate member `result` at byte"),
        (&deep, "nesting deeper than 64 at byte"),
        (&long, "message of 500"),
    ];
    let with_ids = results
        .into_iter()
        .flat_map(|(result, reason)| answers(result).into_iter().map(move |text| (text, reason)));
    let others: [(&[u8], &str); 6] = [
        (b"{\"jsonrpc\":\"2.0\",\"result\":{\"a\":", "unexpected end at byte"),
        (b"{\"jsonrpc\":\"2.0\",\"result\":{}}", "missing member `id` at byte"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":\"\\ud83d\",\"result\":{}}", "lone surrogate at byte"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":ID}", "message without `method`, `result` and `error`"),
        (b"{\"id\":ID,\"result\":{}}", "missing member `jsonrpc` at byte"),
        (b"{\"id\":ID,\"jsonrpc\":\"2.0\",\"error\":\"no\"}", "`error` is not an object at byte"),
    ];
    with_ids.chain(others.map(|(text, reason)| (text.to_vec(), reason))).collect()
}

#[tokio::test]
async fn every_carrier_ends_the_call_with_the_same_verdict_and_the_reason() {
    for (text, reason) in defects() {
        for carrier in CARRIERS {
            let said = text.escape_ascii().to_string();
            let Err(fault) = carrier.answered(&text).await else { panic!("{carrier:?}: {said}") };
            let data = fault.error.data.clone().unwrap_or_default();
            let verdict = (fault.error.code, &data["outcome"], &data["retryable"]);
            assert_eq!(verdict, (-32603, &json!("unknown"), &json!(false)), "{carrier:?}: {said}");
            let expected = format!("upstream's answer is invalid: {reason}");
            let is_named = data["reason"].as_str().is_some_and(|it| it.starts_with(&expected));
            assert!(is_named, "{carrier:?}: {} is told of {said:.200}", data["reason"]);
        }
    }
}

#[tokio::test]
async fn both_numbers_of_a_text_beyond_the_bound_are_named() {
    let long = [b"\"", b"x".repeat(BYTES_MAX).as_slice(), b"\""].concat();
    for text in answers(&long) {
        for carrier in CARRIERS {
            let fault = carrier.answered(&text).await.unwrap_err();
            let reason = fault.error.data.unwrap()["reason"].to_string();
            let (came, bound) = reason.split_once(" bytes is longer than ").unwrap();
            assert!(bound.starts_with("50000 bytes"), "{reason}");
            let came: usize = came.rsplit(' ').next().unwrap().parse().unwrap();
            assert!(came.abs_diff(text.len()) <= 40, "{reason}");
        }
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_skipped_where_the_carrier_begins() {
    let text = b"\xEF\xBB\xBF{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":{}}";
    for carrier in CARRIERS {
        let answer = match carrier {
            Carrier::Event(era) => {
                let event = [b"\xEF\xBB\xBFdata: ", &text[3..], b"\n\n"].concat();
                over_http(era, "text/event-stream", event).await
            }
            other => other.answered(text).await,
        };
        assert_eq!(answer.unwrap().result(), Some("{}"), "{carrier:?}");
    }
    // In the middle of a stream it is none.
    let event = Carrier::Event(Era::Modern).answered(text).await;
    assert!(event.unwrap_err().error.data.unwrap()["reason"].to_string().contains("byte order"));
}

#[tokio::test]
async fn half_a_surrogate_pair_passes_to_the_letter_on_every_carrier() {
    let result = r#"{"content":[{"type":"text","text":"cut \ud83d"}]}"#;
    for text in answers(result.as_bytes()) {
        for carrier in CARRIERS {
            let answer = carrier.answered(&text).await.unwrap();
            let written = String::from_utf8(answer.to_bytes().to_vec()).unwrap();
            assert!(written.contains(result), "{carrier:?}: {written}");
            let read = answer.decode_result::<Value>().unwrap();
            assert_eq!(read["content"][0]["text"], "cut \u{FFFD}", "{carrier:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_answer_ends_no_call() {
    let answer = br#"{"jsonrpc":"2.0","id":ID,"result":{}}"#;
    for bad in [
        &b"listening on port 8080"[..],
        b"{\"level\":\"info\",\"id\":1}",
        b"{\"jsonrpc\":\"2.0\",\"id\":\"another\",\"result\":NaN}",
        b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"data\":NaN}}",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"roots/list\",\"params\":[]}",
    ] {
        for carrier in CARRIERS {
            let between: &[u8] = match carrier {
                Carrier::Line(_) => b"\n",
                Carrier::Event(_) => b"\n\ndata: ",
                Carrier::Body(_) => continue,
            };
            let answered = carrier.answered(&[bad, between, answer].concat()).await;
            assert_eq!(answered.map(Message::from).unwrap().result(), Some("{}"), "{carrier:?}");
        }
    }
}

#[tokio::test]
async fn a_null_id_is_this_calls_on_its_own_channel_and_nobodys_on_a_link_of_all() {
    let nobodys = br#"{"jsonrpc":"2.0","id":null,"result":{}}"#;
    for carrier in CARRIERS {
        if let Carrier::Line(_) = carrier {
            let text = [nobodys, &b"\n"[..], br#"{"jsonrpc":"2.0","id":ID,"result":{}}"#].concat();
            assert!(carrier.answered(&text).await.is_ok(), "{carrier:?}");
        } else {
            assert!(carrier.answered(nobodys).await.is_err(), "{carrier:?}");
        }
    }
}
