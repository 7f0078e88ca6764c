//! What single headers must be.

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::glob::Glob;
use crate::policy::HeaderRule;
use crate::refusal::{Part, Refusal};

/// A rule, with its texts read.
#[derive(Clone, Debug)]
pub(crate) struct HeaderCheck {
    pub(crate) name: HeaderName,
    pub(crate) matches: Vec<Glob>,
    pub(crate) rule: HeaderRule,
}

impl HeaderCheck {
    /// Holds the headers of a request against the rule.
    ///
    /// # Errors
    /// They break it. No value is in the refusal: it may be a secret.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Box<Refusal>> {
        let Self { name, rule, .. } = self;
        let refused = |member: &str, status, what: &str| {
            let rule = format!("headers.{name}.{member}");
            Err(Refusal::of(Part::Headers, rule, status, &format!("the header {name} {what}")))
        };
        let mut count = 0;
        for value in headers.get_all(name) {
            count += 1;
            if rule.forbidden {
                return refused("forbidden", StatusCode::FORBIDDEN, "is not allowed");
            }
            if rule.bytes_max.is_some_and(|it| value.len() > it) {
                let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                return refused("bytes_max", status, "is too long");
            }
            if !self.allows(value) {
                let member = if self.is_one_of(value) { "matches" } else { "one_of" };
                return refused(member, StatusCode::FORBIDDEN, "has a value that is not allowed");
            }
        }
        if rule.required && count == 0 {
            return refused("required", StatusCode::BAD_REQUEST, "is missing");
        }
        if rule.count_max.is_some_and(|it| count > it) {
            return refused("count_max", StatusCode::BAD_REQUEST, "is given too often");
        }
        Ok(())
    }

    fn allows(&self, value: &HeaderValue) -> bool {
        let matches = || self.matches.iter().any(|it| it.matches(value.as_bytes()));
        self.is_one_of(value) && (self.matches.is_empty() || matches())
    }

    fn is_one_of(&self, value: &HeaderValue) -> bool {
        let one_of = &self.rule.one_of;
        one_of.is_empty() || one_of.iter().any(|it| it.as_bytes() == value.as_bytes())
    }
}
