//! Whether something holds.

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Yes,
    No,
    /// That depends on parameters, and they could be anything.
    Unknown,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// Why it cannot be said whether something holds: a text for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undecidable(pub(crate) String);
