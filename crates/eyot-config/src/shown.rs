//! Servers in our own form, as people and programs may see them.

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use crate::config::Config;
use crate::position::Position;
use crate::server::{CommandConfig, ServerConfig, Timeouts, Tools, Transport, UrlConfig};
use crate::text::{REDACTED, Sourced, Text};
use crate::units::shown_duration;

/// Servers in our own form: texts as the files have them, variables not replaced, and `[redacted]`
/// for what is or may be a secret.
///
/// It serializes as a document of our own form.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    members: Vec<ShownMember>,
}

#[derive(Clone, Debug)]
struct ShownMember {
    key: String,
    /// The file and the place where it is said.
    origin: Option<String>,
    value: ShownValue,
}

#[derive(Clone, Debug)]
enum ShownValue {
    Bool(bool),
    Number(u64),
    Text(String),
    List(Vec<String>),
    Map(Shown),
}

impl Shown {
    /// The servers of these files.
    pub fn new<'c>(configs: impl IntoIterator<Item = &'c Config>) -> Self {
        let servers = configs.into_iter().flat_map(|it| &it.servers);
        let mut shown = Self::default();
        let mut all = Self::default();
        for server in servers {
            all.put(&server.name, server, server.at, ShownValue::Map(of_server(server)));
        }
        shown.members.push(ShownMember {
            key: "servers".to_owned(),
            origin: None,
            value: ShownValue::Map(all),
        });
        shown
    }

    /// The document in YAML, line by line. `has_origins`: each line says where it comes from.
    pub fn to_yaml(&self, has_origins: bool) -> Vec<String> {
        let mut lines = Vec::new();
        self.write(&mut lines, 0, has_origins);
        lines
    }

    /// Where each thing is said: JSON pointers into the document, and places in files.
    pub fn origins(&self) -> Vec<(String, String)> {
        let mut origins = Vec::new();
        self.point("", &mut origins);
        origins
    }

    fn point(&self, above: &str, origins: &mut Vec<(String, String)>) {
        for ShownMember { key, origin, value } in &self.members {
            let pointer = format!("{above}/{}", key.replace('~', "~0").replace('/', "~1"));
            origins.extend(origin.clone().map(|it| (pointer.clone(), it)));
            if let ShownValue::Map(below) = value {
                below.point(&pointer, origins);
            }
        }
    }

    fn write(&self, lines: &mut Vec<String>, indent: usize, has_origins: bool) {
        for ShownMember { key, origin, value } in &self.members {
            let value_text = match value {
                ShownValue::Bool(is_true) => format!(" {is_true}"),
                ShownValue::Number(number) => format!(" {number}"),
                ShownValue::Text(text) => format!(" {}", quoted(text)),
                ShownValue::List(texts) => {
                    let texts: Vec<_> = texts.iter().map(|it| quoted(it)).collect();
                    format!(" [{}]", texts.join(", "))
                }
                ShownValue::Map(below) if below.members.is_empty() => " {}".to_owned(),
                ShownValue::Map(_) => String::new(),
            };
            let origin = origin.as_ref().filter(|_| has_origins);
            let origin = origin.map(|it| format!("  # {it}")).unwrap_or_default();
            let (indent_text, key) = (" ".repeat(indent), key_text(key));
            lines.push(format!("{indent_text}{key}:{value_text}{origin}"));
            if let ShownValue::Map(below) = value {
                below.write(lines, indent + 2, has_origins);
            }
        }
    }

    fn put(&mut self, key: &str, server: &ServerConfig, at: Position, value: ShownValue) {
        let origin = Some(format!("{}:{at}", server.source));
        self.members.push(ShownMember { key: key.to_owned(), origin, value });
    }

    fn put_some<T>(
        &mut self,
        key: &str,
        server: &ServerConfig,
        value: Option<&Sourced<T>>,
        shown: impl FnOnce(&T) -> ShownValue,
    ) {
        if let Some(Sourced { value, at }) = value {
            self.put(key, server, *at, shown(value));
        }
    }
}

