//! Eyot: an MCP toolkit and proxy that stands between the two eras of the protocol.
//!
//! This crate gathers the pieces under one name. Start with [`ReverseProxy`]: a server in
//! front of one upstream, with sessions that survive a crash.
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
pub use eyot_client::{Runtime, Target, TargetError};
pub use eyot_frame as frame;
pub use eyot_http as http;
pub use eyot_jsonrpc as jsonrpc;
pub use eyot_jsonrpc::{ErrorObject, Id, Message};
pub use eyot_relay as relay;
pub use eyot_relay::Relay;
pub use eyot_reverse::{ReverseProxy, Setup};
pub use eyot_server as server;
pub use eyot_server::{
    Admin, ApiKey, Drained, Health, HostPolicy, HttpServer, HttpServerConfig, Keys, Shutdown,
};
pub use eyot_session as session;
pub use eyot_stdio::Command;
pub use eyot_stdx::Secret;
pub use eyot_store_memory::MemoryStore;
pub use eyot_store_sqlite::{SqliteOptions, SqliteStore};
pub use eyot_transport as transport;
pub use eyot_transport::{BoxService, Call, Fault, Limits, McpService, Reply};
pub use eyot_types as types;
