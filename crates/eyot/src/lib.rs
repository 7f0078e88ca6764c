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
//! A client of a server of either era:
//!
//! ```no_run
//! # use serde_json::json;
//! # async fn run() -> Result<(), eyot::ClientError> {
//! let client = eyot::Client::builder("me", "1.0").connect("http://127.0.0.1:8080/mcp").await?;
//! println!("{}", client.call_tool("add", json!({ "a": 1, "b": 2 })).await?.text());
//! # Ok(())
//! # }
//! ```
//!
//! [`ReverseProxy`] stands before one upstream, with sessions that survive a crash; [`ForwardProxy`]
//! beside a client that speaks over a pipe. [`Intercept`] is for what passes; `docs/guide` shows it all.
//!
//! The crates below can be used alone; their types have one public path each, repeated here as modules.

mod exports;
#[cfg(doctest)]
mod guide;
mod intercept;

pub use crate::exports::*;
pub use crate::intercept::Intercept;
pub use {
    eyot_bridge as bridge, eyot_client as client, eyot_endpoint as endpoint, eyot_era as era,
    eyot_frame as frame, eyot_guard as guard, eyot_http as http, eyot_interceptors as interceptors,
    eyot_jsonrpc as jsonrpc, eyot_policy as policy, eyot_relay as relay, eyot_rules as rules,
    eyot_server as server, eyot_service as service, eyot_session as session,
    eyot_sidecar as sidecar, eyot_store as store, eyot_types as types, eyot_upstream as upstream,
};
