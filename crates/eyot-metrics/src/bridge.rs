//! The metrics of the bridge between the eras.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

pub(crate) fn describe() {
    let help = "What a message had and its receiver does not know, by feature and eras.";
    describe_counter!(BRIDGE_LOSS, Unit::Count, help);
    describe_gauge!(PARKED, Unit::Count, "Calls that wait for their client's next round.");
    let help = "Parked calls that went on or ended, by what came: their client, the last word of \
                an upstream that could not wait, or the end of their time.";
    describe_counter!(PARKED_ENDED, Unit::Count, help);
}

/// Sets how many calls wait for their client's next round.
pub fn parked_calls(count: usize) {
    gauge!(PARKED).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// A parked call went on or ended; `by` is `client`, `restored`, `impatient` or `expired`.
pub fn parked_call_ended(by: &'static str) {
    counter!(PARKED_ENDED, "by" => by).increment(1);
}

/// A message was carried from one era to the other, and its receiver does not know the feature.
pub fn bridge_loss(feature: &'static str, from: &'static str, to: &'static str) {
    counter!(BRIDGE_LOSS, "feature" => feature, "from" => from, "to" => to).increment(1);
}

const PARKED: &str = "eyot_parked_calls";
const PARKED_ENDED: &str = "eyot_parked_calls_ended_total";
const BRIDGE_LOSS: &str = "eyot_bridge_loss_total";
