//! What handlers have in common, whatever they get and give.

use std::pin::Pin;

use crate::failure::HandlerResult;
use crate::rounds::required::InputRequired;

/// The future of a handler.
pub(crate) type Handling<T> = Pin<Box<dyn Future<Output = HandlerResult<T>> + Send>>;

/// What a handler gives back when it may also ask for another round.
pub(crate) trait HandlerReply {
    /// What it is when it does not ask.
    type Done;

    /// The result, or what it asks.
    fn split(self) -> Result<Self::Done, InputRequired>;
}
