//! The manifest of an `.mcpb` bundle: one server, which is started from the folder of the manifest.

use std::sync::Arc;

use eyot_document::{Member, Node, Value};

use crate::command;
use crate::reader::Reader;
use crate::server::{CommandConfig, ServerConfig, Transport};
use crate::text::{Sourced, Text, redact_args};

/// Reads the server of a manifest.
pub(crate) fn read(reader: &mut Reader<'_>, root: &Node) -> Option<ServerConfig> {
    let name = root.member("name").and_then(Node::text).unwrap_or("bundle");
    reader.server = Some(name.to_owned());
    let Some(server) = root.member("server") else {
        reader.error(root.at, "a manifest needs a `server`");
        return None;
    };
    let lists = user_config(reader, root);
    let Some(config) = server.member("mcp_config") else {
        reader.error(
            server.at,
            "this `server` has no `mcp_config`: it says how the server is started",
        );
        return None;
    };
    let config = overridden(config);
    let mut members = reader.map("`mcp_config`", &config)?;
    members.skip(&["platform_overrides"]);
    if members.take(&["command"]).is_none() {
        reader.error(config.at, "`mcp_config` needs a `command`");
        return None;
    }
    let command = command::read(reader, &mut members);
    let unknown = reader.unknown(members);
    let transport = Transport::Command(with_lists(command?, &lists));
    let source = Arc::clone(&reader.source);
    let server = ServerConfig::new(name.to_owned(), source, server.at, transport);
    Some(ServerConfig { unknown, ..server })
}

/// The configuration with what it says of this system.
fn overridden(config: &Node) -> Node {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let overrides = config.member("platform_overrides").and_then(|it| it.member(system));
    let mut members = config.members().to_vec();
    for Member { key, at, node } in overrides.map(Node::members).unwrap_or_default() {
        let member = Member { key: key.clone(), at: *at, node: node.clone() };
        match members.iter_mut().find(|it| it.key == *key) {
            Some(usual) if key == "env" => add_members(&mut usual.node, node),
            Some(usual) => *usual = member,
            None => members.push(member),
        }
    }
    match config.value {
        Value::Map(_) => Node { at: config.at, value: Value::Map(members) },
        _ => config.clone(),
    }
}

/// Puts members into a map, in the place of those of their keys.
fn add_members(map: &mut Node, added: &Node) {
    if let Value::Map(members) = &mut map.value {
        members.retain(|it| added.member(&it.key).is_none());
        members.extend(added.members().iter().cloned());
    }
}

/// A value that the user gives as a list: it stands for several arguments.
struct ListValue {
    reference: String,
    values: Vec<String>,
}

/// Learns the defaults of what the user is to fill in, and returns what are lists.
fn user_config(reader: &mut Reader<'_>, root: &Node) -> Vec<ListValue> {
    let mut lists = Vec::new();
    let declared = root.member("user_config").map(Node::members).unwrap_or_default();
    for Member { key, node, .. } in declared {
        let is_true = |key| node.member(key).is_some_and(|it| it.value == Value::Bool(true));
        let default = node.member("default");
        let mut values: Vec<String> = Vec::new();
        for it in default.into_iter().flat_map(|it| match &it.value {
            Value::List(elements) => elements.as_slice(),
            _ => std::slice::from_ref(it),
        }) {
            if let Some(text) = reader.literal("`default`", it).map(str::to_owned) {
                values.push(reader.expand("`default`", &text, it.at));
            }
        }
        let given = reader.variables.input_value(key);
        if is_true("multiple") {
            if let Some(given) = given {
                values = given.lines().map(str::to_owned).collect();
            }
            // One that must be filled in is missed where it is referred to.
            if !values.is_empty() || !is_true("required") {
                let reference = format!("${{user_config.{key}}}");
                reader.variables.defaults.push((key.clone(), values.join(",")));
                lists.push(ListValue { reference, values });
            }
        } else if let Some(value) = values.into_iter().next() {
            reader.variables.defaults.push((key.clone(), value));
        } else if !is_true("required") {
            reader.variables.defaults.push((key.clone(), String::new()));
            let values = Vec::from_iter(given);
            lists.push(ListValue { reference: format!("${{user_config.{key}}}"), values });
        }
    }
    lists
}

/// The command, with as many arguments for a list as it has values, and without variables that the
/// user has not filled in.
fn with_lists(command: CommandConfig, lists: &[ListValue]) -> CommandConfig {
    let args = command.args.into_iter().flat_map(|Sourced { value, at }| {
        let list = lists.iter().find(|it| it.reference == value.shown());
        match list {
            Some(list) => {
                let text = |it: &String| Text::new(it.clone(), list.reference.clone());
                let texts = list.values.iter().map(text);
                texts.map(|value| Sourced { value, at }).collect()
            }
            None => vec![Sourced { value, at }],
        }
    });
    CommandConfig { args: redact_args(args.collect()), ..command }
}
