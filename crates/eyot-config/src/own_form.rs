//! The JSON Schema of our own form, for editors.
//!
//! These types are never filled: what reads a file also knows places, variables and the other
//! dialects. A test holds the two against each other.
#![expect(dead_code, reason = "the fields are what the schema says")]

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::json;

/// The JSON Schema of our own form.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(File);
    schema.insert("title".to_owned(), json!("Servers of Eyot"));
    schema.to_value()
}

/// MCP servers. Texts may have `${VAR}`, `${VAR:-default}`, `${env:VAR}`, `${file:PATH}`,
/// `${input:ID}`, `${userHome}` and `${workspaceFolder}` in them; `$${` is `${` itself.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct File {
    /// The servers by name.
    servers: BTreeMap<String, Server>,
    /// The schema of this file.
    #[schemars(rename = "$schema")]
    schema: Option<String>,
}

/// A server: one with a `command` is started, one with a `url` is connected to.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase", extend("oneOf" = one_of()))]
struct Server {
    /// Whether the server is used.
    #[schemars(default = "yes")]
    enabled: Option<bool>,
    /// The program to start. No shell is involved.
    command: Option<String>,
    /// The arguments of the program.
    args: Option<Vec<Scalar>>,
    /// Variables for the program. One without a value is passed on from eyot's own environment.
    env: Option<BTreeMap<String, Option<Scalar>>>,
    /// A file with variables for the program, one `NAME=value` a line. Those of `env` are stronger.
    env_file: Option<String>,
    /// The working folder of the program.
    cwd: Option<String>,
    /// The URL: `https://…`, `http://…`, `wss://…`, `ws://…`, or `unix:PATH#/mcp`.
    url: Option<String>,
    /// The transport. By default a `command` is `stdio`, and a `url` is found out.
    transport: Option<TransportName>,
    /// Headers of every request.
    headers: Option<BTreeMap<String, Scalar>>,
    /// The bearer token of every request. Write `${env:VAR}` or `${file:PATH}`.
    token: Option<String>,
    /// A file in PEM with certificates of authorities that are trusted besides those of the machine.
    ca: Option<String>,
    /// A file in PEM with the certificate that is shown to the server.
    client_cert: Option<String>,
    /// A file in PEM with the private key of `clientCert`.
    client_key: Option<String>,
    /// Take any certificate of the server. All that is sent can then be read and changed on the way.
    insecure_skip_verify: Option<bool>,
    /// The proxy to the server: `http://…`, `socks5://…` or `socks5h://…`.
    proxy: Option<String>,
    /// The era that the server speaks.
    era: Option<EraName>,
    /// Which calls of modern clients share a session at a legacy server.
    affinity: Option<AffinityName>,
    /// How long things may take.
    timeouts: Option<Times>,
    /// The longest message, such as `16MiB`, or a number of bytes.
    message_max: Option<Scalar>,
    /// The tools that are offered.
    tools: Option<ToolNames>,
}

/// Times such as `500ms`, `30s`, `5m` or `2h`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
struct Times {
    /// Until the server is connected to.
    connect: Option<String>,
    /// Silence of the server after which a call fails.
    call: Option<String>,
    /// A call in all.
    call_total: Option<String>,
    /// Silence while the client owes an answer to a question of the server.
    question: Option<String>,
}

/// Which tools are offered.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ToolNames {
    /// These alone.
    include: Option<Vec<String>>,
    /// All but these.
    exclude: Option<Vec<String>>,
}

/// The transport of a server.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum TransportName {
    Stdio,
    Auto,
    Http,
    StreamableHttp,
    Sse,
    Ws,
}

/// The era of a server.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum EraName {
    Auto,
    Legacy,
    Modern,
}

/// Which calls share a session.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum AffinityName {
    Auto,
    Shared,
    PerPrincipal,
    Handle,
    PerRequest,
}

/// A text; a number and a truth value are texts too.
struct Scalar;

impl JsonSchema for Scalar {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

fn one_of() -> serde_json::Value {
    json!([{ "required": ["command"] }, { "required": ["url"] }])
}

fn yes() -> Option<bool> {
    Some(true)
}

#[cfg(test)]
mod tests;
