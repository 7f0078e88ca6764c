//! Texts that operators may read and peers may not.

use std::fmt;

/// A text for the operators of this process: a child's output on stderr, an inner address, a path.
///
/// It cannot get into an error for a peer: it cannot be displayed, its `Debug` shows nothing, and
/// it converts into no other type. [`reveal_to_operator`](Self::reveal_to_operator) is the one way
/// out, for logs and for the terminal of a command.
///
/// It is told once: what has written it to the log says so with [`told`](Self::told).
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorText {
    text: Box<str>,
    is_told: bool,
}

impl OperatorText {
    /// Keeps a text from peers.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self { text: text.into(), is_told: false }
    }

    /// The text, which is in the log from here on.
    #[must_use]
    pub fn told(mut self) -> Self {
        self.is_told = true;
        self
    }

    /// Whether it is in the log: what gives up need not say it again.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        self.is_told
    }

    /// The text, to be written only to places that operators read.
    #[must_use]
    pub fn reveal_to_operator(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for OperatorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorText(..)")
    }
}