fn of_server(server: &ServerConfig) -> Shown {
    let mut shown = Shown::default();
    if !server.is_enabled {
        shown.put("enabled", server, server.at, ShownValue::Bool(false));
    }
    match &server.transport {
        Transport::Command(command) => put_command(&mut shown, server, command),
        Transport::Url(url) => put_url(&mut shown, server, url),
    }
    shown.put_some("era", server, server.era.as_ref(), |it| word(it.as_str()));
    shown.put_some("affinity", server, server.affinity.as_ref(), |it| word(it.as_str()));
    put_timeouts(&mut shown, server, &server.timeouts);
    let size = server.message_bytes_max.as_ref();
    shown.put_some("messageMax", server, size, |it| {
        ShownValue::Number(u64::try_from(*it).unwrap_or(u64::MAX))
    });
    put_tools(&mut shown, server, &server.tools);
    shown
}

fn put_command(shown: &mut Shown, server: &ServerConfig, command: &CommandConfig) {
    let CommandConfig { program, args, env, cwd } = command;
    shown.put("command", server, program.at, text(&program.value));
    if let Some(first) = args.first() {
        let texts = args.iter().map(|it| it.value.shown().to_owned()).collect();
        shown.put("args", server, first.at, ShownValue::List(texts));
    }
    if let Some(first) = env.first() {
        let mut below = Shown::default();
        for variable in env {
            let passed_on = format!("${{env:{}}}", variable.name);
            let value = if variable.value.is_some() { REDACTED } else { &passed_on };
            below.put(&variable.name, server, variable.at, word(value));
        }
        shown.put("env", server, first.at, ShownValue::Map(below));
    }
    shown.put_some("cwd", server, cwd.as_ref(), text);
}

fn put_url(shown: &mut Shown, server: &ServerConfig, config: &UrlConfig) {
    shown.put("url", server, config.url.at, text(&config.url.value));
    shown.put("transport", server, config.url.at, word(config.kind.as_str()));
    if let Some(first) = config.headers.first() {
        let mut below = Shown::default();
        for header in &config.headers {
            below.put(&header.name, server, header.at, word(REDACTED));
        }
        shown.put("headers", server, first.at, ShownValue::Map(below));
    }
    shown.put_some("token", server, config.token.as_ref(), |_| word(REDACTED));
    shown.put_some("ca", server, config.ca.as_ref(), text);
    shown.put_some("clientCert", server, config.client_cert.as_ref(), text);
    shown.put_some("clientKey", server, config.client_key.as_ref(), text);
    let skips = config.insecure_skip_verify.as_ref();
    shown.put_some("insecureSkipVerify", server, skips, |it| ShownValue::Bool(*it));
    shown.put_some("proxy", server, config.proxy.as_ref(), |_| word(REDACTED));
}

fn put_timeouts(shown: &mut Shown, server: &ServerConfig, timeouts: &Timeouts) {
    let Timeouts { connect, call, call_total, question } = timeouts;
    let mut below = Shown::default();
    let times =
        [("connect", connect), ("call", call), ("callTotal", call_total), ("question", question)];
    for (key, time) in times {
        below.put_some(key, server, time.as_ref(), |it| ShownValue::Text(shown_duration(*it)));
    }
    let first = times.iter().find_map(|it| it.1.as_ref());
    shown.put_some("timeouts", server, first, |_| ShownValue::Map(below));
}

fn put_tools(shown: &mut Shown, server: &ServerConfig, tools: &Tools) {
    let Tools { include, exclude } = tools;
    let mut below = Shown::default();
    below.put_some("include", server, include.as_ref(), |it| ShownValue::List(it.clone()));
    below.put_some("exclude", server, exclude.as_ref(), |it| ShownValue::List(it.clone()));
    let first = include.as_ref().or(exclude.as_ref());
    shown.put_some("tools", server, first, |_| ShownValue::Map(below));
}

fn text(text: &Text) -> ShownValue {
    word(text.shown())
}

fn word(word: &str) -> ShownValue {
    ShownValue::Text(word.to_owned())
}

/// A text in the quotes of JSON, which YAML has too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A key, in quotes unless it cannot be taken for anything else.
fn key_text(key: &str) -> String {
    let is_plain = key.starts_with(|it: char| it.is_ascii_alphabetic())
        && key.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '_'))
        && !matches!(key.to_ascii_lowercase().as_str(), "true" | "false" | "null");
    if is_plain { key.to_owned() } else { quoted(key) }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members.len()))?;
        for ShownMember { key, value, .. } in &self.members {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Serialize for ShownValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(is_true) => serializer.serialize_bool(*is_true),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(texts) => {
                let mut list = serializer.serialize_seq(Some(texts.len()))?;
                for text in texts {
                    list.serialize_element(text)?;
                }
                list.end()
            }
            Self::Map(below) => below.serialize(serializer),
        }
    }
}
