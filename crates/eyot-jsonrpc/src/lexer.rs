//! The tokens of JSON, exactly as RFC 8259 has them.

pub(crate) mod plain;
pub(crate) mod unescape;

use self::plain::{first_special, plain_len};
use crate::error::{Fault, Halt, ParseErrorKind};
use crate::surrogates::Surrogates;

/// A cursor over text that is known to be UTF-8.
///
/// Two things can be wrong with a text. What breaks the grammar ends the scan at once, as an
/// `Err`. What is well-formed but not allowed is kept by [`Lexer::blame`] while the scan goes on,
/// because text that is not JSON has another error code than JSON that is no message, and only
/// the end of the text tells which one it is.
#[derive(Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    fault: Option<Fault>,
    is_single_line: bool,
    /// How surrogates may stand.
    surrogates: Surrogates,
    /// How they stood since the last call of [`Lexer::begin_message`].
    passed_surrogates: Surrogates,
}

impl<'a> Lexer<'a> {
    /// A cursor at byte `at` of `text`.
    pub(crate) const fn new(text: &'a str, at: usize) -> Self {
        Self {
            text,
            at,
            fault: None,
            is_single_line: true,
            surrogates: Surrogates::Paired,
            passed_surrogates: Surrogates::Paired,
        }
    }

    /// Lets half surrogate pairs pass.
    pub(crate) const fn pass_lone_surrogates(&mut self) {
        self.surrogates = Surrogates::Lone;
    }

    /// How surrogates stood since the last call of [`Lexer::begin_message`].
    pub(crate) const fn passed_surrogates(&self) -> Surrogates {
        self.passed_surrogates
    }

    /// Offset of the next byte.
    #[inline]
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The next byte; 0, which the grammar allows nowhere, at the end.
    #[inline]
    pub(crate) fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// The text from `start` to the cursor.
    #[inline]
    pub(crate) fn text_from(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Whether this stands at byte `at`.
    #[inline]
    pub(crate) fn has_text_at(&self, at: usize, text: &str) -> bool {
        self.text.as_bytes().get(at..at + text.len()) == Some(text.as_bytes())
    }

    /// The text between the quotes of a string that began at `start` and was just passed.
    #[inline]
    pub(crate) fn text_inside(&self, start: usize) -> &'a str {
        self.text.get(start + 1..self.at.saturating_sub(1)).unwrap_or_default()
    }

    /// Passes the next byte, which the caller has seen.
    #[inline]
    pub(crate) const fn advance(&mut self) {
        self.at += 1;
    }

    /// Passes everything up to byte `at`, which the caller knows.
    #[inline]
    pub(crate) const fn pass_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Passes `byte`.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Halt> {
        if self.peek() != byte {
            return Err(self.unexpected());
        }
        self.advance();
        Ok(())
    }

    /// The fault of a next byte that has no place here.
    #[cold]
    pub(crate) fn unexpected(&self) -> Halt {
        let byte = self.text.as_bytes().get(self.at).copied();
        self.fault(byte.map_or(ParseErrorKind::UnexpectedEnd, ParseErrorKind::UnexpectedByte))
    }

    /// A fault at the cursor.
    #[cold]
    pub(crate) fn fault(&self, kind: ParseErrorKind) -> Halt {
        Box::new(Fault { kind, offset: self.at })
    }

    /// Keeps the first thing wrong with a text that is JSON so far.
    #[cold]
    pub(crate) fn blame(&mut self, kind: ParseErrorKind, offset: usize) {
        self.fault.get_or_insert(Fault { kind, offset });
    }

    /// What was kept by [`Lexer::blame`], when the cursor is at the end of the text.
    pub(crate) fn finish(&self) -> Result<(), Halt> {
        if self.at < self.text.len() {
            return Err(self.unexpected());
        }
        self.fault.map_or(Ok(()), |fault| Err(Box::new(fault)))
    }

    /// Whether no line feed or carriage return was passed since the last call of
    /// [`Lexer::begin_message`].
    pub(crate) const fn is_single_line(&self) -> bool {
        self.is_single_line
    }

    /// Forgets the line ends so far: they were around a message, not in it.
    pub(crate) const fn begin_message(&mut self) {
        self.is_single_line = true;
        self.passed_surrogates = Surrogates::Paired;
    }

    /// Passes white space (RFC 8259, 2).
    #[inline]
    pub(crate) fn white_space(&mut self) {
        loop {
            match self.peek() {
                b' ' | b'\t' => {}
                b'\n' | b'\r' => self.is_single_line = false,
                _ => return,
            }
            self.advance();
        }
    }

    /// Passes `true`, `false` or `null`, after its first letter was seen.
    pub(crate) fn literal(&mut self, word: &'static str) -> Result<(), Halt> {
        word.bytes().try_for_each(|letter| self.expect(letter))
    }

