//! The endpoint: accepts connections and speaks MCP to clients of both eras.
//!
//! What answers is any [`eyot_service::McpService`], of which nothing else is known here. Sessions and
//! streams of legacy clients are kept: no broken connection and no restart loses what was promised.

mod accept;
mod active_session;
mod admin;
mod api_keys;
mod auth;
mod certificates;
mod config;
mod cors;
mod detached_calls;
mod endpoint;
mod era_switch;
mod event_body;
mod event_stream;
mod farewells;
mod http_server;
mod http_sse;
mod http_stack;
mod in_flight;
mod legacy;
mod listener;
mod modern;
mod modern_body;
mod mount;
#[cfg(test)]
mod noting;
mod pipe;
mod refusals;
mod registry;
mod replay;
mod reply_stream;
mod request_context;
mod services;
mod session_shards;
mod sessions;
mod shared_stream;
mod silence;
mod sweep;
mod timer;
mod web_socket;

pub use crate::accept::{Accept, Drained, serve};
pub use crate::admin::{Admin, Health};
pub use crate::api_keys::{ApiKey, Keys, KeysError};
pub use crate::auth::{AuthRefusal, Authenticate, Authenticated, Authentication, Credentials};
pub use crate::certificates::ClientCertificates;
pub use crate::config::{EndpointConfig, HostPolicy};
pub use crate::detached_calls::DetachedCalls;
pub use crate::endpoint::{Answering, Endpoint};
pub use crate::http_server::HttpServer;
pub use crate::listener::{Accepted, Listener};
pub use crate::mount::HttpService;
pub use crate::pipe::Pipe;
pub use crate::services::{FindService, Finding, FoundService};
pub use crate::sessions::{SessionCounts, SessionDigest, SessionPage, SessionSnapshot, Sessions};
pub use crate::sweep::Sweep;
