//! The calls that were relayed.

use metrics::{Unit, counter, describe_counter};

pub(crate) fn describe() {
    describe_counter!(CALLS, Unit::Count, "Calls that were relayed, by era and outcome.");
}

/// A call was relayed; `was_answered` tells whether its upstream answered.
pub fn calls(era: &'static str, was_answered: bool) {
    let outcome = if was_answered { "answered" } else { "failed" };
    // The key of literals is made once; that of other labels for each call.
    let counter = match (era, outcome) {
        ("legacy", "answered") => {
            counter!("eyot_calls_total", "era" => "legacy", "outcome" => "answered")
        }
        ("modern", "answered") => {
            counter!("eyot_calls_total", "era" => "modern", "outcome" => "answered")
        }
        _ => counter!(CALLS, "era" => era, "outcome" => outcome),
    };
    counter.increment(1);
}

const CALLS: &str = "eyot_calls_total";
