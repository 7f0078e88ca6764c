//! Texts that operators may read and peers may not.

use std::fmt;

/// A text for the operators of this process: a child's output on stderr, an inner address, a path.
///
/// It cannot get into an error for a peer: it cannot be displayed, its `Debug` shows nothing, and
/// it converts into no other type. [`reveal_to_operator`](Self::reveal_to_operator) is the one way
/// out, for logs and for the terminal of a command.
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorText(Box<str>);

impl OperatorText {
    /// Keeps a text from peers.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text, to be written only to places that operators read.
    #[must_use]
    pub fn reveal_to_operator(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OperatorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorText(..)")
    }
}
