//! Members that many results share.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::open_enum::open_enum;

open_enum! {
    /// What kind of result this is. Modern servers always say it; without it a result is complete.
    ///
    /// "A `resultType` of any value unrecognized by the client MUST be considered invalid"
    /// (2026-07-28, basic/index, ResultType).
    pub enum ResultType {
        /// The call is done.
        Complete = "complete",
        /// The server needs input from the client and then another round.
        InputRequired = "input_required",
        /// The tasks extension: the call goes on as a task.
        Task = "task",
    }
}

open_enum! {
    /// Who may share a cached result.
    pub enum CacheScope {
        /// Anybody.
        Public = "public",
        /// Only requests with the same authorization.
        Private = "private",
    }
}

/// Keeps the difference between a member that is `null` and one that is not there.
pub(crate) fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
