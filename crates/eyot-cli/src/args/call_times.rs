//! The flags for how long calls may take.

use std::time::Duration;

use clap::Args as ClapArgs;
use eyot::Limits;

use super::values::parse_duration;

/// The flags of every command that stands before an upstream.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct CallTimes {
    /// Silence of the upstream after which a call fails.
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = parse_duration)]
    call_timeout: Duration,
    /// How long a call may take in all, whatever the upstream says meanwhile. Default: an hour, or
    /// the longest of the other times of a call if that is longer.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    call_total_timeout: Option<Duration>,
    /// Silence of the upstream after which a call fails while the client owes an answer to a
    /// question of the upstream. A call of a modern client that was asked something waits for its
    /// next round as long.
    #[arg(long, default_value = "10m", value_name = "TIME", value_parser = parse_duration)]
    question_timeout: Duration,
}

impl CallTimes {
    /// The limits with these times. What is allowed by one of them is never cut short unasked.
    pub(crate) fn apply(self, limits: &mut Limits) {
        let Self { call_timeout, call_total_timeout, question_timeout } = self;
        let total = limits.calls.total_timeout.max(call_timeout).max(question_timeout);
        limits.calls.timeout = call_timeout;
        limits.calls.question_timeout = question_timeout;
        limits.calls.total_timeout = call_total_timeout.unwrap_or(total);
    }
}
