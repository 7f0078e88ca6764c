//! Reads results part by part.

use eyot_jsonrpc::Message;
use eyot_types::{Oddity, ReadResult};

use crate::error::ClientError;

/// Reads a result: what is odd in it costs nothing beside it, and is named.
pub(crate) fn read<T: ReadResult>(answer: &Message) -> Result<T, ClientError> {
    let text = answer.result().unwrap_or("null");
    let mut result: T = eyot_types::read(text).map_err(|error| ClientError::Unreadable {
        reason: format!("result of {}: {error}", T::METHOD),
    })?;
    for oddity in result.oddities_mut().iter() {
        let Oddity { place, element, problem, effect, .. } = oddity;
        let method = T::METHOD;
        tracing::warn!(%method, place, ?element, problem, ?effect, "part of a result is odd");
    }
    Ok(result)
}
