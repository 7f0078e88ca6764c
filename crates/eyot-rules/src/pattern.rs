//! Patterns in texts.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

/// A regular expression, which takes linear time in the text; its compiled form has a bound.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    regex: Regex,
}

impl Pattern {
    /// Compiles a pattern; an error says what is wrong with it, in one line.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(format!("the pattern has more than {PATTERN_BYTES_MAX} bytes"));
        }
        let compiled = RegexBuilder::new(text)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(CACHE_BYTES_MAX)
            .nest_limit(NEST_MAX)
            .build();
        let regex = compiled.map_err(|error| match error {
            regex::Error::CompiledTooBig(bytes_max) => format!(
                "the pattern takes more than {bytes_max} bytes when it is compiled: make its \
                 repetitions smaller"
            ),
            // The last line of the error says what is wrong; the others show where.
            error => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                format!("this is no pattern: {}", last.trim_start_matches("error: "))
            }
        })?;
        Ok(Self { regex })
    }

    /// The pattern, as it is written.
    pub(crate) fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    /// Whether it is in every text, and nothing stands where it is.
    pub(crate) fn is_in_all(&self) -> bool {
        self.regex.is_match("")
    }

    /// Whether it is in the text.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The text with `by` in place of all that matches; borrowed if nothing does.
    pub(crate) fn replace<'t>(&self, text: &'t str, by: &str) -> Cow<'t, str> {
        self.regex.replace_all(text, regex::NoExpand(by))
    }
}

/// Bytes of a pattern.
const PATTERN_BYTES_MAX: usize = 2_048;

/// Bytes of a compiled pattern. `\b\d{13,19}\b` takes some thousand.
const COMPILED_BYTES_MAX: usize = 256 << 10;

/// Bytes of what a search keeps in its cache.
const CACHE_BYTES_MAX: usize = 512 << 10;

/// Groups in each other.
const NEST_MAX: u32 = 32;

#[cfg(test)]
mod tests;
