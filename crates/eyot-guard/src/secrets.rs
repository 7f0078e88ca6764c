//! Secrets that have a form of their own: found, and taken out.

use std::ops::Range;
use std::sync::LazyLock;

use eyot_interceptors::{Edit, Failure, Interceptor, Mutator, Phase, Splice, View};
use regex::Regex;

use crate::strings::{StringToken, escaped, strings};

/// The forms of secrets that are looked for. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Secrets {
    names: Vec<String>,
    /// One group for each name.
    any: Regex,
}

/// A form that is no regular expression, or one that is too large.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the form of `{name}` cannot be used: {reason}")]
pub struct InvalidForm {
    /// The name of the form.
    pub name: String,
    reason: String,
}

impl Secrets {
    /// The forms that many services give their keys, by their beginnings.
    #[must_use]
    pub fn known() -> Self {
        ALL_KNOWN.clone()
    }

    /// The known forms, and others: a name and a regular expression each.
    ///
    /// # Errors
    ///
    /// [`InvalidForm`].
    pub fn known_and(
        forms: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, InvalidForm> {
        let known = KNOWN.iter().map(|(name, form)| ((*name).to_owned(), (*form).to_owned()));
        Self::of(known.chain(forms))
    }

    fn of(forms: impl Iterator<Item = (String, String)>) -> Result<Self, InvalidForm> {
        let mut names = Vec::new();
        let mut any = String::new();
        for (name, form) in forms {
            compiled(&form).map_err(|reason| InvalidForm { name: name.clone(), reason })?;
            let separator = if any.is_empty() { "" } else { "|" };
            any.push_str(&format!("{separator}(?P<n{}>{form})", names.len()));
            names.push(name);
        }
        let all = || "all forms together".to_owned();
        let any = compiled(&any).map_err(|reason| InvalidForm { name: all(), reason })?;
        Ok(Self { names, any })
    }

    /// The secrets in a text, and the names of their forms.
    pub fn find<'t>(&self, text: &'t str) -> Vec<(&'t str, &str)> {
        self.places(text).filter_map(|(range, name)| Some((text.get(range)?, name))).collect()
    }

    fn places(&self, text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
        self.any.captures_iter(text).filter_map(move |captures| {
            let whole = captures.get(0)?;
            let mut names = self.names.iter().enumerate();
            let form = names.find(|(at, _)| captures.name(&format!("n{at}")).is_some());
            Some((whole.range(), form.map_or("secret", |(_, name)| name)))
        })
    }

    /// The strings of a payload that may hold a secret. Nearly all payloads have none, and are looked
    /// at once.
    pub(crate) fn suspects<'a>(&self, payload: &'a str) -> Vec<StringToken<'a>> {
        if !payload.contains('\\') && !self.any.is_match(payload) {
            return Vec::new();
        }
        strings(payload).filter(|it| self.any.is_match(&it.text())).collect()
    }

    /// Puts the name of its form into the place of each secret.
    #[must_use]
    pub fn redactor(self) -> Redactor {
        Redactor(self)
    }
}

/// Takes secrets out of payloads: `[redacted:NAME]` stands in their place.
#[derive(Clone, Debug)]
pub struct Redactor(Secrets);

impl Redactor {
    /// The redactor as an interceptor of what goes to servers (`Phase::Request`) or comes from them.
    #[must_use]
    pub fn interceptor(self, phases: &[Phase]) -> Interceptor {
        let redactor = Interceptor::mutator("guard/secrets", self)
            .description("takes secrets of known forms out of calls and results")
            .priority(SANITISING)
            .sees_errors();
        phases.iter().fold(redactor, |it, phase| it.on(*phase, ["*"]))
    }
}

impl Mutator for Redactor {
    fn mutate(&self, view: &View<'_>) -> Result<Edit, Failure> {
        let suspects = self.0.suspects(view.payload());
        let splices = suspects.into_iter().flat_map(|it| self.splices(&it));
        Ok(Edit::Splices(splices.collect()))
    }
}

impl Redactor {
    /// What becomes of a string: the secrets in it are replaced, and the rest keeps its bytes unless it is
    /// written with escapes.
    fn splices(&self, token: &StringToken<'_>) -> Vec<Splice> {
        if !token.is_escaped {
            let at = |range: Range<usize>| {
                token.range.start + range.start..token.range.start + range.end
            };
            let places = self.0.places(token.inner);
            return places
                .map(|(range, name)| Splice { range: at(range), text: marked(name) })
                .collect();
        }
        let text = token.text();
        let mut redacted = String::with_capacity(text.len());
        let mut passed = 0;
        for (range, name) in self.0.places(&text) {
            redacted.push_str(text.get(passed..range.start).unwrap_or_default());
            redacted.push_str(&marked(name));
            passed = range.end;
        }
        redacted.push_str(text.get(passed..).unwrap_or_default());
        vec![Splice { range: token.range.clone(), text: escaped(&redacted) }]
    }
}

fn marked(name: &str) -> String {
    format!("[redacted:{name}]")
}

fn compiled(form: &str) -> Result<Regex, String> {
    let built = regex::RegexBuilder::new(form).size_limit(FORM_BYTES_MAX).build();
    built.map_err(|error| error.to_string())
}

/// Compiled once.
static ALL_KNOWN: LazyLock<Secrets> =
    LazyLock::new(|| Secrets::known_and([]).expect("the known forms can be used (tested)"));

/// Bytes that a compiled form may take.
const FORM_BYTES_MAX: usize = 1 << 20;

/// SEP-2624 recommends −999,999 to −10,000 for what sanitises.
const SANITISING: i32 = -100_000;

/// The forms of keys that services have given a beginning of their own, so that they are found. They are
/// wide rather than exact: what looks like a secret is taken for one.
const KNOWN: &[(&str, &str)] = &[
    ("stripe_secret", r"\b[sr]k_live_[A-Za-z0-9]{16,}"),
    ("github_token", r"\bgh[pousr]_[A-Za-z0-9]{20,}"),
    ("github_fine_grained", r"\bgithub_pat_[A-Za-z0-9_]{22,}"),
    ("gitlab_token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("aws_access_key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("slack_token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("google_api_key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("anthropic_key", r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    ("openai_key", r"\bsk-(?:proj-)?[A-Za-z0-9_-]{20,}"),
    ("npm_token", r"\bnpm_[A-Za-z0-9]{36}"),
    ("pypi_token", r"\bpypi-[A-Za-z0-9_-]{16,}"),
    ("sendgrid_key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    (
        "private_key",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?-----END [A-Z ]*PRIVATE KEY-----|.*)",
    ),
    ("json_web_token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
];

#[cfg(test)]
mod tests;
