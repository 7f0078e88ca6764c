//! Connections to servers of either era, over HTTP, child processes, streams and in process.
//!
//! [`Client`] is what a program uses: typed calls, and a connection that is opened again when it
//! is lost. Below it are the connections that a relay uses: a [`LegacyConnection`] is one
//! upstream session; a [`ModernConnection`] needs none. Both give every request a new id of their
//! own and put the caller's id back into its answer: ids of clients are never trusted. This crate
//! knows no downstream and no store.

mod client;
mod driver;
mod event_stream;
mod http_legacy;
mod http_link;
mod http_modern;
mod http_response;
mod legacy;
mod line_connection;
mod line_driver;
mod line_link;
mod modern;
mod probe;
mod route;
mod target;
mod token;
mod unsolicited;

pub use crate::client::{
    CallBuilder, CallFuture, CallOutcome, Client, ClientBuilder, ClientError, ClientEvent,
    Endpoint, EraAnswer, EraMode, EraStep, Heartbeat, ListKind, Liveness, Page, Pages,
    ProgressStream, Subscription, SubscriptionEvent, ToolAnswer, Verdict,
};
pub use crate::legacy::{LegacyConnection, Opened};
pub use crate::modern::{ForwardedHeaders, ModernConnection};
pub use crate::probe::{EraFound, probe_modern};
pub use crate::target::{Runtime, Target, TargetError};
pub use crate::token::{AccessToken, Challenge, TokenError, TokenFuture, TokenProvider};
