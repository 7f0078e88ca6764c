//! Calls and replies, independent of the transport, and every bound in one place.
//!
//! This crate knows no socket, no process and no engine of a store. A server, a client and a proxy
//! are made of one set of pieces in different orders, and this is the seam between them: every
//! piece that answers a call is an [`McpService`].

mod call;
mod call_span;
mod challenge;
mod clock;
mod fault;
mod in_process;
mod layer;
mod limits;
mod message_io;
mod operator_text;
mod principal;
mod refusal;
mod reply;
mod sealed_state;
mod service;
mod session_handle;
mod shared_total;
mod shutdown;
mod subscribing;
mod trace_parent;
mod turns;

pub use crate::call::{Call, ChosenServer, Input, Peer, Reach, Transport};
pub use crate::call_span::CallSpan;
pub use crate::challenge::Challenge;
pub use crate::clock::unix_ms;
pub use crate::fault::{Fault, FaultKind};
pub use crate::in_process::{InProcess, Serving};
pub use crate::layer::{Entered, ServiceLayer};
pub use crate::limits::{
    CallLimits, HttpLimits, Limits, MemoryLimits, MessageLimits, PipeLimits, SessionLimits,
    UpstreamLimits, WebSocketLimits,
};
pub use crate::message_io::{BadMessage, IoEnd, IoEvent, MessageIo, QueueFull};
pub use crate::operator_text::OperatorText;
pub use crate::principal::Principal;
pub use crate::refusal::{limit_reached, too_long};
pub use crate::reply::{Messages, Reply, ReplyItem};
pub use crate::sealed_state::SealedState;
pub use crate::service::{BoxService, McpService, ReplyFuture, SharedService, WeakService};
pub use crate::session_handle::SessionHandle;
pub use crate::shared_total::{SharedTotal, TotalQuota, Totals};
pub use crate::shutdown::Shutdown;
pub use crate::subscribing::Subscribing;
pub use crate::trace_parent::TraceParent;
pub use crate::turns::{Aside, Needs, Turn, Turns};
