//! Where a message is in a trace.

use std::fmt;

use eyot_jsonrpc::Members;
use eyot_stdx::random_bytes;
use eyot_types::meta;

/// The trace that a message belongs to, and the span that it was sent in (W3C Trace Context, `traceparent`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// Neither this nor the span is 0.
    trace: u128,
    span: u64,
    flags: u8,
}

impl TraceParent {
    /// The first span of a new trace. `is_sampled`: those who collect spans should keep this trace.
    #[must_use]
    pub fn begin(is_sampled: bool) -> Self {
        // All zeros are no id. The chance of that is none, and a bit is cheaper than another draw.
        let trace = u128::from_be_bytes(random_bytes()) | 1;
        Self { trace, span: new_span(), flags: if is_sampled { SAMPLED } else { 0 } }
    }

    /// A span below this one.
    #[must_use]
    pub fn child(self) -> Self {
        Self { span: new_span(), ..self }
    }

    /// Reads a `traceparent`; `None` if it is none. Of a later version, what the first version has is read.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // "If a higher version is detected, the implementation SHOULD try to parse it" (W3C Trace Context,
        // versioning of traceparent).
        let (known, rest) = (text.get(..LENGTH)?, text.get(LENGTH..)?);
        let mut parts = known.split('-');
        let (version, trace) = (hex(parts.next()?, 2)?, hex(parts.next()?, 32)?);
        let (span, flags) = (hex(parts.next()?, 16)?, hex(parts.next()?, 2)?);
        let has_right_end =
            if version == 0 { rest.is_empty() } else { rest.is_empty() || rest.starts_with('-') };
        let is_valid = parts.next().is_none() && has_right_end && version != 0xff;
        let (span, flags) = (u64::try_from(span).ok()?, u8::try_from(flags).ok()?);
        // What other flags mean is not known.
        let found = Self { trace, span, flags: flags & (SAMPLED | RANDOM) };
        (is_valid && trace != 0 && span != 0).then_some(found)
    }

    /// The one in the raw JSON of `_meta`; `None` if there is none that is valid, or several.
    #[must_use]
    pub fn of_meta(meta: &str) -> Option<Self> {
        let mut found = Members::of(meta)?.filter(|(name, _)| name == meta::TRACEPARENT);
        let (_, value) = found.next()?;
        let text = value.strip_prefix('"')?.strip_suffix('"')?;
        Self::parse(text).filter(|_| found.next().is_none())
    }

    /// The id of the trace, in hexadecimal digits.
    #[must_use]
    pub fn trace_id(self) -> impl fmt::Display {
        Id { number: self.trace, digits: 32 }
    }

    /// The id of the span, in hexadecimal digits.
    #[must_use]
    pub fn span_id(self) -> impl fmt::Display {
        Id { number: self.span.into(), digits: 16 }
    }
}

/// As `traceparent` has it.
impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id(), self.span_id(), self.flags)
    }
}

/// An id in hexadecimal digits.
struct Id {
    number: u128,
    digits: usize,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, digits } = *self;
        write!(f, "{number:0digits$x}")
    }
}

fn new_span() -> u64 {
    u64::from_be_bytes(random_bytes()) | 1
}

/// A number of so many lower-case digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_lower = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
    let is_hex = text.len() == digits && text.bytes().all(is_lower);
    is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// Characters of a `traceparent` of the first version.
const LENGTH: usize = 55;

const SAMPLED: u8 = 1;

/// The id of the trace is random (W3C Trace Context, level 2).
const RANDOM: u8 = 2;

#[cfg(test)]
mod tests;
