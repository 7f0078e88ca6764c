//! The parts of a server at a URL.

use eyot_document::{Member, Node, Position, shown_name};
use eyot_stdx::{Secret, shown_url};

use crate::dialect::Dialect;
use crate::reader::{Members, Reader};
use crate::references;
use crate::server::{Header, UrlConfig, UrlKind};
use crate::text::{REDACTED, Sourced, Text};

/// The keys of a server at a URL.
pub(crate) const KEYS: &[&str] =
    &["url", "headers", "token", "ca", "clientCert", "clientKey", "insecureSkipVerify", "proxy"];

/// Reads what our own form and others have of a server at a URL.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    members: &mut Members<'_>,
    url: &Member,
    kind: UrlKind,
) -> Option<UrlConfig> {
    let url = self::url(reader, &format!("`{}`", url.key), &url.node)?;
    let headers = members.value("headers").map(|it| headers(reader, it)).unwrap_or_default();
    let mut config = UrlConfig::new(url, kind, headers);
    if reader.variables.dialect == Dialect::Eyot {
        own(reader, members, &mut config);
    }
    config.check(reader);
    Some(config)
}

/// What our own form alone has.
fn own(reader: &mut Reader<'_>, members: &mut Members<'_>, config: &mut UrlConfig) {
    config.token = members.value("token").and_then(|it| reader.secret("`token`", it));
    config.ca = members.value("ca").and_then(|it| reader.text("`ca`", it));
    config.client_cert = members.value("clientCert").and_then(|it| reader.text("`clientCert`", it));
    config.client_key = members.value("clientKey").and_then(|it| reader.text("`clientKey`", it));
    config.proxy = members.value("proxy").and_then(|it| reader.secret("`proxy`", it));
    let skips = members.value("insecureSkipVerify");
    config.insecure_skip_verify = skips.and_then(|it| reader.bool("`insecureSkipVerify`", it));
    if let (Some(one), None) | (None, Some(one)) = (&config.client_cert, &config.client_key) {
        reader.error(one.at, "`clientCert` and `clientKey` belong together: name both files");
    }
}

/// A URL that this program can connect to.
pub(crate) fn url(reader: &mut Reader<'_>, what: &str, node: &Node) -> Option<Sourced<Text>> {
    let errors = reader.errors;
    let Sourced { value, at } = reader.text(what, node)?;
    // The sockets of Visual Studio Code have three slashes.
    let socket = value.expose().strip_prefix("unix://").map(|path| format!("unix:{path}"));
    let written = match socket {
        Some(_) => value.shown().replacen("unix://", "unix:", 1),
        None => value.shown().to_owned(),
    };
    let url = socket.unwrap_or_else(|| value.expose().to_owned());
    if reader.errors == errors {
        check_url(reader, what, &url, at);
    }
    let shown = shown(&written);
    Some(Sourced { value: Text::new(url, written).shown_as(shown), at })
}

fn check_url(reader: &mut Reader<'_>, what: &str, url: &str, at: Position) {
    if references::is_one(url) {
        return;
    }
    if url.starts_with("pipe:") {
        reader.error(at, format!("{what}: named pipes are not supported"));
    } else if !SCHEMES.iter().any(|it| url.len() > it.len() && url.starts_with(it)) {
        let forms = "`https://…`, `http://…`, `wss://…`, `ws://…` or `unix:PATH#/mcp`";
        reader.error(at, format!("{what} is no URL of a server: write {forms}"));
    } else if url.contains(|it: char| it.is_whitespace() || it.is_control()) {
        reader.error(at, format!("{what} has a space or a line end in it"));
    }
}

/// The URL as it may be shown; what is none could be a token in the wrong place.
fn shown(written: &str) -> String {
    let is_url = written.contains("://") || written.starts_with("unix:") || written.contains('$');
    if is_url { shown_url(written) } else { REDACTED.to_owned() }
}

/// Reads a map of headers.
pub(crate) fn headers(reader: &mut Reader<'_>, node: &Node) -> Vec<Header> {
    let mut headers: Vec<Header> = Vec::new();
    if reader.map("`headers`", node).is_none() {
        return headers;
    }
    for Member { key, at, node } in node.members() {
        let what = format!("header `{}`", shown_name(key));
        if let Some(value) = reader.secret(&what, node) {
            add_header(
                reader,
                &mut headers,
                Header { name: key.clone(), value: value.value, at: *at },
            );
        }
    }
    headers
}

/// Adds a header that is valid.
pub(crate) fn add_header(reader: &mut Reader<'_>, headers: &mut Vec<Header>, header: Header) {
    let Header { name, value, at } = &header;
    let shown = shown_name(name);
    if headers.iter().any(|it| it.name.eq_ignore_ascii_case(name)) {
        reader.error(*at, format!("header `{shown}` is given twice: keep one of them"));
    } else if name.is_empty() || !name.bytes().all(is_token_byte) {
        reader.error(*at, format!("`{shown}` cannot be the name of a header"));
    } else if value.expose().contains(|it: char| it.is_control() && it != '\t') {
        reader.error(*at, format!("header `{shown}` has a line end or a control character in it"));
    } else {
        headers.push(header);
    }
}

impl UrlConfig {
    /// A server without the settings that our own form alone has.
    pub(crate) fn new(url: Sourced<Text>, kind: UrlKind, headers: Vec<Header>) -> Self {
        let is_socket = ["ws://", "wss://"].iter().any(|it| url.value.expose().starts_with(it));
        Self {
            kind: if is_socket { UrlKind::WebSocket } else { kind },
            url,
            headers,
            token: None,
            ca: None,
            client_cert: None,
            client_key: None,
            insecure_skip_verify: None,
            proxy: None,
        }
    }

    /// Notes what does not fit together.
    pub(crate) fn check(&self, reader: &mut Reader<'_>) {
        let authorization =
            self.headers.iter().find(|it| it.name.eq_ignore_ascii_case("authorization"));
        if let (Some(_), Some(header)) = (&self.token, authorization) {
            let message =
                "a token and a header `Authorization` say the same thing: keep one of them";
            reader.error(header.at, message);
        }
        let has_scheme =
            ["ws://", "wss://"].iter().any(|it| self.url.value.expose().starts_with(it));
        if self.kind == UrlKind::WebSocket && !has_scheme {
            reader.error(self.url.at, "the URL of a WebSocket begins with `ws://` or `wss://`");
        }
        let is_plain = self.url.value.expose().starts_with("http://");
        let has_secret = self.token.is_some() || authorization.is_some();
        if is_plain && has_secret && !is_this_machine(self.url.value.expose()) {
            let message =
                "the token is sent over `http`, where it can be read on the way: use `https`";
            reader.warn(self.url.at, message);
        }
    }
}

/// A bearer token.
pub(crate) fn bearer(value: String, at: Position) -> Sourced<Secret<String>> {
    Sourced { value: Secret::new(value), at }
}

fn is_this_machine(url: &str) -> bool {
    let authority = url.trim_start_matches("http://").split(['/', '?', '#']).next();
    let host = authority.unwrap_or_default().rsplit('@').next().unwrap_or_default();
    host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]")
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

const SCHEMES: &[&str] = &["http://", "https://", "ws://", "wss://", "unix:"];
