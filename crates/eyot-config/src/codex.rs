//! A server of Codex, which names variables and does not replace them in texts.

use std::sync::Arc;

use eyot_document::{Member, Node, shown_name};
use eyot_stdx::Secret;

use crate::command;
use crate::reader::{Members, Reader};
use crate::server::{EnvVar, Header, ServerConfig, Timeouts, Tools, Transport, UrlConfig, UrlKind};
use crate::text::Sourced;
use crate::units::{MILLISECOND, SECOND};
use crate::url;

/// Reads one server.
pub(crate) fn read(reader: &mut Reader<'_>, member: &Member) -> Option<ServerConfig> {
    let mut members = reader.map("a server", &member.node)?;
    let enabled = members.value("enabled").and_then(|it| reader.bool("`enabled`", it));
    if let Some(token) = members.take(&["bearer_token"]) {
        let advice =
            "Codex takes no token in the file: name its variable in `bearer_token_env_var`";
        reader.error(token.at, format!("`bearer_token`: {advice}"));
    }
    let transport = transport(reader, &mut members);
    let timeouts = timeouts(reader, &mut members);
    let mut names = |key| {
        let node = members.value(key)?;
        reader.names(&format!("`{key}`"), node)
    };
    let tools = Tools { include: names("enabled_tools"), exclude: names("disabled_tools") };
    let unknown = reader.unknown(members);
    let (name, source) = (member.key.clone(), Arc::clone(&reader.source));
    let is_enabled = enabled.is_none_or(|it| it.value);
    let server = ServerConfig::new(name, source, member.at, transport?);
    Some(ServerConfig { is_enabled, timeouts, tools, unknown, ..server })
}

fn transport(reader: &mut Reader<'_>, members: &mut Members<'_>) -> Option<Transport> {
    let has_command = members.take(&["command"]).is_some();
    match members.take(&["url"]) {
        Some(url) if has_command => {
            let message = "a server has a `command` or a `url`, and not both: remove one of them";
            reader.error(url.at, message);
            None
        }
        Some(url) => at_url(reader, members, url).map(|it| Transport::Url(Box::new(it))),
        None if has_command => {
            let mut command = command::read(reader, members)?;
            if let Some(node) = members.value("env_vars") {
                let names = reader.names("`env_vars`", node)?;
                let is_new = |name: &String| !command.env.iter().any(|it| it.name == *name);
                let new: Vec<_> = names.value.into_iter().filter(is_new).collect();
                let pass_on = |name| EnvVar { name, value: None, at: node.at };
                command.env.extend(new.into_iter().map(pass_on));
            }
            Some(Transport::Command(command))
        }
        None => {
            reader.error(members.at, "a server needs a `command` or a `url`");
            None
        }
    }
}

fn at_url(reader: &mut Reader<'_>, members: &mut Members<'_>, url: &Member) -> Option<UrlConfig> {
    let url = url::url(reader, "`url`", &url.node)?;
    let headers = members.value("http_headers").map(|it| url::headers(reader, it));
    let mut headers = headers.unwrap_or_default();
    if let Some(node) = members.value("env_http_headers")
        && reader.map("`env_http_headers`", node).is_some()
    {
        for Member { key, at, node } in node.members() {
            let what = format!("header `{}`", shown_name(key));
            if let Some(value) = variable(reader, &what, node) {
                let header = Header { name: key.clone(), value: value.value, at: *at };
                url::add_header(reader, &mut headers, header);
            }
        }
    }
    let mut config = UrlConfig::new(url, UrlKind::Http, headers);
    let token = members.value("bearer_token_env_var");
    config.token = token.and_then(|it| variable(reader, "`bearer_token_env_var`", it));
    config.check(reader);
    Some(config)
}

/// The value of the variable that is named.
fn variable(reader: &mut Reader<'_>, what: &str, node: &Node) -> Option<Sourced<Secret<String>>> {
    let name = reader.literal(what, node)?.to_owned();
    let value = reader.variables.lookup.variable(&name);
    if value.is_none() {
        let name = shown_name(&name);
        reader.error(node.at, format!("{what}: set the variable {name}, which has no value"));
    }
    Some(url::bearer(value.unwrap_or_default(), node.at))
}

fn timeouts(reader: &mut Reader<'_>, members: &mut Members<'_>) -> Timeouts {
    let mut read = |key, unit| {
        let node = members.value(key)?;
        reader.number_of(&format!("`{key}`"), node, unit)
    };
    let connect = read("startup_timeout_sec", SECOND);
    let connect_ms = read("startup_timeout_ms", MILLISECOND);
    let call = read("tool_timeout_sec", SECOND);
    Timeouts { connect: connect.or(connect_ms), call, call_total: None, question: None }
}