    /// Passes a string, from quote to quote, and tells whether it holds an escape.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<bool, Halt> {
        self.expect(b'"')?;
        let bytes = self.text.as_bytes().get(self.at..).unwrap_or_default();
        // The names of the protocol and most values end here.
        for word in bytes.as_chunks().0.iter().take(KEY_WORDS) {
            let Some(len) = first_special(*word) else {
                self.at += word.len();
                continue;
            };
            self.at += len;
            if word.get(len) == Some(&b'"') {
                self.advance();
                return Ok(false);
            }
            break;
        }
        self.rest_of_string()
    }

    /// Passes what stands for itself.
    #[inline]
    fn plain(&mut self) {
        self.at += plain_len(self.text.as_bytes().get(self.at..).unwrap_or_default());
    }

    /// Passes a string that is not short, from its first byte on.
    #[inline(never)]
    fn rest_of_string(&mut self) -> Result<bool, Halt> {
        let mut is_escaped = false;
        loop {
            self.plain();
            match self.peek() {
                b'"' => {
                    self.advance();
                    return Ok(is_escaped);
                }
                b'\\' => {
                    self.escape()?;
                    is_escaped = true;
                }
                _ if self.at < self.text.len() => {
                    return Err(self.fault(ParseErrorKind::ControlCharacter));
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// Passes an escape, the backslash included.
    fn escape(&mut self) -> Result<(), Halt> {
        self.advance();
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.advance();
                Ok(())
            }
            b'u' => self.unicode_escape(),
            _ if self.at < self.text.len() => Err(self.fault(ParseErrorKind::UnknownEscape)),
            _ => Err(self.unexpected()),
        }
    }

    /// Passes `uXXXX`, and its other half when it is the first of a surrogate pair.
    ///
    /// RFC 8259, 8.2 calls the behaviour of receivers on lone surrogates "unpredictable": some
    /// refuse them, some replace them, some keep them. So none passes, unless it was asked for.
    fn unicode_escape(&mut self) -> Result<(), Halt> {
        let offset = self.at - 1;
        self.advance();
        match self.code_unit()? {
            0xD800..=0xDBFF => {
                let behind_first = self.at;
                if !self.text.get(self.at..).unwrap_or_default().starts_with("\\u") {
                    return self.lone_surrogate(offset);
                }
                self.at += 2;
                match self.code_unit()? {
                    0xDC00..=0xDFFF => Ok(()),
                    _ => {
                        self.at = behind_first;
                        self.lone_surrogate(offset)
                    }
                }
            }
            0xDC00..=0xDFFF => self.lone_surrogate(offset),
            _ => Ok(()),
        }
    }

    #[cold]
    fn lone_surrogate(&mut self, offset: usize) -> Result<(), Halt> {
        self.passed_surrogates = Surrogates::Lone;
        match self.surrogates {
            Surrogates::Paired => {
                Err(Box::new(Fault { kind: ParseErrorKind::LoneSurrogate, offset }))
            }
            Surrogates::Lone => Ok(()),
        }
    }

    /// Passes four hexadecimal digits.
    fn code_unit(&mut self) -> Result<u32, Halt> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.peek()).to_digit(16).ok_or_else(|| self.unexpected())?;
            unit = unit << 4 | digit;
            self.advance();
        }
        Ok(unit)
    }

    /// Passes a number (RFC 8259, 6).
    pub(crate) fn number(&mut self) -> Result<(), Halt> {
        let start = self.at;
        if self.peek() == b'-' {
            self.advance();
        }
        match self.peek() {
            b'0' => self.advance(),
            _ => {
                self.digits()?;
            }
        }
        if self.peek() == b'.' {
            self.advance();
            self.digits()?;
        }
        let exponent_len = self.exponent()?;
        self.check_number(start, exponent_len);
        Ok(())
    }

    /// Passes an exponent if there is one, and counts its digits.
    fn exponent(&mut self) -> Result<usize, Halt> {
        if !matches!(self.peek(), b'e' | b'E') {
            return Ok(0);
        }
        self.advance();
        if matches!(self.peek(), b'+' | b'-') {
            self.advance();
        }
        self.digits()
    }

    /// Passes one digit or more, and counts them.
    fn digits(&mut self) -> Result<usize, Halt> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.advance();
        }
        if self.at == start { Err(self.unexpected()) } else { Ok(self.at - start) }
    }

    /// Blames a number that not every reader can hold.
    ///
    /// 200 bytes with an exponent below 100 stay below 1e300, whatever their digits are; only
    /// longer numbers have to be computed.
    fn check_number(&mut self, start: usize, exponent_len: usize) {
        let number = self.text_from(start);
        if number.len() > NUMBER_BYTES_MAX {
            self.blame(ParseErrorKind::NumberTooLong, start);
        } else if (exponent_len > 2 || number.len() > 200) && !is_finite(number) {
            self.blame(ParseErrorKind::NumberOutOfRange, start);
        }
    }
}

/// Whether both an exact reader and a fast one find a finite double. `serde_json` rounds less
/// exactly than std, so that the two differ close to the largest double.
fn is_finite(number: &str) -> bool {
    number.parse::<f64>().is_ok_and(f64::is_finite)
        && serde_json::from_str::<f64>(number).is_ok_and(f64::is_finite)
}

/// Words of a string that is looked at in one loop.
const KEY_WORDS: usize = 6;

/// Longest number: every double can be written exactly in fewer bytes (1,077).
const NUMBER_BYTES_MAX: usize = 1_100;

#[cfg(test)]
mod tests;
