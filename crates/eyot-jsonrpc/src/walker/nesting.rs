//! Which objects and arrays are open, and how many members each object has.

use crate::error::ParseErrorKind;
use crate::scan::limits::ScanLimits;

/// The open objects and arrays, as a walker keeps them.
pub(crate) trait Open {
    /// Number of open objects and arrays.
    fn depth(&self) -> usize;
    /// Whether the innermost open value is an array.
    fn is_in_array(&self) -> bool;
    /// Opens an array.
    fn open_array(&mut self) -> Result<(), ParseErrorKind>;
    /// Opens an object.
    fn open_object(&mut self) -> Result<(), ParseErrorKind>;
    /// Closes the innermost open value.
    fn close(&mut self);
    /// Counts a member of the innermost object; an `Err` once it has too many.
    fn count_key(&mut self) -> Result<(), ParseErrorKind>;
}

/// The kinds of open values, a bit for each, in a text that was scanned: its bounds hold.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    /// From the lowest bit on, which is the innermost value: whether it is an array.
    arrays: u128,
    depth: usize,
}

impl Open for Kinds {
    #[inline]
    fn depth(&self) -> usize {
        self.depth
    }

    #[inline]
    fn is_in_array(&self) -> bool {
        self.arrays & 1 == 1
    }

    #[inline]
    fn open_array(&mut self) -> Result<(), ParseErrorKind> {
        self.open_object()?;
        self.arrays |= 1;
        Ok(())
    }

    #[inline]
    fn open_object(&mut self) -> Result<(), ParseErrorKind> {
        if self.depth == DEPTH_CEILING {
            return Err(ParseErrorKind::TooDeep { depth_max: DEPTH_CEILING });
        }
        self.arrays <<= 1;
        self.depth += 1;
        Ok(())
    }

    #[inline]
    fn close(&mut self) {
        self.arrays >>= 1;
        self.depth = self.depth.saturating_sub(1);
    }

    #[inline]
    fn count_key(&mut self) -> Result<(), ParseErrorKind> {
        Ok(())
    }
}

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

    #[inline]
    fn open(&mut self, members: u32) -> Result<(), ParseErrorKind> {
        let depth_max = self.depth_max;
        let free = self.open.get_mut(..depth_max).and_then(|open| open.get_mut(self.depth));
        *free.ok_or(ParseErrorKind::TooDeep { depth_max })? = members;
        self.depth += 1;
        Ok(())
    }
}

impl Open for Nesting {
    #[inline]
    fn depth(&self) -> usize {
        self.depth
    }

    #[inline]
    fn is_in_array(&self) -> bool {
        self.depth.checked_sub(1).and_then(|top| self.open.get(top)) == Some(&ARRAY)
    }

    #[inline]
    fn open_array(&mut self) -> Result<(), ParseErrorKind> {
        self.open(ARRAY)
    }

    #[inline]
    fn open_object(&mut self) -> Result<(), ParseErrorKind> {
        self.open(0)
    }

    #[inline]
    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    #[inline]
    fn count_key(&mut self) -> Result<(), ParseErrorKind> {
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
