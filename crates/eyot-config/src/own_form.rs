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
    /// Where the guards and the rules for all servers stand, how they are run, and servers of
    /// interceptors (docs/guide/trust.md).
    interceptors: Option<Interceptors>,
    /// Files of rules for all servers, or rules in place (docs/guide/rules.md).
    rules: Option<Rules>,
    /// The guards for all servers (docs/guide/trust.md).
    guard: Option<Guard>,
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
    /// How the guards and the rules of this server are run, and servers of interceptors for it alone.
    interceptors: Option<ServerInterceptors>,
    /// Files of rules for this server alone, or rules in place, as in a file of rules. They are
    /// applied after those for all.
    rules: Option<Rules>,
    /// Guards for this server alone, besides those for all.
    guard: Option<Guard>,
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

/// What the servers of interceptors, the guards and the rules for all have in common.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Interceptors {
    /// Where guards and rules stand: before the servers, or before their clients.
    #[schemars(extend("default" = "upstream"))]
    boundary: Option<BoundaryName>,
    /// A denied call of a tool is answered with a result that is an error, which models see, and not
    /// with an error of JSON-RPC.
    #[schemars(extend("default" = false))]
    deny_as_result: Option<bool>,
    /// How long a step may take that says nothing of it.
    #[schemars(extend("default" = "5s"))]
    step_timeout: Option<String>,
    /// How long all steps of a message may take.
    #[schemars(extend("default" = "10s"))]
    run_timeout: Option<String>,
    /// Servers of interceptors, by the names that stand before those of their interceptors.
    servers: Option<BTreeMap<String, InterceptorServer>>,
    /// As `guard` beside.
    guard: Option<Guard>,
    /// As `rules` beside.
    rules: Option<Rules>,
}

/// What is not said is as for all servers.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ServerInterceptors {
    /// A denied call of a tool is answered with a result that is an error, which models see, and not
    /// with an error of JSON-RPC.
    deny_as_result: Option<bool>,
    /// How long a step may take that says nothing of it.
    step_timeout: Option<String>,
    /// How long all steps of a message may take.
    run_timeout: Option<String>,
    /// Servers of interceptors, by the names that stand before those of their interceptors.
    servers: Option<BTreeMap<String, InterceptorServer>>,
    /// As `guard` beside.
    guard: Option<Guard>,
    /// As `rules` beside.
    rules: Option<Rules>,
}

/// All are off that are not said, but one: `hidden` is `report` for all servers.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Guard {
    /// Takes secrets of known forms out of messages.
    secrets: Option<SecretForms>,
    /// What one server has told is not sent to another.
    taint: Option<bool>,
    /// A file of approved definitions of tools, which `eyot pin` writes, or `first-sight`: what a tool
    /// is when it is seen first.
    pins: Option<String>,
    /// Holds arguments against the schema of their tool.
    arguments: Option<bool>,
    /// What is done about characters in definitions that people do not see.
    hidden: Option<HiddenName>,
    /// Records words that speak to the model rather than to its user.
    injection: Option<bool>,
    /// Bytes that a result may have. Without it, as many as a message.
    response_bytes_max: Option<u64>,
    /// Gives each request a span of its own in the trace of its client. Without it, what clients say of
    /// traces is passed on as it is.
    trace: Option<TraceForms>,
}

/// How requests without a trace begin one.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct TraceForms {
    /// Those who collect spans should keep it.
    #[schemars(extend("default" = true))]
    sampled: Option<bool>,
}

/// Which messages are looked through for secrets.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct SecretForms {
    /// Those that go to servers.
    #[schemars(extend("default" = true))]
    calls: Option<bool>,
    /// Those that come from them.
    #[schemars(extend("default" = true))]
    results: Option<bool>,
    /// Forms of secrets besides the known ones: a regular expression for each name.
    forms: Option<BTreeMap<String, String>>,
}

/// A server of interceptors: one with a `command` is started, one with a `url` is connected to.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct InterceptorServer {
    /// Where it is.
    url: Option<String>,
    /// The program that it is, and its arguments.
    command: Option<Vec<String>>,
    /// Where its interceptors stand. Without it, where guards and rules do.
    boundary: Option<BoundaryName>,
    /// Only these of its interceptors.
    only: Option<Vec<String>>,
    /// Its interceptors are asked only when a rule calls them. Without it they are steps, which see all that
    /// they hook, and rules can call them as well.
    #[schemars(extend("default" = false))]
    on_call: Option<bool>,
    /// Begins without it if it is not there.
    optional: Option<bool>,
    /// How long an answer may take.
    timeout: Option<String>,
    /// Decisions about single interceptors, by their names: `mode`, `fail_open`, `priority`, `timeout`.
    interceptors: Option<BTreeMap<String, BTreeMap<String, serde_json::Value>>>,
}

/// Where interceptors stand.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum BoundaryName {
    /// Before clients: their sessions are known there, and many servers are one.
    Downstream,
    /// Before servers, each of which is known by its name.
    Upstream,
}

/// What is done about characters that people do not see.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum HiddenName {
    /// They are told in the log.
    Report,
    /// Tools that have them are in no list, and cannot be called.
    Hold,
    /// Nothing.
    Off,
}

/// Files of rules, or what a file of rules has in it.
struct Rules;

impl JsonSchema for Rules {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rules".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": ["array", "object"],
            "items": { "type": ["string", "object"] },
        })
    }
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
