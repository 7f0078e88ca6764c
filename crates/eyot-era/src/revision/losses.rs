//! What was lost on the way to a revision.

use std::collections::BTreeMap;

use eyot_types::{Oddities, Oddity};

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
pub struct Losses(Option<Box<Lost>>);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Lost {
    features: BTreeMap<Feature, usize>,
    oddities: Oddities,
}

impl Losses {
    /// What was odd in a result when it was read.
    #[must_use]
    pub fn of_oddities(oddities: Oddities) -> Self {
        if oddities.is_empty() {
            return Self::default();
        }
        let counts = [
            (Feature::MalformedMended, oddities.mended()),
            (Feature::MalformedDropped, oddities.left_out()),
        ];
        let features = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        Self(Some(Box::new(Lost { features, oddities })))
    }

    /// Whether nothing was lost.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The losses in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = Loss> {
        let features = self.0.iter().flat_map(|it| &it.features);
        features.map(|(&feature, &count)| Loss { feature, count })
    }

    /// The names of the features that were lost; `None`: none was.
    pub(crate) fn names(&self) -> Option<Vec<&'static str>> {
        self.0.as_ref().map(|_| self.iter().map(|it| it.feature.as_str()).collect())
    }

    /// The parts behind the malformed features, one by one.
    pub fn oddities(&self) -> impl Iterator<Item = &Oddity> {
        self.0.iter().flat_map(|it| it.oddities.iter())
    }

    /// The feature without which the value makes no sense. `None`: the value may be sent.
    #[must_use]
    pub fn refused(&self) -> Option<Feature> {
        self.iter().map(|it| it.feature).find(|it| it.row().effect == Effect::Refused)
    }

    /// Adds what was lost elsewhere.
    pub fn extend(&mut self, other: Self) {
        let Some(other) = other.0 else { return };
        let lost = self.0.get_or_insert_default();
        for (feature, count) in other.features {
            *lost.features.entry(feature).or_default() += count;
        }
        lost.oddities.extend(other.oddities);
    }

    /// Notes a loss. What the other side takes for granted is none.
    pub(super) fn add(&mut self, feature: Feature) {
        if feature.row().effect != Effect::Implied {
            let lost = self.0.get_or_insert_default();
            *lost.features.entry(feature).or_default() += 1;
        }
    }
}
