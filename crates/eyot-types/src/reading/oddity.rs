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
pub struct Oddities {
    kept: Vec<Oddity>,
    mended: usize,
    left_out: usize,
    /// Where the reader is.
    path: String,
}

impl Oddities {
    /// How many are kept.
    pub const KEPT_MAX: usize = 64;

    /// Whether nothing was odd.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.mended == 0 && self.left_out == 0
    }

    /// The parts that were mended.
    #[must_use]
    pub const fn mended(&self) -> usize {
        self.mended
    }

    /// The parts that were left out.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// The first of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Oddity> {
        self.kept.iter()
    }

    /// Adds those of another page or part.
    pub fn extend(&mut self, other: Self) {
        self.mended += other.mended;
        self.left_out += other.left_out;
        let room = Self::KEPT_MAX.saturating_sub(self.kept.len());
        self.kept.extend(other.kept.into_iter().take(room));
    }

    pub(super) fn add(&mut self, problem: String, effect: OddityEffect) {
        match effect {
            OddityEffect::Mended => self.mended += 1,
            OddityEffect::LeftOut => self.left_out += 1,
        }
        if self.kept.len() < Self::KEPT_MAX {
            let place = self.path.clone();
            self.kept.push(Oddity { place, element: None, problem, effect });
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
    pub(super) const fn mark(&self) -> [usize; 3] {
        [self.kept.len(), self.mended, self.left_out]
    }

    /// Forgets what was odd since `mark`: the part that it was in is left out as a whole.
    pub(super) fn forget(&mut self, [kept, mended, left_out]: [usize; 3]) {
        self.kept.truncate(kept);
        self.mended = mended;
        self.left_out = left_out;
    }

    /// Whether anything was odd since `mark`.
    pub(super) fn are_more(&self, mark: [usize; 3]) -> bool {
        self.mark() != mark
    }

    /// Names the element in which everything since `mark` was odd.
    pub(super) fn name(&mut self, [kept, ..]: [usize; 3], element: &str) {
        for oddity in self.kept.iter_mut().skip(kept) {
            oddity.element.get_or_insert_with(|| element.to_owned());
        }
    }
}
