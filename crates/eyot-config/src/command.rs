//! The parts of a server that is started.

use eyot_document::{Member, Node, Value, shown_name};
use eyot_stdx::Secret;

use crate::env_file;
use crate::reader::{Members, Reader};
use crate::server::{CommandConfig, EnvVar};
use crate::text::{Sourced, Text, redact_args};

/// The keys of a server that is started.
pub(crate) const KEYS: &[&str] = &["command", "args", "env", "envFile", "cwd"];

/// Reads `command`, `args`, `env`, `envFile` and `cwd`.
pub(crate) fn read(reader: &mut Reader<'_>, members: &mut Members<'_>) -> Option<CommandConfig> {
    let program = members.value("command").and_then(|it| program(reader, it));
    let args = members.value("args").map(|it| args(reader, it)).unwrap_or_default();
    let mut env = members.value("env").map(|it| env(reader, it)).unwrap_or_default();
    let env_file =
        members.value("envFile").and_then(|it| add_file(reader, it, &mut env)).map(Box::new);
    let cwd = members.value("cwd").and_then(|it| reader.text("`cwd`", it));
    let program = program?;
    let has_words = program.value.shown().trim().contains(' ') && args.is_empty();
    if has_words && !program.value.shown().contains(['/', '\\', '$']) {
        let message =
            "`command` has spaces in it: it is the program alone, put the rest into `args`";
        reader.warn(program.at, message);
    }
    Some(CommandConfig { program, args, env, env_file, cwd })
}

fn program(reader: &mut Reader<'_>, node: &Node) -> Option<Sourced<Text>> {
    let (program, errors) = (reader.text("`command`", node)?, reader.errors);
    if program.value.expose().trim().is_empty() && errors == reader.errors {
        reader.error(node.at, "`command` is empty: name a program");
    }
    Some(program)
}

fn args(reader: &mut Reader<'_>, node: &Node) -> Vec<Sourced<Text>> {
    let elements = reader.list("`args`", node).unwrap_or_default();
    let args = elements.iter().filter_map(|it| reader.text("`args`", it));
    redact_args(args.collect())
}

fn env(reader: &mut Reader<'_>, node: &Node) -> Vec<EnvVar> {
    if reader.map("`env`", node).is_none() {
        return Vec::new();
    }
    node.members().iter().filter_map(|it| variable(reader, it)).collect()
}

/// A variable of `env`; one without a value is passed on.
fn variable(reader: &mut Reader<'_>, Member { key, at, node }: &Member) -> Option<EnvVar> {
    if !is_env_name(key) {
        let message = "a variable has no name, or one with `=`, a space or a NUL in it";
        reader.error(*at, message);
        return None;
    }
    let value = match node.value {
        Value::Null => None,
        _ => Some(reader.secret(&format!("`env.{}`", shown_name(key)), node)?.value),
    };
    Some(EnvVar { name: key.clone(), value, at: *at })
}

/// Whether a variable may have this name.
pub(crate) fn is_env_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', ' ', '\0'])
}

/// Adds the variables of a file that `env` does not have, and returns its path.
fn add_file(reader: &mut Reader<'_>, node: &Node, env: &mut Vec<EnvVar>) -> Option<Sourced<Text>> {
    let errors = reader.errors;
    let path = reader.text("`envFile`", node)?;
    if reader.errors > errors {
        return None;
    }
    let shown = shown_name(path.value.shown());
    let text = match reader.variables.lookup.file(path.value.expose()) {
        Ok(text) => text,
        Err(reason) => {
            reader.error(node.at, format!("`envFile`: {shown} cannot be read ({reason})"));
            return None;
        }
    };
    match env_file::parse(&text) {
        Ok(variables) => {
            for (name, value) in variables {
                // Of two lines the last counts.
                env.retain(|it| it.name != name || it.at != node.at);
                if !env.iter().any(|it| it.name == name) {
                    env.push(EnvVar { name, value: Some(Secret::new(value)), at: node.at });
                }
            }
        }
        Err(line) => {
            let message = format!("`envFile`: line {line} of {shown} is not `NAME=value`");
            reader.error(node.at, message);
        }
    }
    Some(path)
}
