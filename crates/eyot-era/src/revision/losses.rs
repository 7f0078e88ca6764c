//! What was lost on the way to a revision.

use std::collections::BTreeMap;

use eyot_types::Oddities;

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
pub struct Losses {
    features: BTreeMap<Feature, usize>,
    oddities: Oddities,
}

impl Losses {
    /// What was odd in a result when it was read.
    #[must_use]
    pub fn of_oddities(oddities: Oddities) -> Self {
        let counts = [
            (Feature::MalformedMended, oddities.mended()),
            (Feature::MalformedDropped, oddities.left_out()),
        ];
        let features = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        Self { features, oddities }
    }

    /// Whether nothing was lost.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// The losses in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = Loss> {
        self.features.iter().map(|(&feature, &count)| Loss { feature, count })
    }

    /// The parts behind the malformed features, one by one.
    #[must_use]
    pub const fn oddities(&self) -> &Oddities {
        &self.oddities
    }

    /// The feature without which the value makes no sense. `None`: the value may be sent.
    #[must_use]
    pub fn refused(&self) -> Option<Feature> {
        self.features.keys().copied().find(|feature| feature.row().effect == Effect::Refused)
    }

    /// Adds what was lost elsewhere.
    pub fn extend(&mut self, other: Self) {
        for (feature, count) in other.features {
            *self.features.entry(feature).or_default() += count;
        }
        self.oddities.extend(other.oddities);
    }

    /// Notes a loss. What the other side takes for granted is none.
    pub(super) fn add(&mut self, feature: Feature) {
        if feature.row().effect != Effect::Implied {
            *self.features.entry(feature).or_default() += 1;
        }
    }
}
