//! Metrics of HTTP policies.

use metrics::{Unit, counter, describe_counter};

pub(crate) fn describe() {
    let help = "HTTP requests that a policy refused, by the part that did.";
    describe_counter!(REFUSED, Unit::Count, help);
}

/// A policy refused an HTTP request; `part` is one of the fixed parts of a policy.
pub fn policy_refused(part: &'static str) {
    counter!(REFUSED, "part" => part).increment(1);
}

const REFUSED: &str = "eyot_policy_refused_total";
