//! What was lost on the way to a revision.

use std::collections::BTreeMap;

use super::{Effect, Feature};

/// Something that was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// What the revision does not have.
    pub feature: Feature,
    /// How often it was there.
    pub count: usize,
}

/// What was lost: each feature once, so that a long list has no more losses than a short one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Losses(BTreeMap<Feature, usize>);

impl Losses {
    /// Whether nothing was lost.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The losses in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = Loss> {
        self.0.iter().map(|(&feature, &count)| Loss { feature, count })
    }

    /// The feature without which the value makes no sense. `None`: the value may be sent.
    #[must_use]
    pub fn refused(&self) -> Option<Feature> {
        self.0.keys().copied().find(|feature| feature.row().effect == Effect::Refused)
    }

    /// Adds what was lost elsewhere.
    pub fn extend(&mut self, other: Self) {
        for (feature, count) in other.0 {
            *self.0.entry(feature).or_default() += count;
        }
    }

    /// Notes a loss. What the other side takes for granted is none.
    pub(super) fn add(&mut self, feature: Feature) {
        if feature.row().effect != Effect::Implied {
            *self.0.entry(feature).or_default() += 1;
        }
    }
}
