//! The server behind every hop: answers at once, and reads nothing that it does not need.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use eyot::types::headers;
use eyot_benches::exchange::{CALL_END, Era, Face, Form, ID_PREFIX, LEGACY_REVISION, TEXT_PREFIX};
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use memchr::memmem;
use tokio::net::TcpStream;

use crate::envelope::Envelope;
use crate::listener;
use crate::pieces::Pieces;

type Answer = Response<Pieces>;

/// How it serves.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Options {
    /// Read the envelope of every message: the least that a server does
    #[arg(long)]
    envelope: bool,
}

/// Serves both eras until the process is ended.
pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    match runtime.block_on(listener::serve(|stream| connection(stream, options)))? {}
}

/// Serves one connection to its end.
pub(crate) async fn connection(stream: TcpStream, options: Options) -> anyhow::Result<()> {
    let answer = |request| answer(request, options);
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
    serving.await.context("serve a connection")
}

async fn answer(request: Request<Incoming>, options: Options) -> anyhow::Result<Answer> {
    if request.method() != Method::POST {
        return Ok(empty(StatusCode::METHOD_NOT_ALLOWED));
    }
    let face = Face::of_path(request.uri().path());
    let offered = request.uri().query().and_then(|it| it.strip_prefix(TOOLS_QUERY));
    let offered = offered.map(str::to_owned);
    let body = request.into_body().collect().await?.to_bytes();
    if options.envelope {
        std::hint::black_box(Envelope::parse(&body)?);
    }
    Ok(match id(&body) {
        Some(id) if offered.is_some() && has_method(&body, br#""tools/list""#) => {
            let tools = tools(offered.as_deref().unwrap_or_default());
            write(Form::Json, id, tools.as_bytes())
        }
        Some(id) => respond(face, id, &body),
        None => empty(StatusCode::ACCEPTED),
    })
}

/// The result of `tools/list` at an endpoint that has tools of this name: as many as servers with
/// many tools have, described as they describe them.
fn tools(name: &str) -> String {
    let describe = |name: &str| {
        format!(
            r#"{{"name":"{name}","description":"Says again what it is told, at any length, and does nothing else besides that.","inputSchema":{{"type":"object","properties":{{"text":{{"type":"string","description":"What it says"}}}},"required":["text"]}}}}"#
        )
    };
    if name == NO_TOOLS {
        return r#"{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[]}"#
            .to_owned();
    }
    let others = (1..TOOLS_OF_EACH).map(|it| describe(&format!("{name}_{it}")));
    let all: Vec<_> = std::iter::once(describe(name)).chain(others).collect();
    format!(
        r#"{{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[{}]}}"#,
        all.join(",")
    )
}

/// The query of an endpoint that lists tools: the name of the first of them follows.
pub(crate) const TOOLS_QUERY: &str = "tools=";
/// The name at which it lists none.
pub(crate) const NO_TOOLS: &str = "none";
/// How many it lists.
pub(crate) const TOOLS_OF_EACH: usize = 100;

/// The id as it stands in the text; `None` for a notification.
fn id(body: &[u8]) -> Option<&[u8]> {
    let rest = body.strip_prefix(ID_PREFIX.as_bytes())?;
    rest.get(..memchr::memchr(b',', rest)?)
}

/// The id where others write it: behind all else.
fn last_id(line: &[u8]) -> Option<&[u8]> {
    const KEY: &[u8] = br#""id":"#;
    let rest = line.get(memmem::rfind(line, KEY)? + KEY.len()..)?;
    rest.get(..memchr::memchr2(b',', b'}', rest)?)
}

