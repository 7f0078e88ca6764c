//! Values that no log and no error can show.

use std::fmt;
use std::hint::black_box;

/// A value that prints as `[redacted]`.
///
/// There is no `==`: a comparison that stops at the first difference tells an attacker how far
/// the guess was right. Use [`Secret::ct_eq`]. The memory is not wiped when the value is dropped.
#[derive(Clone)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides `value` from `Debug` and `Display`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. To find every place that reads a secret, search for this name.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: AsRef<[u8]>> Secret<T> {
    /// Whether the secret has exactly these bytes, in a time that does not depend on where they
    /// differ; see [`ct_eq`].
    pub fn ct_eq(&self, bytes: &[u8]) -> bool {
        ct_eq(self.0.as_ref(), bytes)
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(REDACTED)
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(REDACTED)
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
///
/// The lengths are not hidden: the lengths of tokens and digests are public.
pub fn ct_eq(left: &[u8], right: &[u8]) -> bool {
    let is_same_length = left.len() == right.len();
    // The barrier in every step keeps the optimizer from leaving the loop early.
    let difference = left.iter().zip(right).fold(0, |sum, (a, b)| black_box(sum | (a ^ b)));
    is_same_length && difference == 0
}

const REDACTED: &str = "[redacted]";

#[cfg(test)]
mod tests;
