//! `server.json` of the MCP registry: how a server can be started or reached, in several ways.

use std::sync::Arc;

use eyot_document::{Node, Value, shown_name};
use eyot_stdx::Secret;

use crate::command::is_env_name;
use crate::reader::Reader;
use crate::server::{CommandConfig, EnvVar, Header, ServerConfig, Transport, UrlConfig, UrlKind};
use crate::text::{Sourced, Text, redact_args};
use crate::url;

/// Reads the servers of the file: one for each way to reach one.
pub(crate) fn read(reader: &mut Reader<'_>, root: &Node) -> Vec<ServerConfig> {
    if let Some(list) = root.member("servers") {
        return list.elements().iter().flat_map(|it| entry(reader, it)).collect();
    }
    entry(reader, root)
}

/// A server, perhaps within what the registry says of it.
fn entry(reader: &mut Reader<'_>, node: &Node) -> Vec<ServerConfig> {
    let server = node.member("server").unwrap_or(node);
    let Some(full_name) = server.member("name").and_then(Node::text) else {
        reader.error(server.at, "a server needs a `name`");
        return Vec::new();
    };
    // The names of the registry have a namespace: `io.github.user/weather`.
    let name = full_name.rsplit('/').next().unwrap_or(full_name);
    let mut ways: Vec<(&str, Option<&Node>, &Node)> = Vec::new();
    for (key, kind_keys) in
        [("packages", ["registryType", "registry_type"]), ("remotes", ["type", "transport_type"])]
    {
        let below = server.member(key).map(Node::elements).unwrap_or_default();
        ways.extend(below.iter().map(|way| (key, member(way, &kind_keys), way)));
    }
    if ways.is_empty() {
        reader.server = Some(name.to_owned());
        reader.error(server.at, "a server needs `packages` or `remotes`");
    }
    let mut names: Vec<String> = Vec::new();
    let mut servers = Vec::new();
    for (key, kind, way) in &ways {
        let kind = kind.and_then(Node::text).unwrap_or(key);
        let mut name = if ways.len() == 1 { name.to_owned() } else { format!("{name}:{kind}") };
        if names.contains(&name) {
            name = format!("{name}:{}", names.len() + 1);
        }
        names.push(name.clone());
        reader.server = Some(name.clone());
        let transport = match *key {
            "packages" => package(reader, way, kind).map(Transport::Command),
            _ => remote(reader, way, kind).map(|it| Transport::Url(Box::new(it))),
        };
        let source = Arc::clone(&reader.source);
        servers.extend(transport.map(|it| ServerConfig::new(name, source, way.at, it)));
    }
    reader.server = None;
    servers
}

/// A package, which a program of its kind fetches and starts.
fn package(reader: &mut Reader<'_>, way: &Node, kind: &str) -> Option<CommandConfig> {
    let transport = way.member("transport").and_then(|it| it.member("type")).and_then(Node::text);
    if transport.is_some_and(|it| it != "stdio") {
        let message = "this package serves over HTTP: start it yourself, and name its URL";
        reader.error(way.at, message);
        return None;
    }
    let Some(identifier) = way.member("identifier").and_then(Node::text) else {
        reader.error(way.at, "a package needs an `identifier`");
        return None;
    };
    let version = way.member("version").and_then(Node::text);
    let with_version =
        version.map_or_else(|| identifier.to_owned(), |it| format!("{identifier}@{it}"));
    let (program, before, named): (_, &[&str], _) = match kind {
        "npm" => ("npx", &["-y"], with_version),
        "pypi" => ("uvx", &[], with_version),
        "nuget" => ("dnx", &["--yes"], with_version),
        "oci" => ("docker", &["run", "-i", "--rm"], image(identifier, version)),
        _ => {
            let kind = shown_name(kind);
            let advice = "write a server with the `command` that starts it";
            reader.error(
                way.at,
                format!("packages of the kind `{kind}` cannot be started: {advice}"),
            );
            return None;
        }
    };
    let hint = member(way, &["runtimeHint", "runtime_hint"]).and_then(Node::text);
    let env = environment(reader, way);
    let mut args = Vec::new();
    if kind == "oci" {
        args.extend(before.iter().map(|it| plain(it, way)));
        for variable in &env {
            args.extend([plain("-e", way), plain(&variable.name, way)]);
        }
    }
    args.extend(arguments(reader, member(way, &["runtimeArguments", "runtime_arguments"])));
    if kind != "oci" && hint.is_none_or(|it| it == program) {
        let missing = before.iter().filter(|it| !args.iter().any(|arg| arg.value.shown() == **it));
        args.extend(missing.map(|it| plain(it, way)).collect::<Vec<_>>());
    }
    args.push(plain(&named, way));
    args.extend(arguments(reader, member(way, &["packageArguments", "package_arguments"])));
    let program = plain(hint.unwrap_or(program), way);
    Some(CommandConfig { program, args: redact_args(args), env, env_file: None, cwd: None })
}