/// The line that answers a line, as a legacy server on a pipe; `None` for a notification.
pub(crate) fn legacy_line(line: &[u8]) -> Option<Vec<u8>> {
    let id = id(line).or_else(|| last_id(line))?;
    let (member, value) = match line {
        _ if has_method(line, br#""tools/call""#) => ("result", echo(line)),
        _ if has_method(line, br#""initialize""#) => ("result", initialized().into_bytes()),
        _ => ("error", br#"{"code":-32601,"message":"Method not found"}"#.to_vec()),
    };
    let member = format!(",\"{member}\":");
    Some([ID_PREFIX.as_bytes(), id, member.as_bytes(), &value, b"}\n"].concat())
}

fn has_method(body: &[u8], method: &[u8]) -> bool {
    /// The method of a request is within its first bytes.
    const METHOD_WITHIN: usize = 128;
    memmem::find(body.get(..METHOD_WITHIN).unwrap_or(body), method).is_some()
}

fn respond(face: Face, id: &[u8], body: &[u8]) -> Answer {
    let is = |method: &[u8]| has_method(body, method);
    match face.only {
        _ if is(br#""tools/call""#) => write(face.form, id, &echo(body)),
        Some(Era::Modern) if is(br#""initialize""#) => unknown(id),
        Some(Era::Legacy) if is(br#""server/discover""#) => unknown(id),
        _ if is(br#""initialize""#) => opened(write(Form::Json, id, initialized().as_bytes())),
        _ => write(Form::Json, id, DISCOVERED),
    }
}

/// The answer to a method of the other era.
fn unknown(id: &[u8]) -> Answer {
    const ERROR: &[u8] = br#","error":{"code":-32601,"message":"Method not found"}}"#;
    let body = [ID_PREFIX.as_bytes(), id, ERROR].concat();
    let mut response = Response::new(Pieces::whole([body.into()]));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The result of a call: its own text.
fn echo(body: &[u8]) -> Vec<u8> {
    let start = memmem::find(body, TEXT_PREFIX.as_bytes()).map(|at| at + TEXT_PREFIX.len());
    let rest = start.and_then(|start| body.get(start..)).unwrap_or_default();
    let text = rest.strip_suffix(CALL_END.as_bytes()).unwrap_or_else(|| {
        // More follows the arguments.
        memchr::memchr(b'"', rest).and_then(|end| rest.get(..end)).unwrap_or_default()
    });
    [ECHO_START, text, br#""}]}"#].concat()
}

const ECHO_START: &[u8] = br#"{"resultType":"complete","content":[{"type":"text","text":""#;

const DISCOVERED: &[u8] = br#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"serverInfo":{"name":"eyot-bench","version":"1"},"ttlMs":60000,"cacheScope":"public"}"#;

fn initialized() -> String {
    format!(
        r#"{{"protocolVersion":"{LEGACY_REVISION}","capabilities":{{"tools":{{}}}},"serverInfo":{{"name":"eyot-bench","version":"1"}}}}"#
    )
}

fn write(form: Form, id: &[u8], result: &[u8]) -> Answer {
    let (start, end): (&[u8], &[u8]) = match form {
        Form::Json => (b"", b"}"),
        Form::Events | Form::Asking => (b"data: ", b"}\n\n"),
    };
    let answer = [start, ID_PREFIX.as_bytes(), id, br#","result":"#, result, end].concat();
    let (body, content_type) = match form {
        Form::Json => (Pieces::whole([answer.into()]), "application/json"),
        Form::Events => {
            let pieces = [Bytes::from_static(NOTIFICATION), answer.into()];
            (Pieces::chunked(pieces), "text/event-stream")
        }
        Form::Asking => (Pieces::endless([question().into()]), "text/event-stream"),
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

const NOTIFICATION: &[u8] = b"data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\
    \"params\":{\"level\":\"info\",\"data\":\"half done\"}}\n\n";

/// What the client is asked, under an event id of its own: the stream can be taken up again.
fn question() -> String {
    static QUESTIONS: AtomicU64 = AtomicU64::new(0);
    let number = QUESTIONS.fetch_add(1, Ordering::Relaxed);
    let params = r#"{"message":"Your name?","requestedSchema":{"type":"object","properties":{"name":{"type":"string"}}}}"#;
    format!(
        "id: {number}\ndata: {ID_PREFIX}{number},\"method\":\"elicitation/create\",\"params\":{params}}}\n\n"
    )
}

/// Gives the answer a session of its own.
fn opened(mut answer: Answer) -> Answer {
    static SESSIONS: AtomicU64 = AtomicU64::new(0);
    let number = SESSIONS.fetch_add(1, Ordering::Relaxed);
    if let Ok(value) = HeaderValue::from_str(&format!("session-{number}")) {
        answer.headers_mut().insert(HeaderName::from_static(headers::SESSION_ID), value);
    }
    answer
}

fn empty(status: StatusCode) -> Answer {
    let mut response = Response::new(Pieces::whole([]));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests;
