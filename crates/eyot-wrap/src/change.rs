//! What becomes of a file.

use crate::diff;
use crate::document::Document;

/// A file that was changed, or left as it is.
#[derive(Debug)]
pub struct Change<'d> {
    pub(crate) old: &'d Document,
    /// `None`: nothing has changed.
    pub(crate) new: Option<Document>,
    /// The servers that were named, and what became of each.
    pub outcomes: Vec<(String, Outcome)>,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// This program stands before its server now.
    Wrapped,
    /// It did so before.
    AlreadyWrapped,
    /// The entry is what it was, byte for byte.
    Unwrapped,
    /// The entry says what it said; its form before was not known any more.
    Rebuilt,
    /// This program does not stand before its server.
    NotWrapped,
    /// It is disabled and was not named.
    Disabled,
    /// It cannot be changed: why, as the end of a sentence.
    Refused(String),
}

impl Outcome {
    /// What became of it, in a few words behind its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Wrapped => "is wrapped",
            Self::AlreadyWrapped => "is wrapped already",
            Self::Unwrapped => "is what it was",
            Self::Rebuilt => {
                "was edited since it was wrapped, or its backup is gone: it is made of what stands \
                 there, and may be written differently than before"
            }
            Self::NotWrapped => "is not wrapped",
            Self::Disabled => "is disabled, and left as it is: name it to change it",
            Self::Refused(reason) => reason,
        }
    }

    /// Whether the entry is another one than before.
    #[must_use]
    pub fn is_change(&self) -> bool {
        matches!(self, Self::Wrapped | Self::Unwrapped | Self::Rebuilt)
    }
}

impl Change<'_> {
    /// The new bytes of the file. `None`: nothing has changed.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        self.new.as_ref().map(Document::to_bytes)
    }

    /// The file, as it was named.
    #[must_use]
    pub fn path(&self) -> &str {
        self.old.path()
    }

    /// The command of this program that an entry has now: `run` or `connect`.
    #[must_use]
    pub fn command(&self, name: &str) -> Option<&str> {
        self.new.as_ref()?.command(name)
    }

    /// The differences, line by line, without secrets.
    #[must_use]
    pub fn diff(&self) -> Vec<String> {
        let Some(new) = &self.new else { return Vec::new() };
        diff::unified(self.old.path(), &self.old.masked(), &new.masked())
    }
}
