//! The exchanges that are measured: calls of tools that every server here has.

use std::fmt;

use bytes::Bytes;
use clap::ValueEnum;
use eyot::types::{Revision, headers, meta};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Which protocol the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum Era {
    /// 2025-11-25, in a session.
    Legacy,
    /// 2026-07-28, without one.
    Modern,
}

/// What the answer is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One JSON body.
    Json,
    /// A stream of two events: a notification, then the answer.
    Events,
    /// A stream that asks the client, and waits for ever.
    #[value(skip)]
    Asking,
}

/// How the backend shows itself under one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Face {
    /// The only era that it knows; `None`: both.
    pub only: Option<Era>,
    /// How it answers calls.
    pub form: Form,
}

impl Face {
    /// The face that a path of the backend shows.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        for era in [Era::Legacy, Era::Modern] {
            if let Some(rest) = path.strip_prefix(era.prefix()) {
                return Self { only: Some(era), form: Form::of_path(rest) };
            }
        }
        Self { only: None, form: Form::of_path(path) }
    }

    /// The path under which the backend shows this face.
    #[must_use]
    pub fn path(self) -> String {
        format!("{}{}", self.only.map_or("", Era::prefix), self.form.path())
    }
}

impl From<Form> for Face {
    fn from(form: Form) -> Self {
        Self { only: None, form }
    }
}

impl Era {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Legacy => Self::Modern,
            Self::Modern => Self::Legacy,
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Legacy => "/legacy",
            Self::Modern => "/modern",
        }
    }
}

/// The revision that legacy clients ask for.
pub const LEGACY_REVISION: &str = "2025-11-25";

impl Form {
    /// The path under which the backend answers in this form.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Json => "/mcp",
            Self::Events => "/events",
            Self::Asking => "/asking",
        }
    }

    /// The form that a path of the backend asks for.
    pub fn of_path(path: &str) -> Self {
        let forms = [Self::Json, Self::Events, Self::Asking];
        forms.into_iter().find(|it| it.path() == path).unwrap_or(Self::Json)
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
            Self::Asking => "asking",
        })
    }
}

/// The start of every message with an id: the backend need not parse to find the id.
pub const ID_PREFIX: &str = r#"{"jsonrpc":"2.0","id":"#;

/// The start of the text in a call and in its answer.
pub const TEXT_PREFIX: &str = r#""text":""#;

/// What follows the text in a call.
pub const CALL_END: &str = r#""}}}"#;

/// What a call asks for. Every server of this package has these tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tool {
    /// Adds two small numbers; the text is left out.
    Add,
    /// Sends the text back.
    Echo,
    /// Sends the text back after it has asked the client something.
    Ask,
    /// Takes the text and tells its length.
    Length,
    /// Reports progress once, then sends the text back: the answer is a stream of events.
    Report,
}

impl Tool {
    /// The name in the call.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Ask => "ask",
            Self::Echo => "echo",
            Self::Length => "length",
            Self::Report => "report",
        }
    }
}

/// A call without its id, ready to be sent any number of times.
#[derive(Debug, Clone)]
pub struct Call {
    /// All that follows the id.
    rest: Bytes,
}

impl Call {
    /// A call whose argument is a text of so many bytes, unless the tool takes something else.
    #[must_use]
    pub fn new(era: Era, tool: Tool, text_bytes: usize) -> Self {
        Self::with_text(era, tool, &"x".repeat(text_bytes))
    }

    /// A call whose argument is this text, unless the tool takes something else.
    #[must_use]
    pub fn with_text(era: Era, tool: Tool, text: &str) -> Self {
        let meta = meta(era, tool);
        let meta = match meta.is_empty() {
            true => String::new(),
            false => format!(r#""_meta":{},"#, Value::Object(meta)),
        };
        let arguments = match tool {
            Tool::Add => r#""a":40,"b":2}}}"#.to_owned(),
            _ => format!("{TEXT_PREFIX}{text}{CALL_END}"),
        };
        let name = tool.name();
        let rest = format!(
            r#","method":"tools/call","params":{{{meta}"name":"{name}","arguments":{{{arguments}"#
        );
        Self { rest: rest.into() }
    }

    /// The call under an id, in two pieces: the text is shared, not copied.
    #[must_use]
    pub fn pieces(&self, id: u64) -> [Bytes; 2] {
        [format!("{ID_PREFIX}{id}").into(), self.rest.clone()]
    }
}

fn meta(era: Era, tool: Tool) -> Map<String, Value> {
    let mut meta = Map::new();
    if tool == Tool::Report {
        meta.insert(meta::PROGRESS_TOKEN.to_owned(), 1.into());
    }
    if era == Era::Modern {
        meta.insert(meta::PROTOCOL_VERSION.to_owned(), Revision::MODERN.as_str().into());
        meta.insert(meta::CLIENT_INFO.to_owned(), json!({ "name": "eyot-bench", "version": "1" }));
        let capabilities = match tool {
            Tool::Ask => json!({ "elicitation": { "form": {} } }),
            _ => json!({}),
        };
        meta.insert(meta::CLIENT_CAPABILITIES.to_owned(), capabilities);
    }
    meta
}

/// The headers of a call; the session's id comes to them.
#[must_use]
pub fn call_headers(era: Era, tool: Tool) -> HeaderMap {
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
        insert(headers::NAME, tool.name());
    }
    map
}

/// The request that opens a legacy session.
pub fn initialize() -> Bytes {
    let params = serde_json::json!({
        "protocolVersion": LEGACY_REVISION,
        "capabilities": {},
        "clientInfo": { "name": "eyot-bench", "version": "1" },
    });
    format!(r#"{ID_PREFIX}0,"method":"initialize","params":{params}}}"#).into()
}

/// The notification that confirms a legacy session.
pub fn initialized() -> Bytes {
    Bytes::from_static(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
}
