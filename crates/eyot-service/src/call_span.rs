//! The span of one call.

use std::fmt;

use tracing::Span;

/// Marks the log lines that are written inside it with their call.
///
/// Free when no subscriber listens at the level `DEBUG`: then it is empty.
#[derive(Clone, Default)]
pub struct CallSpan(Option<Box<Span>>);

impl CallSpan {
    /// Takes a span that the caller has made; a disabled span is dropped.
    #[must_use]
    pub fn new(span: Span) -> Self {
        Self((!span.is_disabled()).then(|| Box::new(span)))
    }

    /// Runs `what` inside the span of the call.
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
