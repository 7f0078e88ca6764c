//! HTTP/1 on hyper: connections with deadlines, strict heads, pieces of Streamable HTTP,
//! and connections to upstreams.
//!
//! One connection is one task: [`serve_connection`] is a future, and so is everything that
//! a request makes. This crate knows no session and no store. It is the only one that
//! names hyper and rustls.

mod assembly;
mod body;
mod body_wakes;
mod client;
mod connection;
mod head_clock;
mod head_guard;
mod host_policy;
mod request_head;
mod respond;
mod sse_io;
mod stream;
mod tls;
mod wire;

pub use crate::assembly::Assembly;
pub use crate::body::{BodyError, Came, LongMessage, OutgoingBody, RequestBody, read_body};
pub use crate::client::{
    AddressPolicy, Connector, CookieJar, Draft, HttpClient, HttpError, InvalidNetwork,
    InvalidProxy, InvalidUrl, Network, Proxies, Resolve, Resolving, Sending, UpstreamBody,
};
pub use crate::connection::{ConnectionEnd, Upgraded, serve_connection, serve_until_upgrade};
pub use crate::host_policy::{AllowedPage, Forbidden, HostPolicy};
pub use crate::request_head::{Accepts, HeadError, RequestHead};
pub use crate::respond::{accepted, empty, error, event_stream, fault, json, not_allowed, refused};
pub use crate::sse_io::{PostError, Posting, SseError, SseIo, SseStream};
pub use crate::stream::Stream;
pub use crate::tls::{
    ClientTls, ClientTlsOptions, Handshake, HandshakeError, ServerTls, TlsError, TlsFacts,
    TlsIdentity, TlsRefusal,
};
