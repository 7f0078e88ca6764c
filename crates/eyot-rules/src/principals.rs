//! Whom a rule names by their principals.

use std::fmt;
use std::sync::Arc;

use crate::glob::Globs;

/// Patterns of the names of principals, of which one is enough. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Principals {
    globs: Arc<Globs>,
    /// The patterns as they are written.
    text: Arc<str>,
}

impl Principals {
    pub(crate) fn new(globs: Globs) -> Self {
        let texts: Vec<_> = globs.iter().map(|it| format!("`{}`", it.as_str())).collect();
        Self { text: texts.join(", ").into(), globs: Arc::new(globs) }
    }

    /// Whether the principal of this name is meant.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.globs.matches(name)
    }
}

/// The patterns as they are written, each in quotes.
impl fmt::Display for Principals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Principals {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Principals {}
