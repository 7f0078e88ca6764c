//! From the first byte on, as far as the structure holds.

use super::Remnant;
use super::part::{Part, SeenId, is_space, is_structural};

/// What the look has seen when it came to the end of a text, or of the part of it that is there.
///
/// # Errors
/// What it had seen of one message when the structure broke: the rest is seen from the other end.
pub(super) fn look(text: &[u8]) -> Result<Remnant, Part> {
    let mut look = Look { text: text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text), at: 0 };
    look.spaces();
    match look.peek() {
        Some(b'{') => look.messages(),
        Some(b'[') => Ok(Remnant { parts: look.batch(), is_batch: true }),
        _ => Ok(Remnant::default()),
    }
}

/// A cursor.
struct Look<'a> {
    text: &'a [u8],
    at: usize,
}

/// Why the look does not go on.
enum Stop {
    /// The text has ended within a value.
    Ended,
    /// Something stands where the structure has no place for it.
    Broken,
}

impl<'a> Look<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn spaces(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    /// Passes `byte` if it comes next, and the white space before and after it.
    fn takes(&mut self, byte: u8) -> bool {
        self.spaces();
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.at += 1;
            self.spaces();
        }
        is_next
    }

    fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.takes(byte) { Ok(()) } else { Err(self.stop()) }
    }

    fn stop(&self) -> Stop {
        if self.at < self.text.len() { Stop::Broken } else { Stop::Ended }
    }

    /// Passes one object, or several without anything between them: two writers at once lose the
    /// line feed between their messages.
    fn messages(&mut self) -> Result<Remnant, Part> {
        let mut parts = Vec::new();
        loop {
            let mut part = Part::default();
            let passed = self.message(&mut part, b"{");
            if parts.is_empty() && matches!(passed, Err(Stop::Broken)) {
                return Err(part);
            }
            parts.push(part);
            if passed.is_err() || self.peek().is_none() || parts.len() >= PARTS_MAX {
                return Ok(Remnant { is_batch: parts.len() > 1, parts });
            }
        }
    }

    /// Passes an object at the top level, and adds what it says to `part`. Nothing follows it, or
    /// one of the bytes `next`.
    ///
    /// Where the structure breaks, a brace may be missing in a value with parts, and what seems to
    /// stand behind that value may stand in it. So only an id before it counts then.
    fn message(&mut self, part: &mut Part, next: &[u8]) -> Result<(), Stop> {
        let mut behind_parts = Part::default();
        let mut has_parts = false;
        self.expect(b'{')?;
        let passed = loop {
            if self.takes(b'}') {
                let is_end = self.peek().is_none_or(|it| next.contains(&it));
                break if is_end { Ok(()) } else { Err(Stop::Broken) };
            }
            let seen = if has_parts { &mut behind_parts } else { &mut *part };
            if let Err(stop) = self.member(seen, &mut has_parts) {
                break Err(stop);
            }
        };
        if matches!(passed, Err(Stop::Broken)) {
            behind_parts.id = SeenId::Absent;
        }
        *part = std::mem::take(part).and(behind_parts);
        part.has_version &= passed.is_ok();
        passed
    }

    /// Passes a member of the top level, and its comma.
    fn member(&mut self, part: &mut Part, has_parts: &mut bool) -> Result<(), Stop> {
        let key = self.key()?;
        let start = self.at;
        let is_nested = matches!(self.peek(), Some(b'{' | b'['));
        *has_parts |= is_nested;
        let passed = self.value();
        let value = self.text.get(start..self.at).filter(|_| !is_nested);
        let passed = passed.and_then(|()| {
            let is_followed = self.takes(b',') || self.peek() == Some(b'}');
            if is_followed { Ok(()) } else { Err(self.stop()) }
        });
        // A member counts as soon as it has begun, its value only if it has ended.
        part.note(key, value.filter(|_| passed.is_ok()));
        passed
    }

    /// Passes an array at the top level, as far as it can be followed.
    fn batch(&mut self) -> Vec<Part> {
        let mut parts = Vec::new();
        self.at += 1;
        self.spaces();
        while self.peek() == Some(b'{') && parts.len() < PARTS_MAX {
            let mut part = Part::default();
            let passed = self.message(&mut part, b",]");
            parts.push(part);
            if passed.is_err() || !self.takes(b',') {
                break;
            }
        }
        parts
    }

    /// Passes a string with its quotes, and gives what is between them. No byte in it is looked at
    /// but for quotes and backslashes.
    fn string(&mut self) -> Result<&'a [u8], Stop> {
        if self.peek() != Some(b'"') {
            return Err(self.stop());
        }
        let start = self.at + 1;
        let mut at = start;
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            let Some(len) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.text.len();
                return Err(Stop::Ended);
            };
            at += len;
            if self.text.get(at) == Some(&b'"') {
                self.at = at + 1;
                return Ok(self.text.get(start..at).unwrap_or_default());
            }
            at += 2;
        }
    }

    /// Passes a key and its colon.
    fn key(&mut self) -> Result<&'a [u8], Stop> {
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// Passes a value of any depth.
    fn value(&mut self) -> Result<(), Stop> {
        let mut open = Open::default();
        loop {
            if self.begins(&mut open)? {
                continue;
            }
            while !open.is_empty() && !self.goes_on(&mut open)? {}
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// Passes a value without parts, or what comes before the first part of one with parts; tells
    /// whether a part follows.
    fn begins(&mut self, open: &mut Open) -> Result<bool, Stop> {
        let Some(byte) = self.peek() else { return Err(Stop::Ended) };
        match byte {
            b'"' => self.string().map(|_| false),
            b'{' | b'[' => {
                open.push(byte == b'{').ok_or(Stop::Broken)?;
                self.at += 1;
                self.spaces();
                self.part_follows(open)
            }
            // A word, or none where one was forgotten: `NaN`, `[1,]`.
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                self.at += rest.iter().take_while(|it| !is_structural(**it)).count();
                if self.at < self.text.len() { Ok(false) } else { Err(Stop::Ended) }
            }
        }
    }

    /// Passes what follows a part; tells whether another one follows.
    fn goes_on(&mut self, open: &mut Open) -> Result<bool, Stop> {
        if self.takes(b',') {
            return self.part_follows(open);
        }
        if self.takes_end(open) { Ok(false) } else { Err(self.stop()) }
    }

    /// Passes the key of the next part, or the end; tells which.
    fn part_follows(&mut self, open: &mut Open) -> Result<bool, Stop> {
        if self.takes_end(open) {
            return Ok(false);
        }
        if open.is_in_object() {
            self.key()?;
        }
        Ok(true)
    }

    fn takes_end(&mut self, open: &mut Open) -> bool {
        let end = if open.is_in_object() { b'}' } else { b']' };
        // The white space behind the end of a whole value belongs to what follows.
        let is_end = self.peek() == Some(end) || {
            self.spaces();
            self.peek() == Some(end)
        };
        if is_end {
            self.at += 1;
            open.pop();
        }
        is_end
    }
}

/// Which objects and arrays are open: one bit for each, in a stack of fixed size.
struct Open {
    objects: [u64; DEPTH_MAX / 64],
    depth: usize,
}

impl Default for Open {
    fn default() -> Self {
        Self { objects: [0; DEPTH_MAX / 64], depth: 0 }
    }
}

impl Open {
    const fn is_empty(&self) -> bool {
        self.depth == 0
    }

    /// `None` when it is full.
    fn push(&mut self, is_object: bool) -> Option<()> {
        let word = self.objects.get_mut(self.depth / 64)?;
        let bit = 1 << (self.depth % 64);
        *word = if is_object { *word | bit } else { *word & !bit };
        self.depth += 1;
        Some(())
    }

    const fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn is_in_object(&self) -> bool {
        let top = self.depth.saturating_sub(1);
        self.objects.get(top / 64).is_some_and(|word| word >> (top % 64) & 1 == 1)
    }
}

/// Far more than the scan allows; what is deeper is seen from the other end.
const DEPTH_MAX: usize = 4_096;

/// Messages of a batch that are told apart; the scan's own bound by default.
const PARTS_MAX: usize = 100;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
