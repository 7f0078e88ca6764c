//! A server as most dialects have it: `{ "command": …, "args": […] }` or `{ "url": … }`.

use std::sync::Arc;

use eyot_document::{Member, Value};

use crate::command;
use crate::dialect::Dialect;
use crate::reader::{Members, Reader};
use crate::sections;
use crate::server::{Affinity, Era, ServerConfig, Timeouts, Tools, Transport, UrlKind};
use crate::units::{MILLISECOND, SECOND};
use crate::url;

/// Reads one server. `None`: it cannot be read, and there is an error that says why.
pub(crate) fn read(reader: &mut Reader<'_>, member: &Member) -> Option<ServerConfig> {
    let dialect = reader.variables.dialect;
    let mut members = reader.map("a server", &member.node)?;
    let is_enabled = is_enabled(reader, &mut members);
    let transport = transport(reader, &mut members);
    let (mut era, mut affinity, mut message_bytes_max) = (None, None, None);
    if matches!(dialect, Dialect::Eyot | Dialect::Inspector) {
        era = members.take(&["era", "protocolEra"]);
    }
    if dialect == Dialect::Eyot {
        members.skip(sections::KEYS);
        if let Some(policy) = members.take(&["policy"]) {
            reader.error(policy.at, NO_POLICY);
        }
        affinity = members.value("affinity");
        let size = members.value("messageMax");
        message_bytes_max = size.and_then(|it| reader.size("`messageMax`", it));
    }
    let eras = Era::ALL.map(|it| (it.as_str(), it));
    let affinities = Affinity::ALL.map(|it| (it.as_str(), it));
    let server = ServerConfig {
        name: member.key.clone(),
        source: Arc::clone(&reader.source),
        at: member.at,
        is_enabled,
        era: era.and_then(|it| reader.word(&format!("`{}`", it.key), &it.node, &eras)),
        affinity: affinity.and_then(|it| reader.word("`affinity`", it, &affinities)),
        timeouts: timeouts(reader, &mut members),
        message_bytes_max,
        tools: tools(reader, &mut members),
        sections: match dialect {
            Dialect::Eyot => sections::sections_of(&member.node).cloned().collect(),
            _ => Vec::new(),
        },
        unknown: Vec::new(),
        transport: transport?,
    };
    let unknown = reader.unknown(members);
    Some(ServerConfig { unknown, ..server })
}

/// `enabled` in our own form, `disabled` in others.
fn is_enabled(reader: &mut Reader<'_>, members: &mut Members<'_>) -> bool {
    let mut is_enabled = true;
    if reader.variables.dialect == Dialect::Eyot
        && let Some(node) = members.value("enabled")
    {
        is_enabled = reader.bool("`enabled`", node).is_none_or(|it| it.value);
    }
    if let Some(node) = members.value("disabled") {
        is_enabled &= !reader.bool("`disabled`", node).is_some_and(|it| it.value);
    }
    is_enabled
}

/// How a server with these members is reached.
fn transport(reader: &mut Reader<'_>, members: &mut Members<'_>) -> Option<Transport> {
    let dialect = reader.variables.dialect;
    let named = members.take(&["type", "transport"]);
    let kind = match named {
        Some(it) => Some(reader.word(&format!("`{}`", it.key), &it.node, KINDS)?),
        None => None,
    };
    let url = members.take(&["url", "serverUrl"]);
    let http_url = if dialect == Dialect::Gemini { members.take(&["httpUrl"]) } else { None };
    let has_command = members.take(&["command"]).is_some();
    let (url, usual) = match (http_url, url) {
        (Some(url), _) => (Some(url), UrlKind::Http),
        (None, url) if dialect == Dialect::Gemini => (url, UrlKind::Sse),
        (None, url) => (url, UrlKind::Auto),
    };
    match (kind.map(|it| (it.value, it.at)), url) {
        (_, Some(url)) if has_command => {
            let message = "a server has a `command` or a URL, and not both: remove one of them";
            reader.error(url.at, message);
            None
        }
        (Some((Kind::Stdio, _)) | None, None) if has_command => {
            warn_misplaced(reader, members, url::KEYS, "a server at a URL");
            command::read(reader, members).map(Transport::Command)
        }
        (Some((Kind::Stdio, at)), _) => {
            reader.error(at, "a server of the type `stdio` needs a `command`");
            None
        }
        (Some((Kind::Url(kind), _)), Some(url)) => {
            let kind = match (dialect, kind) {
                // It tries Streamable HTTP first, and then HTTP with SSE.
                (Dialect::VsCode, UrlKind::Http) => UrlKind::Auto,
                _ => kind,
            };
            at_url(reader, members, url, kind)
        }
        (None, Some(url)) => at_url(reader, members, url, usual),
        (Some((Kind::Url(_), at)), None) => {
            reader.error(at, "a server of this type needs a `url`");
            None
        }
        (None, None) => {
            reader.error(members.at, "a server needs a `command` or a `url`");
            None
        }
    }
}

