//! Servers, put into our own form.

use eyot_document::{Node, Position};
use eyot_stdx::Secret;

use super::{Shown, ShownMember, ShownValue};
use crate::server::{CommandConfig, ServerConfig, Timeouts, Tools, Transport, UrlConfig};
use crate::text::{Sourced, Text};
use crate::units::shown_duration;

/// What stands in the form for the texts of servers.
pub(crate) trait Words {
    /// A text. `what` says what it is to its server.
    fn text(&mut self, server: &ServerConfig, what: &str, text: &Sourced<Text>) -> String;

    /// A text that is secret, whatever it is.
    fn secret(&mut self, server: &ServerConfig, what: &Secretive<'_>) -> String;

    /// The value of a variable that is passed on.
    fn passed_on(&mut self, name: &str) -> ShownValue;

    /// What has a form of its own.
    fn said(&mut self, node: &Node) -> ShownValue;

    /// A comment on what stands there, of which the texts were asked for before.
    fn comment(&mut self, server: &ServerConfig, at: Position) -> Option<String>;
}

/// A secret of a server.
pub(crate) struct Secretive<'s> {
    /// What it is to its server, such as `headers`.
    pub(crate) kind: &'s str,
    /// The name of the header or the variable; otherwise the kind.
    pub(crate) name: &'s str,
    /// Where it stands.
    pub(crate) at: Position,
    /// The secret.
    pub(crate) value: &'s Secret<String>,
}

/// Puts servers into the form.
pub(crate) fn put<'c>(
    servers: impl IntoIterator<Item = &'c ServerConfig>,
    words: &mut dyn Words,
) -> Shown {
    let mut all = Shown::default();
    for server in servers {
        let mut writer = Writer { server, words: &mut *words, shown: Shown::default() };
        writer.put_server();
        let value = ShownValue::Map(writer.shown);
        let comment = words.comment(server, server.at);
        all.members.push(ShownMember { key: server.name.clone(), comment, value });
    }
    let servers =
        ShownMember { key: "servers".to_owned(), comment: None, value: ShownValue::Map(all) };
    Shown { members: vec![servers] }
}

struct Writer<'w> {
    server: &'w ServerConfig,
    words: &'w mut dyn Words,
    shown: Shown,
}

impl<'w> Writer<'w> {
    fn put(&mut self, key: &str, at: Position, value: ShownValue) {
        let comment = self.words.comment(self.server, at);
        self.shown.members.push(ShownMember { key: key.to_owned(), comment, value });
    }

