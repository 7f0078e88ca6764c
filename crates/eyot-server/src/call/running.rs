//! A call that runs, for those that know its name only.

use std::fmt;

use eyot_jsonrpc::Id;

use super::exchange::Exchange;

/// A call that can be answered or ended from outside: by the session that its client has, or by the
/// task that it has become. Neither knows what else belongs to a call.
pub(crate) trait RunningCall: fmt::Debug + Send + Sync {
    /// The id of the client's request; that of the latest round.
    fn request_id(&self) -> Id;

    /// Where its questions are, and its end.
    fn exchange(&self) -> &Exchange;
}
