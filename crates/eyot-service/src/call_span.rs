//! The span of one call.

use std::fmt;

use tracing::Span;

/// What is logged in here says of which call it is.
///
/// Free when no subscriber listens at the level `DEBUG`: then there is nothing in it.
#[derive(Clone, Default)]
pub struct CallSpan(Option<Box<Span>>);

impl CallSpan {
    /// Of a span that the caller has made; nothing is kept of one that is disabled.
    #[must_use]
    pub fn new(span: Span) -> Self {
        Self((!span.is_disabled()).then(|| Box::new(span)))
    }

    /// Does something on behalf of the call.
    pub fn in_scope<T>(&self, what: impl FnOnce() -> T) -> T {
        match &self.0 {
            None => what(),
            Some(span) => span.in_scope(what),
        }
    }
}

impl fmt::Debug for CallSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallSpan").field(&self.0).finish()
    }
}