    /// Puts a map, whose members are put by `fill`.
    fn put_map(&mut self, key: &str, at: Position, fill: impl FnOnce(&mut Writer<'_>)) {
        let mut below =
            Writer { server: self.server, words: &mut *self.words, shown: Shown::default() };
        fill(&mut below);
        let value = ShownValue::Map(below.shown);
        self.put(key, at, value);
    }

    fn put_some<T>(
        &mut self,
        key: &str,
        value: Option<&Sourced<T>>,
        shown: impl FnOnce(&T) -> ShownValue,
    ) {
        if let Some(Sourced { value, at }) = value {
            self.put(key, *at, shown(value));
        }
    }

    fn put_text(&mut self, key: &str, text: Option<&Sourced<Text>>) {
        if let Some(text) = text {
            let word = self.words.text(self.server, key, text);
            self.put(key, text.at, ShownValue::Text(word));
        }
    }

    fn put_secret(&mut self, key: &str, secret: Option<&Sourced<Secret<String>>>) {
        if let Some(Sourced { value, at }) = secret {
            let secret = Secretive { kind: key, name: key, at: *at, value };
            let word = self.words.secret(self.server, &secret);
            self.put(key, *at, ShownValue::Text(word));
        }
    }

    fn put_server(&mut self) {
        let server = self.server;
        if !server.is_enabled {
            self.put("enabled", server.at, ShownValue::Bool(false));
        }
        match &server.transport {
            Transport::Command(command) => self.put_command(command),
            Transport::Url(url) => self.put_url(url),
        }
        self.put_some("era", server.era.as_ref(), |it| word(it.as_str()));
        self.put_some("affinity", server.affinity.as_ref(), |it| word(it.as_str()));
        self.put_timeouts(&server.timeouts);
        let size = server.message_bytes_max.as_ref();
        self.put_some("messageMax", size, |it| {
            ShownValue::Number(u64::try_from(*it).unwrap_or(u64::MAX))
        });
        self.put_tools(&server.tools);
        for member in &server.sections {
            let said = self.words.said(&member.node);
            self.put(&member.key, member.at, said);
        }
    }

    fn put_command(&mut self, command: &CommandConfig) {
        let CommandConfig { program, args, env, env_file, cwd } = command;
        self.put_text("command", Some(program));
        if let Some(first) = args.first() {
            let texts = (1..).zip(args);
            let texts =
                texts.map(|(no, it)| self.words.text(self.server, &format!("arg {no}"), it));
            let texts = texts.collect();
            self.put("args", first.at, ShownValue::List(texts));
        }
        let is_of_file = |at| env_file.as_ref().is_some_and(|it| it.at == at);
        let env: Vec<_> = env.iter().filter(|it| !is_of_file(it.at)).collect();
        if let Some(first) = env.first() {
            self.put_map("env", first.at, |below| {
                for variable in &env {
                    let (name, at) = (variable.name.as_str(), variable.at);
                    let value = match &variable.value {
                        Some(value) => {
                            let secret = Secretive { kind: "env", name, at, value };
                            ShownValue::Text(below.words.secret(below.server, &secret))
                        }
                        None => below.words.passed_on(name),
                    };
                    below.put(name, at, value);
                }
            });
        }
        self.put_text("envFile", env_file.as_deref());
        self.put_text("cwd", cwd.as_ref());
    }

    fn put_url(&mut self, config: &UrlConfig) {
        self.put_text("url", Some(&config.url));
        self.put("transport", config.url.at, word(config.kind.as_str()));
        if let Some(first) = config.headers.first() {
            self.put_map("headers", first.at, |below| {
                for header in &config.headers {
                    let (name, at, value) = (header.name.as_str(), header.at, &header.value);
                    let secret = Secretive { kind: "headers", name, at, value };
                    let text = below.words.secret(below.server, &secret);
                    below.put(name, at, ShownValue::Text(text));
                }
            });
        }
        self.put_secret("token", config.token.as_ref());
        self.put_text("ca", config.ca.as_ref());
        self.put_text("clientCert", config.client_cert.as_ref());
        self.put_text("clientKey", config.client_key.as_ref());
        let skips = config.insecure_skip_verify.as_ref();
        self.put_some("insecureSkipVerify", skips, |it| ShownValue::Bool(*it));
        self.put_secret("proxy", config.proxy.as_ref());
    }

    fn put_timeouts(&mut self, timeouts: &Timeouts) {
        let Timeouts { connect, call, call_total, question } = timeouts;
        let times = [
            ("connect", connect),
            ("call", call),
            ("callTotal", call_total),
            ("question", question),
        ];
        let Some(first) = times.iter().find_map(|it| it.1.as_ref()) else { return };
        self.put_map("timeouts", first.at, |below| {
            for (key, time) in times {
                below.put_some(key, time.as_ref(), |it| ShownValue::Text(shown_duration(*it)));
            }
        });
    }

    fn put_tools(&mut self, tools: &Tools) {
        let Tools { include, exclude } = tools;
        let Some(first) = include.as_ref().or(exclude.as_ref()) else { return };
        self.put_map("tools", first.at, |below| {
            below.put_some("include", include.as_ref(), |it| ShownValue::List(it.clone()));
            below.put_some("exclude", exclude.as_ref(), |it| ShownValue::List(it.clone()));
        });
    }
}

fn word(word: &str) -> ShownValue {
    ShownValue::Text(word.to_owned())
}
