//! Which objects and arrays are open, and how many members each object has.

use crate::error::ParseErrorKind;
use crate::limits::ScanLimits;

/// The open objects and arrays, in a stack of fixed size: deep nesting costs neither recursion
/// nor memory.
#[derive(Debug)]
pub(crate) struct Nesting {
    /// Members of each open object so far, [`ARRAY`] for an array.
    open: [u32; DEPTH_CEILING],
    depth: usize,
    depth_max: usize,
    keys_max: usize,
}

impl Nesting {
    pub(crate) fn new(limits: &ScanLimits) -> Self {
        let depth_max = limits.depth_max.min(DEPTH_CEILING);
        Self { open: [0; DEPTH_CEILING], depth: 0, depth_max, keys_max: limits.keys_max }
    }

    /// Number of open objects and arrays.
    #[inline]
    pub(crate) const fn depth(&self) -> usize {
        self.depth
    }

    /// Whether the innermost open value is an array.
    #[inline]
    pub(crate) fn is_in_array(&self) -> bool {
        self.depth.checked_sub(1).and_then(|top| self.open.get(top)) == Some(&ARRAY)
    }

    #[inline]
    pub(crate) fn open_array(&mut self) -> Result<(), ParseErrorKind> {
        self.open(ARRAY)
    }

    #[inline]
    pub(crate) fn open_object(&mut self) -> Result<(), ParseErrorKind> {
        self.open(0)
    }

    #[inline]
    fn open(&mut self, members: u32) -> Result<(), ParseErrorKind> {
        let depth_max = self.depth_max;
        let free = self.open.get_mut(..depth_max).and_then(|open| open.get_mut(self.depth));
        *free.ok_or(ParseErrorKind::TooDeep { depth_max })? = members;
        self.depth += 1;
        Ok(())
    }

    /// Closes the innermost open value.
    #[inline]
    pub(crate) const fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Counts a member of the innermost object; an `Err` once it has too many.
    #[inline]
    pub(crate) fn count_key(&mut self) -> Result<(), ParseErrorKind> {
        let Some(members) = self.depth.checked_sub(1).and_then(|top| self.open.get_mut(top)) else {
            return Ok(());
        };
        *members += 1;
        if *members as usize > self.keys_max {
            return Err(ParseErrorKind::TooManyKeys { keys_max: self.keys_max });
        }
        Ok(())
    }
}

/// The deepest nesting that `serde_json` reads: what the strictest peer refuses never passes.
pub(crate) const DEPTH_CEILING: usize = 127;

/// Marks an array; no object of a text below 4 GiB has as many members.
const ARRAY: u32 = u32::MAX;

#[cfg(test)]
mod tests;
