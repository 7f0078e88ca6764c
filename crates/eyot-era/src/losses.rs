//! What a result has lost is said in its metadata, never hidden.

use crate::revision::Losses;
use eyot_types::JsonObject;

/// The key of `_meta` under which a result names what it could not keep: the names of features.
pub const LOSSES_KEY: &str = "io.eyot/bridge-losses";

/// Puts what was lost into the metadata of a result.
pub(crate) fn say_losses(meta: &mut JsonObject, losses: &Losses) {
    if let Some(names) = losses.names() {
        meta.insert(LOSSES_KEY.to_owned(), names.into());
    }
}
