//! Counts what messages lose on their way over the bridge.

use eyot_era::revision::Losses;
use eyot_types::Era;

/// Counts what was lost on the way from this era to the other.
pub(crate) fn count_losses(losses: &Losses, from: Era) {
    for loss in losses.iter() {
        eyot_metrics::bridge_loss(loss.feature.as_str(), from.as_str(), from.other().as_str());
    }
}
