//! Counts what messages lose on their way over the bridge.

use eyot_era::revision::Losses;
use eyot_types::{Era, Oddity};

/// Counts what was lost on the way, and names what no revision has, from this era to the other.
pub fn count_losses(losses: &Losses, from: Era) {
    for Oddity { place, element, problem, effect, .. } in losses.oddities() {
        tracing::warn!(place, ?element, problem, ?effect, "part of a result is odd");
    }
    for loss in losses.iter() {
        eyot_metrics::bridge_loss(loss.feature.as_str(), from.as_str(), from.other().as_str());
    }
}
