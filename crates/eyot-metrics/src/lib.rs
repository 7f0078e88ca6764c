//! Name, unit, help and labels of every metric, in one place.
//!
//! Labels come from small sets: never a session, an id, a URI or a user. The names of interceptors and rules
//! are the operator's; those of tools are bounded ([`tool_exists`]).

mod bridge;
mod calls;
mod connections;
mod interceptors;
mod limits;
mod policy;
mod sampler;
mod tools;
mod upstream;

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

pub use crate::bridge::{bridge_loss, parked_call_ended, parked_calls};
pub use crate::calls::calls;
pub use crate::connections::{connections_changed, web_sockets_changed};
pub use crate::interceptors::{InterceptorMeter, RuleDecision, RuleMeter, SECONDS_BUCKETS};
pub use crate::limits::{limit_hit, report_limits, watch_limit, watch_limit_bytes};
pub use crate::policy::policy_refused;
pub use crate::sampler::Sampler;
pub use crate::tools::{knows_enough_tools, tool_exists};
pub use crate::upstream::{children, children_refused, lone_surrogates_passed, upstreams_opened};

/// Describes each metric to the recorder. Call once, after the recorder is installed.
pub fn describe() {
    bridge::describe();
    connections::describe();
    interceptors::describe();
    limits::describe();
    policy::describe();
    upstream::describe();
    describe_gauge!(SESSIONS, Unit::Count, "Legacy sessions that this process serves.");
    describe_gauge!(TASKS, Unit::Count, "Tasks of calls that are kept, done or not.");
    describe_counter!(MESSAGES_DROPPED, Unit::Count, "Messages that were dropped, by reason.");
    calls::describe();
}

/// Sets how many sessions this process serves.
pub fn sessions(count: usize) {
    gauge!(SESSIONS).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// Sets how many tasks of calls this process keeps.
pub fn tasks(count: usize) {
    gauge!(TASKS).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// A message was dropped without a receiver.
pub fn messages_dropped(reason: &'static str) {
    counter!(MESSAGES_DROPPED, "reason" => reason).increment(1);
}

const SESSIONS: &str = "eyot_sessions";
const TASKS: &str = "eyot_tasks";
const MESSAGES_DROPPED: &str = "eyot_messages_dropped_total";
