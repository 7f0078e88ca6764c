//! The ids of requests that this process sends.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Id;

/// The id that we gave to a request when we sent it to an upstream: a number that is ours alone.
///
/// An [`Id`] is what a peer wrote. The two are different types, so that a client's id cannot be
/// taken for the one under which its request runs upstream: an answer finds its call by our
/// number, and gets the client's id back at the very end.
///
/// ```compile_fail,E0308
/// use eyot_jsonrpc::{Id, Request};
///
/// fn send(request: Request, client_id: Id) -> Request {
///     request.with_upstream_id(client_id)
/// }
/// ```
///
/// ```compile_fail,E0308
/// use eyot_jsonrpc::{Response, UpstreamId};
///
/// fn give_back(answer: Response, ours: UpstreamId) -> Response {
///     answer.with_client_id(ours)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UpstreamId(u64);

impl UpstreamId {
    /// The id with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The id of the next request.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// Our id as an upstream repeats it; `None` when it is none that we can have given.
    pub fn repeated_by(id: &Id) -> Option<Self> {
        id.as_u64().map(Self)
    }

    /// The id as it is written.
    pub(crate) fn to_id(self) -> Id {
        Id::from_number(self.0)
    }
}

impl fmt::Display for UpstreamId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests;
