//! A running call without the types of its handler.

use std::fmt;

use eyot_jsonrpc::Id;

use super::exchange::Exchange;

/// A call that can be answered or ended from outside: by the session of its client, or by the task
/// that it has become. Neither knows what else belongs to the call.
pub(crate) trait RunningCall: fmt::Debug + Send + Sync {
    /// The id of the client's request; of the latest one if there were several rounds.
    fn request_id(&self) -> Id;

    /// The exchange of the call, with its questions and its end.
    fn exchange(&self) -> &Exchange;
}
