//! HTTP policy as a tower layer: who may come in from where, how often, and what browsers are told.
//!
//! **Invariant:** this crate looks at the head of a request and never at its body; it reads no clock
//! but in the layer itself, and it knows no session, no endpoint and no MCP message. What needs a body
//! or a secret (credentials, the size of a body, whether headers agree with it) is the endpoint's.
//!
//! - [`Policy`]: what is wanted, as plain data; [`Policy::compile`] says what is wrong with it.
//! - [`CompiledPolicy`]: decides about one request, or explains the decision part by part.
//! - [`LivePolicy`]: one that can be replaced while requests run; its [`PolicyLayer`] is the tower layer.
//! - [`Ticket`]: what a request carries until its client is known by name.

mod address;
mod body;
mod compile;
mod compiled;
mod concurrency;
mod cors;
mod facts;
mod glob;
mod head;
mod header_rules;
mod layer;
mod live;
mod policy;
mod problems;
mod rates;
mod refusal;
mod response_headers;
mod ticket;

pub use crate::address::{Client, ForwardedHeader, Origin};
pub use crate::body::PolicyBody;
pub use crate::compiled::{CompiledPolicy, Finding, Passed, Verdict};
pub use crate::concurrency::Permit;
pub use crate::head::{InvalidHead, parse_head};
pub use crate::layer::{PolicyFuture, PolicyLayer, PolicyService};
pub use crate::live::LivePolicy;
pub use crate::policy::{
    By, Concurrency, Cors, HeaderRule, Networks, Paths, Policy, Rate, SecurityHeaders,
};
pub use crate::problems::{PolicyProblem, PolicyProblems};
pub use crate::refusal::{Part, Refusal};
pub use crate::ticket::Ticket;
