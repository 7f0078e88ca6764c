//! What the bridge between the eras tells.

use metrics::{Unit, counter, describe_counter};

pub(crate) fn describe() {
    let help = "What a message had and its receiver does not know, by feature and eras.";
    describe_counter!(BRIDGE_LOSS, Unit::Count, help);
}

/// A message was carried from one era to the other, and its receiver knows no such feature.
pub fn bridge_loss(feature: &'static str, from: &'static str, to: &'static str) {
    counter!(BRIDGE_LOSS, "feature" => feature, "from" => from, "to" => to).increment(1);
}

const BRIDGE_LOSS: &str = "eyot_bridge_loss_total";
