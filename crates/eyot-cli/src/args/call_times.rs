//! The flags for how long calls may take.

use std::time::Duration;

use clap::Args as ClapArgs;
use eyot::Limits;
use eyot_config::{Sourced, Timeouts};

use super::values::parse_duration;

/// The flags of every command that stands before an upstream.
#[derive(Clone, Copy, Debug, Default, ClapArgs)]
pub(crate) struct CallTimes {
    /// Silence of the upstream after which a call fails. Default: `60s`.
    #[arg(
        long,
        value_name = "TIME",
        value_parser = parse_duration,
        env = "EYOT_CALL_TIMEOUT",
        hide_env_values = true
    )]
    call_timeout: Option<Duration>,
    /// How long a call may take in all, whatever the upstream says meanwhile. Default: an hour, or
    /// the longest of the other times of a call if that is longer.
    #[arg(
        long,
        value_name = "TIME",
        value_parser = parse_duration,
        env = "EYOT_CALL_TOTAL_TIMEOUT",
        hide_env_values = true
    )]
    call_total_timeout: Option<Duration>,
    /// Silence of the upstream after which a call fails while the client owes an answer to a
    /// question of the upstream. A call of a modern client that was asked something waits for its
    /// next round as long. Default: `10m`.
    #[arg(
        long,
        value_name = "TIME",
        value_parser = parse_duration,
        env = "EYOT_QUESTION_TIMEOUT",
        hide_env_values = true
    )]
    question_timeout: Option<Duration>,
    /// Until the upstream is connected to, as a file says it.
    #[arg(skip)]
    connect_timeout: Option<Duration>,
}

impl CallTimes {
    /// The limits with these times. What is allowed by one of them is never cut short unasked.
    pub(crate) fn apply(self, limits: &mut Limits) {
        let call_timeout = self.call_timeout.unwrap_or(limits.calls.timeout);
        let question_timeout = self.question_timeout.unwrap_or(limits.calls.question_timeout);
        let total = limits.calls.total_timeout.max(call_timeout).max(question_timeout);
        limits.calls.timeout = call_timeout;
        limits.calls.question_timeout = question_timeout;
        limits.calls.total_timeout = self.call_total_timeout.unwrap_or(total);
        if let Some(connect_timeout) = self.connect_timeout {
            limits.upstream.connect_timeout = connect_timeout;
        }
    }

    /// Takes from a file what no flag says.
    pub(crate) fn fill(&mut self, file: &Timeouts) {
        let time = |time: &Option<Sourced<Duration>>| time.as_ref().map(|it| it.value);
        self.call_timeout = self.call_timeout.or_else(|| time(&file.call));
        self.call_total_timeout = self.call_total_timeout.or_else(|| time(&file.call_total));
        self.question_timeout = self.question_timeout.or_else(|| time(&file.question));
        self.connect_timeout = time(&file.connect);
    }
}
