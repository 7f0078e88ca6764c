//! Proof, while it is written, that a text passes the scan.
//!
//! What serde_json writes of Rust's own values is JSON of the strict kind: strings are escaped
//! and cannot hold a lone surrogate, numbers are finite and short, there is no white space. Three
//! things remain that a scan could find. Nesting that is too deep is counted here. Keys without
//! values, which a `Serialize` of one's own can make, are seen here. And raw JSON that was taken
//! over from elsewhere is scanned here; nothing else is.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use crate::scan::Scan;
use crate::scan::limits::ScanLimits;
use crate::walker::nesting::DEPTH_CEILING;

/// What is known of the text so far.
#[derive(Debug)]
pub(crate) struct Proof {
    depth: usize,
    /// Whether a key was written, but not its value.
    is_after_key: bool,
    /// Whether no line feed or carriage return was written.
    pub(crate) is_single_line: bool,
}

impl Proof {
    /// Writes a value at the end of `text`, if the scan would accept it there. If not, what was
    /// written of it is left to the caller to remove.
    pub(crate) fn write(text: &mut Vec<u8>, value: &impl Serialize) -> Option<Self> {
        Self::write_below(0, text, value)
    }

    /// Like [`Proof::write`], for a value that will stand in so many objects.
    pub(crate) fn write_below(
        depth: usize,
        text: &mut Vec<u8>,
        value: &impl Serialize,
    ) -> Option<Self> {
        let mut proof = Self { depth, is_after_key: false, is_single_line: true };
        let mut serializer = Serializer::with_formatter(text, Proving(&mut proof));
        value.serialize(&mut serializer).ok()?;
        Some(proof)
    }

    fn open(&mut self) -> io::Result<()> {
        self.depth += 1;
        if self.depth > DEPTH_CEILING { Err(refused()) } else { Ok(()) }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Keys and values take turns.
    fn turn(&mut self, is_after_key: bool) -> io::Result<()> {
        let was_after_key = std::mem::replace(&mut self.is_after_key, is_after_key);
        if was_after_key == is_after_key { Err(refused()) } else { Ok(()) }
    }

    fn take_over(&mut self, fragment: &str) -> io::Result<()> {
        let depth_max = DEPTH_CEILING.saturating_sub(self.depth);
        let limits = ScanLimits { depth_max, ..ScanLimits::OWN };
        u32::try_from(fragment.len()).map_err(|_| refused())?;
        let found = Scan::of_text(fragment, 0, &limits).part(Scan::result);
        let found = found.map_err(|_fault| refused())?;
        self.is_single_line &= found.is_single_line;
        Ok(())
    }
}

/// The text is not written on; why, its writer need not know.
#[cold]
fn refused() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// Writes without white space, and keeps the proof.
struct Proving<'a>(&'a mut Proof);

impl Formatter for Proving<'_> {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.open()?;
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.close();
        writer.write_all(b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.open()?;
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        is_first: bool,
    ) -> io::Result<()> {
        self.0.turn(true)?;
        if is_first { Ok(()) } else { writer.write_all(b",") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.turn(false)?;
        writer.write_all(b":")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.0.is_after_key {
            return Err(refused());
        }
        self.0.close();
        writer.write_all(b"}")
    }

    fn write_raw_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.0.take_over(fragment)?;
        writer.write_all(fragment.as_bytes())
    }
}

#[cfg(test)]
mod tests;
