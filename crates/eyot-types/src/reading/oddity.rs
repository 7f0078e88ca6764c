//! What was odd in a result.

use std::fmt;

/// What became of an odd part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "users tell both of them apart")]
pub enum OddityEffect {
    /// What it can only mean took its place.
    Mended,
    /// It was left out.
    LeftOut,
}

/// One part of a result that no revision has in this form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Oddity {
    /// Where it was, such as `tools[2].annotations.readOnlyHint`.
    pub place: String,
    /// The name of the element that it was in, in the words of the server: a name or a URI. `None`:
    /// it was in none, or in one without a name.
    pub element: Option<String>,
    /// What was wrong, such as `is a list and no object`.
    pub problem: String,
    /// What became of it.
    pub effect: OddityEffect,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.place)?;
        if let Some(element) = &self.element {
            write!(f, " of {element:?}")?;
        }
        match self.effect {
            OddityEffect::Mended => write!(f, " {}: mended", self.problem),
            OddityEffect::LeftOut => write!(f, " {}: left out", self.problem),
        }
    }
}

/// What was odd in a result. All are counted; the first ones are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Oddities(Option<Box<Found>>);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Found {
    kept: Vec<Oddity>,
    mended: usize,
    left_out: usize,
}

impl Oddities {
    /// How many are kept.
    pub const KEPT_MAX: usize = 64;

    /// Whether nothing was odd.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The parts that were mended.
    #[must_use]
    pub fn mended(&self) -> usize {
        self.0.as_ref().map_or(0, |it| it.mended)
    }

    /// The parts that were left out.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.0.as_ref().map_or(0, |it| it.left_out)
    }

    /// The first of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Oddity> {
        self.0.iter().flat_map(|it| &it.kept)
    }

    /// Adds those of another page or part.
    pub fn extend(&mut self, other: Self) {
        let Some(other) = other.0 else { return };
        let found = self.0.get_or_insert_default();
        found.mended += other.mended;
        found.left_out += other.left_out;
        let room = Self::KEPT_MAX.saturating_sub(found.kept.len());
        found.kept.extend(other.kept.into_iter().take(room));
    }
}

/// Takes notes of what is odd while a result is read.
#[derive(Debug, Default)]
pub(super) struct Notes {
    found: Found,
    /// Where the reader is.
    path: String,
}

impl Notes {
    pub(super) fn into_oddities(self) -> Oddities {
        let Found { mended, left_out, .. } = self.found;
        Oddities((mended + left_out > 0).then(|| Box::new(self.found)))
    }

    pub(super) fn add(&mut self, problem: String, effect: OddityEffect) {
        match effect {
            OddityEffect::Mended => self.found.mended += 1,
            OddityEffect::LeftOut => self.found.left_out += 1,
        }
        if self.found.kept.len() < Oddities::KEPT_MAX {
            let place = self.path.clone();
            self.found.kept.push(Oddity { place, element: None, problem, effect });
        }
    }

    /// Goes into a part for as long as `read` runs.
    pub(super) fn within<T>(
        &mut self,
        step: impl fmt::Display,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        use fmt::Write as _;
        let len = self.path.len();
        // Writing to a text cannot fail.
        _ = write!(self.path, "{step}");
        let read = read(self);
        self.path.truncate(len);
        read
    }

    /// Whether the reader is inside of the result.
    pub(super) const fn is_inside(&self) -> bool {
        !self.path.is_empty()
    }

    /// What was odd so far.
    pub(super) const fn mark(&self) -> Mark {
        let Found { kept, mended, left_out } = &self.found;
        Mark { kept: kept.len(), mended: *mended, left_out: *left_out }
    }

    /// Forgets what was odd since `mark`: the part that it was in is left out as a whole.
    pub(super) fn forget(&mut self, mark: Mark) {
        self.found.kept.truncate(mark.kept);
        self.found.mended = mark.mended;
        self.found.left_out = mark.left_out;
    }

    /// Names the element in which everything since `mark` was odd.
    pub(super) fn name(&mut self, mark: Mark, element: &str) {
        for oddity in self.found.kept.iter_mut().skip(mark.kept) {
            oddity.element.get_or_insert_with(|| element.to_owned());
        }
    }
}

/// How much was odd at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    kept: usize,
    mended: usize,
    left_out: usize,
}
