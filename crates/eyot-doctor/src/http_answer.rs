//! The step of HTTP: whether what answers at a URL is a server of MCP.
//!
//! An answer that is none is only a doubt: an old server may know nothing but `initialize`, and may
//! have no better words for that than a bare status. So the verdict waits for the handshake.

use std::time::Duration;

use bytes::Bytes;
use eyot_http::{HttpError, UpstreamBody};
use eyot_jsonrpc::Incoming;
use eyot_service::Fault;
use eyot_stdx::shown_url;
use eyot_upstream::{HttpLink, knock};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, Response, StatusCode};

use crate::chart::Chart;
use crate::finding::Finding;
use crate::patient::Patient;
use crate::report::{Ailment, StepName};
use crate::words;

/// An answer that may be none of a server of MCP.
#[derive(Debug)]
pub(crate) struct Doubt {
    pub(crate) time: Duration,
    pub(crate) finding: Finding,
}

/// What an answer is made of.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Without its parameters, in lower case.
    pub(crate) media_type: String,
    /// Where it sends the client, as it may be shown.
    pub(crate) location: Option<String>,
    /// The beginning of it.
    pub(crate) body: Bytes,
}

/// Asks once.
pub(crate) async fn examine(
    link: &HttpLink,
    patient: &Patient,
    chart: &mut Chart<'_>,
) -> Result<Option<Doubt>, Ailment> {
    let asked = async { Ok(Answer::read(knock(link).await?).await) };
    let (answer, time) = chart.wait(StepName::Http, chart.patience, asked).await;
    match answer {
        Some(Ok(answer)) => {
            let (path, is_speech) = (link.client().path(), answer.is_speech(patient));
            if is_speech {
                chart.note(StepName::Http, time, Finding::ok(answer.shown()));
                return Ok(None);
            }
            Ok(Some(Doubt { time, finding: judge(&answer, path) }))
        }
        Some(Err(fault)) => {
            chart.end(StepName::Http, time, refused(&fault, patient.has_credentials))
        }
        None => {
            let detail = format!("no answer in {:?}", chart.patience);
            let advice = "it takes connections, but says nothing: is it a server of HTTP, and not \
                          stuck? `--timeout 60s` waits longer";
            let finding = Finding::failed(detail, advice);
            chart.end(StepName::Http, time, (Ailment::Unreachable, finding))
        }
    }
}

impl Answer {
    async fn read(response: Response<UpstreamBody>) -> Self {
        let (head, mut body) = response.into_parts();
        let media_type = media_type(&head.headers);
        let location = head.headers.get(LOCATION).and_then(|it| it.to_str().ok());
        let mut read = Vec::new();
        // A stream of events may not end, and its type says enough.
        if media_type != EVENT_STREAM {
            let reading: Result<(), HttpError> = async {
                while let Some(bytes) = body.data().await? {
                    read.extend_from_slice(&bytes);
                    if read.len() > BODY_BYTES_MAX {
                        break;
                    }
                }
                Ok(())
            }
            .await;
            // What came is judged: there is a status in any case.
            drop(reading);
        }
        Self {
            status: head.status,
            media_type,
            location: location.map(shown_url),
            body: read.into(),
        }
    }

    /// Whether a server of MCP speaks.
    fn is_speech(&self, patient: &Patient) -> bool {
        if self.media_type == EVENT_STREAM {
            return self.status.is_success();
        }
        let is_json = self.media_type == "application/json";
        let scan = &patient.limits.messages.scan;
        is_json && Incoming::parse_from_upstream(self.body.clone(), scan).is_ok()
    }

    fn shown(&self) -> String {
        match self.media_type.as_str() {
            "" => self.status.to_string(),
            media_type => format!("{}, {media_type}", self.status),
        }
    }

    fn is_page(&self) -> bool {
        let start = self.body.trim_ascii_start().get(..PAGE_START.len());
        let start = start.map(<[u8]>::to_ascii_lowercase).unwrap_or_default();
        self.media_type == "text/html" || start == PAGE_START || start.starts_with(b"<html")
    }
}

