//! Whose consent counts, where it is not that of the client's own user.

use std::fmt;
use std::sync::Arc;

/// The principals of whom one has to consent. Cheap to clone.
#[derive(Clone)]
pub struct Approvers {
    shown: Arc<str>,
    matches: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

impl Approvers {
    /// The principals whose names `matches` says yes of. `shown` says to people who they are.
    pub fn new(
        shown: impl Into<Arc<str>>,
        matches: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { shown: shown.into(), matches: Arc::new(matches) }
    }

    pub(super) fn has(&self, principal: &str) -> bool {
        (self.matches)(principal)
    }
}

impl fmt::Display for Approvers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Approvers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Approvers").field(&self.shown).finish()
    }
}

/// Those that are shown alike are the same principals.
impl PartialEq for Approvers {
    fn eq(&self, other: &Self) -> bool {
        self.shown == other.shown
    }
}

impl Eq for Approvers {}