fn image(identifier: &str, version: Option<&str>) -> String {
    let name = identifier.rsplit('/').next().unwrap_or(identifier);
    match version {
        Some(version) if !name.contains([':', '@']) => format!("{identifier}:{version}"),
        _ => identifier.to_owned(),
    }
}

/// The arguments of a list: named ones are a flag and its value.
fn arguments(reader: &mut Reader<'_>, list: Option<&Node>) -> Vec<Sourced<Text>> {
    let mut args = Vec::new();
    for argument in list.map(Node::elements).unwrap_or_default() {
        let kind = argument.member("type").and_then(Node::text);
        let name = argument.member("name").and_then(Node::text);
        let hint = member(argument, &["valueHint", "value_hint"]).and_then(Node::text);
        let id = name.map(|it| it.trim_start_matches('-')).or(hint).unwrap_or("value");
        let value = filled_in(reader, argument, id, None);
        let flag = name.filter(|_| kind == Some("named")).map(|it| plain(it, argument));
        // A flag without a value is there if it is said to be.
        if value.is_some() || flag.is_some() && argument.member("default").is_none() {
            args.extend(flag);
        }
        args.extend(value);
    }
    args
}

fn environment(reader: &mut Reader<'_>, way: &Node) -> Vec<EnvVar> {
    let list = member(way, &["environmentVariables", "environment_variables"]);
    let mut env: Vec<EnvVar> = Vec::new();
    for variable in list.map(Node::elements).unwrap_or_default() {
        let name = variable.member("name").and_then(Node::text).unwrap_or_default();
        if !is_env_name(name) || env.iter().any(|it| it.name == name) {
            let message = "a variable needs a `name` of its own, without `=` and spaces";
            reader.error(variable.at, message);
            continue;
        }
        let own = reader.variables.lookup.variable(name);
        if let Some(value) = filled_in(reader, variable, name, own) {
            let value = Some(Secret::new(value.value.expose().to_owned()));
            env.push(EnvVar { name: name.to_owned(), value, at: variable.at });
        }
    }
    env
}

/// A server at a URL.
fn remote(reader: &mut Reader<'_>, way: &Node, kind: &str) -> Option<UrlConfig> {
    let kind = match kind {
        "streamable-http" | "streamable" | "http" => UrlKind::Http,
        "sse" => UrlKind::Sse,
        _ => {
            reader.error(way.at, "`type` is none of streamable-http, sse");
            return None;
        }
    };
    let Some(node) = way.member("url") else {
        reader.error(way.at, "a remote needs a `url`");
        return None;
    };
    let url = with_variables(reader, way, |reader| url::url(reader, "`url`", node))?;
    let mut headers = Vec::new();
    for header in way.member("headers").map(Node::elements).unwrap_or_default() {
        let name = header.member("name").and_then(Node::text).unwrap_or_default();
        if let Some(value) = filled_in(reader, header, name, None) {
            let value = Secret::new(value.value.expose().to_owned());
            let header = Header { name: name.to_owned(), value, at: header.at };
            url::add_header(reader, &mut headers, header);
        }
    }
    let config = UrlConfig::new(url, kind, headers);
    config.check(reader);
    Some(config)
}

/// The value of an argument, a variable or a header: the fixed one, or what the user fills in, or the
/// default. `None`: there is none, which is an error where one is required.
fn filled_in(
    reader: &mut Reader<'_>,
    node: &Node,
    id: &str,
    given: Option<String>,
) -> Option<Sourced<Text>> {
    let what = format!("`{}`", shown_name(id));
    if let Some(value) = node.member("value") {
        return with_variables(reader, node, |reader| reader.text(&what, value));
    }
    let shown = format!("{{{id}}}");
    let given = given.or_else(|| reader.variables.input_value(id));
    if let Some(value) = given {
        return Some(Sourced { value: Text::new(value, shown), at: node.at });
    }
    if let Some(default) = node.member("default") {
        return reader.text(&what, default);
    }
    if member(node, &["isRequired", "is_required"]).is_some_and(|it| it.value == Value::Bool(true))
    {
        let variable = crate::lookup::input_variable(id);
        reader.error(node.at, format!("{what} is required: set the variable {variable}"));
    }
    None
}

/// Reads something whose `{variables}` have defaults.
fn with_variables<T>(
    reader: &mut Reader<'_>,
    node: &Node,
    read: impl FnOnce(&mut Reader<'_>) -> T,
) -> T {
    let known = reader.variables.defaults.len();
    for member in node.member("variables").map(Node::members).unwrap_or_default() {
        let value = member.node.member("value").or_else(|| member.node.member("default"));
        if let Some(value) = value.and_then(|it| reader.literal("`default`", it)) {
            reader.variables.defaults.push((member.key.clone(), value.to_owned()));
        }
    }
    let read = read(reader);
    reader.variables.defaults.truncate(known);
    read
}

/// A text that the file does not have in this form.
fn plain(text: &str, node: &Node) -> Sourced<Text> {
    Sourced { value: Text::new(text.to_owned(), text.to_owned()), at: node.at }
}

fn member<'n>(node: &'n Node, keys: &[&str]) -> Option<&'n Node> {
    keys.iter().find_map(|key| node.member(key))
}
