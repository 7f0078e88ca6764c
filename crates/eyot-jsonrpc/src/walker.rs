//! From one end of a JSON value to the other.

pub(crate) mod nesting;

use crate::error::Halt;
use crate::keys::Key;
use crate::lexer::Lexer;
use crate::scan::limits::ScanLimits;
use crate::walker::nesting::{Kinds, Nesting, Open};

/// Passes whole values without a look at their members, and counts what has a bound.
#[derive(Debug)]
pub(crate) struct Walker<'a, N = Nesting> {
    pub(crate) lexer: Lexer<'a>,
    nesting: N,
}

impl<'a> Walker<'a> {
    /// A walker that counts what has a bound.
    pub(crate) fn new(text: &'a str, at: usize, limits: &ScanLimits) -> Self {
        Self { lexer: Lexer::new(text, at), nesting: Nesting::new(limits) }
    }
}

impl<'a> Walker<'a, Kinds> {
    /// A walker through a text that was scanned. Half a surrogate pair ends it no more than it has
    /// ended the scan, which lets one pass in what servers send.
    pub(crate) fn again(text: &'a str) -> Self {
        let mut lexer = Lexer::new(text, 0);
        lexer.pass_lone_surrogates();
        Self { lexer, nesting: Kinds::default() }
    }
}

impl<'a, N: Open> Walker<'a, N> {
    /// Passes the value that begins at the cursor.
    pub(crate) fn value(&mut self) -> Result<(), Halt> {
        let outside = self.nesting.depth();
        loop {
            let is_open = self.begin_value()?;
            if is_open {
                continue;
            }
            // A value has ended; with it end all objects and arrays that it was the last of.
            while self.nesting.depth() > outside && !self.next_item()? {}
            if self.nesting.depth() == outside {
                return Ok(());
            }
        }
    }

    /// Passes a value without parts, or what comes before the first part of one with parts; tells
    /// whether a part follows.
    fn begin_value(&mut self) -> Result<bool, Halt> {
        match self.lexer.peek() {
            b'"' => self.lexer.string().map(|_| false),
            b'{' => self.open_object(),
            b'[' => self.open_array(),
            b'-' | b'0'..=b'9' => self.lexer.number().map(|()| false),
            b't' => self.lexer.literal("true").map(|()| false),
            b'f' => self.lexer.literal("false").map(|()| false),
            b'n' => self.lexer.literal("null").map(|()| false),
            _ => Err(self.lexer.unexpected()),
        }
    }

    /// Passes `[`, and tells whether an item follows; if none does, passes `]` too.
    pub(crate) fn open_array(&mut self) -> Result<bool, Halt> {
        self.nesting.open_array().map_err(|kind| self.lexer.fault(kind))?;
        self.lexer.advance();
        self.lexer.white_space();
        Ok(!self.closes(b']'))
    }

    fn open_object(&mut self) -> Result<bool, Halt> {
        if self.begin_object()? {
            self.pass_key()?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Passes the separator or the end that follows an item of the innermost object or array;
    /// tells whether another value follows.
    pub(crate) fn next_item(&mut self) -> Result<bool, Halt> {
        if !self.nesting.is_in_array() {
            let has_next = self.next_member()?;
            if has_next {
                self.pass_key()?;
            }
            return Ok(has_next);
        }
        self.lexer.white_space();
        if self.closes(b']') {
            return Ok(false);
        }
        self.comma()?;
        Ok(true)
    }

    /// Passes `{`, and tells whether a key follows; if none does, passes `}` too.
    pub(crate) fn begin_object(&mut self) -> Result<bool, Halt> {
        self.nesting.open_object().map_err(|kind| self.lexer.fault(kind))?;
        self.lexer.advance();
        self.lexer.white_space();
        Ok(!self.closes(b'}'))
    }

    /// Passes what follows a member of an object, and tells whether it is another key.
    #[inline]
    pub(crate) fn next_member(&mut self) -> Result<bool, Halt> {
        self.lexer.white_space();
        if self.closes(b'}') {
            return Ok(false);
        }
        self.comma()?;
        Ok(true)
    }

    /// Passes a key up to its value, and gives it to the caller.
    pub(crate) fn key(&mut self) -> Result<Key<'a>, Halt> {
        let offset = self.count_key();
        let is_escaped = self.lexer.string()?;
        let inner = self.lexer.text_inside(offset);
        self.colon()?;
        Ok(Key { inner, is_escaped, offset })
    }

    /// Passes a key up to its value, and tells whether it has escapes.
    pub(crate) fn pass_key(&mut self) -> Result<bool, Halt> {
        self.count_key();
        let is_escaped = self.lexer.string()?;
        self.colon()?;
        Ok(is_escaped)
    }

    /// Counts a key, and tells where it begins.
    #[inline]
    fn count_key(&mut self) -> usize {
        let offset = self.lexer.at();
        if let Err(kind) = self.nesting.count_key() {
            self.lexer.blame(kind, offset);
        }
        offset
    }

    #[inline]
    fn colon(&mut self) -> Result<(), Halt> {
        self.lexer.white_space();
        self.lexer.expect(b':')?;
        self.lexer.white_space();
        Ok(())
    }

    #[inline]
    fn comma(&mut self) -> Result<(), Halt> {
        self.lexer.expect(b',')?;
        self.lexer.white_space();
        Ok(())
    }

    /// Passes `end` if it comes next; it closes the innermost object or array.
    #[inline]
    fn closes(&mut self, end: u8) -> bool {
        let is_end = self.lexer.peek() == end;
        if is_end {
            self.lexer.advance();
            self.nesting.close();
        }
        is_end
    }
}
