//! The future and the reply that handlers of every kind have.

use std::pin::Pin;

use crate::failure::HandlerResult;
use crate::rounds::required::InputRequired;

/// The future of a handler.
pub(crate) type Handling<T> = Pin<Box<dyn Future<Output = HandlerResult<T>> + Send>>;

/// The reply of a handler that may also ask for another round.
pub(crate) trait HandlerReply {
    /// The reply when the handler asks nothing.
    type Done;

    /// The result, or the questions.
    fn split(self) -> Result<Self::Done, InputRequired>;
}
