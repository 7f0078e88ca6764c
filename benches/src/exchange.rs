//! The one exchange that is measured: a call of a tool that sends its argument back.

use std::fmt;

use bytes::Bytes;
use clap::ValueEnum;
use eyot::types::{Revision, headers, meta};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

/// Which protocol the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Era {
    /// 2025-11-25, in a session.
    Legacy,
    /// 2026-07-28, without one.
    Modern,
}

/// What the answer is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    /// One JSON body.
    Json,
    /// A stream of two events: a notification, then the answer.
    Events,
}

/// The revision that legacy clients ask for.
pub(crate) const LEGACY_REVISION: &str = "2025-11-25";

impl Form {
    /// The path under which the backend answers in this form.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Json => "/mcp",
            Self::Events => "/events",
        }
    }

    /// The form that a path of the backend asks for.
    pub(crate) fn of_path(path: &str) -> Self {
        if path == Self::Events.path() { Self::Events } else { Self::Json }
    }
}

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        })
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "json",
            Self::Events => "events",
        })
    }
}

/// The start of every message with an id: the backend need not parse to find the id.
pub(crate) const ID_PREFIX: &str = r#"{"jsonrpc":"2.0","id":"#;

/// The start of the text in a call and in its answer.
pub(crate) const TEXT_PREFIX: &str = r#""text":""#;

/// What follows the text in a call.
pub(crate) const CALL_END: &str = r#""}}}"#;

/// A call without its id, ready to be sent any number of times.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// All that follows the id.
    rest: Bytes,
}

impl Call {
    /// A call whose argument is a text of so many bytes.
    pub(crate) fn new(era: Era, text_bytes: usize) -> Self {
        let meta = match era {
            Era::Legacy => String::new(),
            Era::Modern => format!(r#""_meta":{},"#, modern_meta()),
        };
        let text = "x".repeat(text_bytes);
        let rest = format!(
            r#","method":"tools/call","params":{{{meta}"name":"echo","arguments":{{{TEXT_PREFIX}{text}{CALL_END}"#
        );
        Self { rest: rest.into() }
    }

    /// The call under an id, in two pieces: the text is shared, not copied.
    pub(crate) fn pieces(&self, id: u64) -> [Bytes; 2] {
        [format!("{ID_PREFIX}{id}").into(), self.rest.clone()]
    }
}

fn modern_meta() -> serde_json::Value {
    serde_json::json!({
        meta::PROTOCOL_VERSION: Revision::MODERN.as_str(),
        meta::CLIENT_INFO: { "name": "eyot-bench", "version": "1" },
        meta::CLIENT_CAPABILITIES: {},
    })
}

/// The headers of a call; the session's id comes to them.
pub(crate) fn call_headers(era: Era) -> HeaderMap {
    let revision = match era {
        Era::Legacy => LEGACY_REVISION,
        Era::Modern => Revision::MODERN.as_str(),
    };
    let mut map = HeaderMap::new();
    map.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    map.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    let mut insert = |name, value| {
        map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    };
    insert(headers::PROTOCOL_VERSION, revision);
    if era == Era::Modern {
        insert(headers::METHOD, "tools/call");
        insert(headers::NAME, "echo");
    }
    map
}

/// The request that opens a legacy session.
pub(crate) fn initialize() -> Bytes {
    let params = serde_json::json!({
        "protocolVersion": LEGACY_REVISION,
        "capabilities": {},
        "clientInfo": { "name": "eyot-bench", "version": "1" },
    });
    format!(r#"{ID_PREFIX}0,"method":"initialize","params":{params}}}"#).into()
}

/// The notification that confirms a legacy session.
pub(crate) fn initialized() -> Bytes {
    Bytes::from_static(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
}
