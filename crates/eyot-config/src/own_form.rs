//! The JSON Schema of our own form, for editors.
//!
//! These types are never filled: what reads a file also knows places, variables and the other
//! dialects. A test holds the two against each other.
#![expect(dead_code, reason = "the fields are what the schema says")]

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::json;

use crate::{command, url};

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
    /// The servers by name. The name stands in paths, in front of tools, and in errors.
    servers: BTreeMap<String, Server>,
    /// Interceptors before what is served: guards, rules, and servers of interceptors. What a file of
    /// `--interceptors` has (docs/guide/trust.md).
    interceptors: Option<BTreeMap<String, serde_json::Value>>,
    /// Who may come in over HTTP, and how often. What a file of `--policy` has (docs/guide/policy.md).
    policy: Option<BTreeMap<String, serde_json::Value>>,
    /// The schema of this file, for editors. Eyot does not read it.
    #[schemars(rename = "$schema")]
    schema: Option<String>,
}

/// A server: one with a `command` is started, one with a `url` is connected to.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("oneOf" = one_of(), "dependentRequired" = dependents()))]
struct Server {
    /// Whether the server is used. One that is not used needs no values for its variables.
    #[schemars(extend("default" = true))]
    enabled: Option<bool>,
    /// The program to start. No shell is involved: its arguments stand in `args`.
    command: Option<String>,
    /// The arguments of the program, one text each.
    args: Option<Vec<Scalar>>,
    /// Variables for the program, which sees them and a small safe environment. One without a value
    /// is passed on from eyot's own environment.
    env: Option<BTreeMap<String, Option<Scalar>>>,
    /// A file with variables for the program, one `NAME=value` a line. Those of `env` are stronger.
    env_file: Option<String>,
    /// The working folder of the program. Without it, the folder that eyot runs in.
    cwd: Option<String>,
    /// The URL: `https://…`, `http://…`, `wss://…`, `ws://…`, or `unix:PATH#/mcp` for a socket of
    /// this machine.
    url: Option<String>,
    /// The transport. Without it, a `command` is `stdio`, a `wss` or `ws` URL is `ws`, and any other
    /// URL is `auto`.
    transport: Option<TransportName>,
    /// Headers of every request. A header `Authorization` is instead of `token`.
    headers: Option<BTreeMap<String, Scalar>>,
    /// The bearer token of every request. Write `${env:VAR}` or `${file:PATH}`.
    token: Option<String>,
    /// A file in PEM with certificates of authorities that are trusted besides those of the machine.
    ca: Option<String>,
    /// A file in PEM with the certificate that is shown to the server. It needs `clientKey`.
    client_cert: Option<String>,
    /// A file in PEM with the private key of `clientCert`.
    client_key: Option<String>,
    /// Take any certificate of the server. All that is sent can then be read and changed on the way.
    #[schemars(extend("default" = false))]
    insecure_skip_verify: Option<bool>,
    /// The proxy to the server: `http://…`, `socks5://…` or `socks5h://…`. Without it, the one that
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name, and none to this machine.
    proxy: Option<String>,
    /// The era that the server speaks. With one that is named, eyot does not find it out; a server
    /// that refuses it is an error.
    #[schemars(extend("default" = "auto"))]
    era: Option<EraName>,
    /// Which calls of modern clients share a session at a legacy server. Clients that share one see
    /// the same state there.
    #[schemars(extend("default" = "auto"))]
    affinity: Option<AffinityName>,
    /// How long things may take.
    timeouts: Option<Times>,
    /// The longest message, such as `16MiB`, or a number of bytes: from 1 KiB to below 4 GiB. One
    /// that is longer ends its call.
    #[schemars(extend("default" = "16MiB"))]
    message_max: Option<Scalar>,
    /// The tools that `eyot serve` and `eyot run` offer. Without it, all that the server has.
    tools: Option<ToolNames>,
}

/// Times such as `500ms`, `30s`, `5m`, `2h` or `7d`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
struct Times {
    /// Until the server is connected to, or has answered for the first time. Of many servers behind
    /// one endpoint, each has 60 s without it: others are served meanwhile.
    #[schemars(extend("default" = "10s"))]
    connect: Option<String>,
    /// Silence of the server after which a call fails.
    #[schemars(extend("default" = "60s"))]
    call: Option<String>,
    /// A call in all, whatever the server says meanwhile. Without it, an hour, or `call` or
    /// `question` if one of them is longer.
    #[schemars(extend("default" = "1h"))]
    call_total: Option<String>,
    /// Silence of the server after which a call fails while the client owes an answer to a question
    /// of the server. A modern client's next round is waited for as long.
    #[schemars(extend("default" = "10m"))]
    question: Option<String>,
}

/// The names are those that the server itself gives.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ToolNames {
    /// These alone.
    include: Option<Vec<String>>,
    /// None of these, whatever `include` says.
    exclude: Option<Vec<String>>,
}

/// The transport of a server.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum TransportName {
    /// The standard input and output of a `command`.
    Stdio,
    /// Streamable HTTP; HTTP with SSE where the server has only that.
    Auto,
    /// Streamable HTTP.
    Http,
    /// Streamable HTTP, under the name that others give it.
    StreamableHttp,
    /// HTTP with SSE, the transport of 2024-11-05.
    Sse,
    /// A WebSocket, at a `wss` or `ws` URL.
    Ws,
}

/// The era of a server.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum EraName {
    /// It is found out.
    Auto,
    /// With sessions: revisions up to 2025-11-25.
    Legacy,
    /// Without sessions: revisions from 2026-07-28 on.
    Modern,
}

/// Which calls share a session.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum AffinityName {
    /// Calls with one key. Without keys, all calls, where only the user of this machine can make
    /// them; none where other hosts lead here.
    Auto,
    /// All calls.
    Shared,
    /// Calls with one key; all calls without a key.
    PerPrincipal,
    /// Calls with one key and one `io.eyot/session` in `_meta`.
    Handle,
    /// None: each call opens a session.
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

/// What each key is for: the reader applies a key to servers of its kind alone.
fn dependents() -> serde_json::Value {
    let of = |keys: &[&str], owner: &str| {
        let keys = keys.iter().filter(|it| **it != owner);
        keys.map(|it| ((*it).to_owned(), json!([owner]))).collect::<Vec<_>>()
    };
    let all = [of(command::KEYS, "command"), of(url::KEYS, "url")].concat();
    serde_json::Value::Object(all.into_iter().collect())
}

#[cfg(test)]
mod tests;