/// What an answer means that is none of a server of MCP.
pub(crate) fn judge(answer: &Answer, path: &str) -> Finding {
    let status = answer.status;
    let detail = answer.shown();
    if status.is_redirection() {
        return match &answer.location {
            Some(location) => Finding::failed(
                format!("{status}, to {location}"),
                format!("requests are not sent on to another place: give that URL, {location}"),
            ),
            None => Finding::failed(detail, "it sends clients on, but does not say where"),
        };
    }
    let other_path = if path == "/mcp" {
        "the manual of the server names its path: `/` and `/sse` are usual too"
    } else {
        "is the path right? Often it is `/mcp`"
    };
    let advice = match status.as_u16() {
        _ if answer.is_page() && status.is_success() => return page(status, other_path),
        404 | 410 => format!("nothing is at `{path}`: {other_path}"),
        405 => format!(
            "what is at `{path}` takes no POST: {other_path}; a server of HTTP with SSE has `/sse`"
        ),
        406 | 415 => "it does not take what every client of MCP sends (`Accept`, `Content-Type`): \
                      something on the way changes headers, or this is another kind of server"
            .to_owned(),
        408 | 504 => "the server takes too long: is it well?".to_owned(),
        421 => "the server does not serve this host name: is the URL right?".to_owned(),
        429 => "too many requests: wait, and try again".to_owned(),
        502 | 503 => "what stands before the server does not reach it: is it running?".to_owned(),
        500..=599 => "the server has failed: its own log says why".to_owned(),
        400..=499 => "the server, or what stands before it, refuses the request: its own log may \
                      say why"
            .to_owned(),
        _ => format!("this is no answer of a server of MCP: are host and port right? {other_path}"),
    };
    let said = match answer.media_type.as_str() {
        "text/plain" | "application/json" | "application/problem+json" => {
            words::shortened(&String::from_utf8_lossy(&answer.body))
        }
        _ => String::new(),
    };
    let detail = if said.is_empty() { detail } else { format!("{detail}: {said}") };
    Finding::failed(detail, advice)
}

fn page(status: StatusCode, other_path: &str) -> Finding {
    let detail = format!("{status}, a web page");
    Finding::failed(detail, format!("people read this URL, and clients another: {other_path}"))
}

/// Why there is no answer, or one that wants authorization.
pub(crate) fn refused(fault: &Fault, has_credentials: bool) -> (Ailment, Finding) {
    let Some(challenge) = &fault.challenge else {
        let advice = "the connection is there, but no answer: is it a server of HTTP, and is the \
                      scheme of the URL (`http`, `https`) right?";
        return (Ailment::Unreachable, Finding::failed(words::of_fault(fault), advice));
    };
    let status = challenge.status;
    let said = challenge.www_authenticate.as_deref().map(words::shortened);
    let detail = match said {
        Some(said) => format!("{status}: {said}"),
        None => status.to_string(),
    };
    (Ailment::Unauthorized, Finding::failed(detail, wanted(status, has_credentials)))
}

/// What to do where authorization is wanted.
pub(crate) fn wanted(status: StatusCode, has_credentials: bool) -> &'static str {
    match (status, has_credentials) {
        (StatusCode::FORBIDDEN, true) => {
            "the server knows the token, but does not allow this with it; or it does not serve this \
             host name"
        }
        (StatusCode::FORBIDDEN, false) => {
            "the server does not allow this without a token: give one, `--token env:VAR`; or it does \
             not serve this host name"
        }
        (_, true) => "the server does not take this token: has it expired, is it for this server?",
        (_, false) => "the server wants authorization: give a token, `--token env:VAR`",
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

const EVENT_STREAM: &str = "text/event-stream";
const PAGE_START: &[u8] = b"<!doctype html";
/// An answer to `server/discover` is shorter.
const BODY_BYTES_MAX: usize = 256 << 10;
