//! What operators may read and peers may not.

use std::fmt;

/// A text for those who run this process: what a child wrote to its stderr, an inner address, a
/// path.
///
/// It has no way into an error that a peer gets: it cannot be displayed, its `Debug` shows
/// nothing, and nothing is made of it. [`reveal_to_operator`](Self::reveal_to_operator) is the
/// one door, for logs and for the terminal of a command.
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorText(Box<str>);

impl OperatorText {
    /// Keeps a text from peers.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text, to be written where only operators read.
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