fn at_url(
    reader: &mut Reader<'_>,
    members: &mut Members<'_>,
    url: &Member,
    kind: UrlKind,
) -> Option<Transport> {
    warn_misplaced(reader, members, command::KEYS, "a server with a `command`");
    url::read(reader, members, url, kind).map(|it| Transport::Url(Box::new(it)))
}

/// Warns of keys that are for servers of the other kind.
fn warn_misplaced(reader: &mut Reader<'_>, members: &mut Members<'_>, keys: &[&str], whose: &str) {
    for key in keys {
        if let Some(member) = members.take(&[key])
            && !is_empty(&member.node.value)
        {
            reader.warn(member.at, format!("`{key}` is for {whose}, and is not applied"));
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(elements) => elements.is_empty(),
        Value::Map(members) => members.is_empty(),
        _ => false,
    }
}

fn timeouts(reader: &mut Reader<'_>, members: &mut Members<'_>) -> Timeouts {
    let mut timeouts = Timeouts::default();
    match reader.variables.dialect {
        Dialect::Cline => {
            let call = members.value("timeout");
            timeouts.call = call.and_then(|it| reader.number_of("`timeout`", it, SECOND));
        }
        Dialect::Gemini => {
            let call = members.value("timeout");
            timeouts.call = call.and_then(|it| reader.number_of("`timeout`", it, MILLISECOND));
        }
        Dialect::Inspector => {
            let (connect, call) = ("connectionTimeout", "requestTimeout");
            let mut read = |key| {
                let node = members.value(key)?;
                reader.number_of(&format!("`{key}`"), node, MILLISECOND)
            };
            (timeouts.connect, timeouts.call) = (read(connect), read(call));
        }
        Dialect::Eyot => {
            let node = members.value("timeouts");
            if let Some(members) = node.and_then(|it| reader.map("`timeouts`", it)) {
                return own_timeouts(reader, members);
            }
        }
        _ => {}
    }
    timeouts
}

fn own_timeouts(reader: &mut Reader<'_>, mut members: Members<'_>) -> Timeouts {
    let mut read = |key| {
        let node = members.value(key)?;
        reader.duration(&format!("`timeouts.{key}`"), node)
    };
    let (connect, call) = (read("connect"), read("call"));
    let (call_total, question) = (read("callTotal"), read("question"));
    reader.unknown(members);
    Timeouts { connect, call, call_total, question }
}

fn tools(reader: &mut Reader<'_>, members: &mut Members<'_>) -> Tools {
    match reader.variables.dialect {
        Dialect::Gemini => {
            let mut names = |key| {
                let node = members.value(key)?;
                reader.names(&format!("`{key}`"), node)
            };
            Tools { include: names("includeTools"), exclude: names("excludeTools") }
        }
        Dialect::Eyot => {
            let node = members.value("tools");
            let Some(mut below) = node.and_then(|it| reader.map("`tools`", it)) else {
                return Tools::default();
            };
            let mut names = |key| {
                let node = below.value(key)?;
                reader.names(&format!("`tools.{key}`"), node)
            };
            let tools = Tools { include: names("include"), exclude: names("exclude") };
            reader.unknown(below);
            tools
        }
        _ => Tools::default(),
    }
}

const NO_POLICY: &str = "a server has no `policy` of its own: requests to it come in at the path of all \
                         servers as well; say `policy` at the top of the file, or `rules` here";

/// What `type` says.
#[derive(Clone, Copy)]
enum Kind {
    Stdio,
    Url(UrlKind),
}

const KINDS: &[(&str, Kind)] = &[
    ("stdio", Kind::Stdio),
    // As the Copilot CLI writes it.
    ("local", Kind::Stdio),
    ("http", Kind::Url(UrlKind::Http)),
    ("streamable-http", Kind::Url(UrlKind::Http)),
    ("streamableHttp", Kind::Url(UrlKind::Http)),
    ("sse", Kind::Url(UrlKind::Sse)),
    ("ws", Kind::Url(UrlKind::WebSocket)),
    ("websocket", Kind::Url(UrlKind::WebSocket)),
    ("auto", Kind::Url(UrlKind::Auto)),
];
