//! Eyot: an MCP toolkit and proxy that stands between the two eras of the protocol.
//!
//! This crate gathers the pieces under one name. A server of your own, for clients of both eras:
//!
//! ```
//! use eyot::{Json, Server, tool};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Add { a: i64, b: i64 }
//! #[derive(Serialize, JsonSchema)]
//! struct Sum { sum: i64 }
//!
//! # fn main() -> Result<(), eyot::BuildError> {
//! let add = tool("add", |add: Add, _| async move { Json(Sum { sum: add.a + add.b }) });
//! let server = Server::builder("calc", "1.0").tool(add.description("Adds two numbers.")).build()?;
//! // server.serve_stdio().await, or server.serve_http("127.0.0.1:8080").await
//! # Ok(())
//! # }
//! ```
//!
//! A client, of whatever era its server is:
//!
//! ```no_run
//! # use serde_json::json;
//! # async fn run() -> Result<(), eyot::ClientError> {
//! let client = eyot::Client::builder("me", "1.0").connect("http://127.0.0.1:8080/mcp").await?;
//! let sum = client.call_tool("add", json!({ "a": 1, "b": 2 })).await?;
//! println!("{}", sum.text());
//! # Ok(())
//! # }
//! ```
//!
//! [`ReverseProxy`] is a server in front of one upstream, with sessions that survive a crash:
//!
//! ```no_run
//! use std::sync::Arc;
//! use eyot::session::LogLimits;
//! use eyot::{Command, MemoryStore, ReverseProxy, Setup, Target};
//!
//! # async fn run() -> std::io::Result<()> {
//! let upstream = Target::Command(Command {
//!     program: "my-mcp-server".to_owned(),
//!     args: Vec::new(),
//!     env: Vec::new(),
//!     cwd: None,
//! });
//! let setup = Setup::new(Arc::new(MemoryStore::new(LogLimits::default())));
//! let proxy = ReverseProxy::new(upstream, setup);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! let drained = proxy.serve(listener).await;
//! println!("{drained:?}");
//! # Ok(())
//! # }
//! ```
//!
//! The crates below can be used alone; each of their types has one public path, repeated
//! here as modules: [`jsonrpc`], [`types`], [`transport`], [`session`], [`client`],
//! [`server`], [`relay`].

pub use eyot_client as client;
pub use eyot_client::{
    AccessToken, CallBuilder, CallOutcome, Challenge, Client, ClientBuilder, ClientError,
    ClientEvent, Endpoint, EraMode, Heartbeat, ListKind, Liveness, Pages, Runtime, Subscription,
    SubscriptionEvent, Target, TargetError, TokenError, TokenFuture, TokenProvider, ToolAnswer,
    Verdict,
};
pub use eyot_frame as frame;
pub use eyot_http as http;
pub use eyot_jsonrpc as jsonrpc;
pub use eyot_jsonrpc::{ErrorObject, Id, Message};
pub use eyot_relay as relay;
pub use eyot_relay::Relay;
pub use eyot_reverse::{ReverseProxy, Setup};
pub use eyot_server as server;
pub use eyot_server::{
    Admin, ApiKey, BuildError, CallContext, Drained, Elicited, Eras, HandlerError, HandlerResult,
    Health, HostPolicy, HttpOptions, HttpServer, HttpServerConfig, HttpService, InputRequired,
    Inputs, IntoPromptResult, IntoResourceResult, IntoToolResult, Json, Keys, NoArguments,
    Progress, PromptArguments, PromptReply, ResourceReply, Server, ServerBuilder, ServerPrompt,
    ServerResource, ServerTemplate, ServerTool, Shutdown, Suggestions, ToolReply, UriVariables,
    prompt, resource, resource_template, tool,
};
pub use eyot_session as session;
pub use eyot_stdio::Command;
pub use eyot_stdx::{SealKeys, Secret};
pub use eyot_store_memory::MemoryStore;
pub use eyot_store_sqlite::{SqliteOptions, SqliteStore};
pub use eyot_transport as transport;
pub use eyot_transport::{BoxService, Call, Fault, Limits, McpService, Reply};
pub use eyot_types as types;
