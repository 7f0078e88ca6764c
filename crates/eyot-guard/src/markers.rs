//! Texts that speak to the model rather than to its user: recorded, for nothing tells them for certain.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use eyot_interceptors::{Finding, Interceptor, Phase, Severity, Validation, View};
use regex::RegexSet;

use crate::definitions::odd_items;
use crate::strings::strings;
use crate::tools::server_of;

/// Warns of results and definitions that hold words of instruction to a model. It never blocks.
#[must_use]
pub fn injection_markers() -> Interceptor {
    let judge = |view: &View<'_>| {
        let found = strings(view.payload()).find(|it| MARKERS.is_match(&it.text()));
        Ok(match found {
            Some(_) => Validation::warn("a text speaks to the model rather than to its user"),
            None => Validation::PASS,
        })
    };
    Interceptor::validator("guard/injection", judge)
        .description("records texts that speak to the model rather than to its user")
        .on(Phase::Response, ["tools/call", "resources/read", "prompts/get", "tools/list"])
        .audit()
        .fail_open()
        .pure()
}

/// Warns of definitions with characters that people do not see. It never blocks.
#[must_use]
pub fn hidden_characters() -> Interceptor {
    hidden_characters_but_of([])
}

/// As [`hidden_characters`], but says nothing of what these servers list: what is done about them is
/// decided elsewhere. The server of a program that has one has the empty name.
#[must_use]
pub fn hidden_characters_but_of(servers: impl IntoIterator<Item = String>) -> Interceptor {
    let others: BTreeSet<String> = servers.into_iter().collect();
    let judge = move |view: &View<'_>| {
        if others.contains(server_of(view)) {
            return Ok(Validation::PASS);
        }
        let odd = odd_items(view.payload(), FINDINGS_MAX).into_iter();
        Ok(odd.fold(Validation::PASS, |all, it| all.with(Finding::new(Severity::Warn, it))))
    };
    Interceptor::validator("guard/hidden", judge)
        .description("records hidden characters in the definitions of tools, prompts and resources")
        .on(Phase::Response, ["tools/list", "prompts/list", "resources/list"])
        .audit()
        .fail_open()
        .pure()
}

/// Denies results that are larger than so many bytes.
#[must_use]
pub fn response_size(bytes_max: usize) -> Interceptor {
    let judge = move |view: &View<'_>| {
        let bytes = view.payload().len();
        Ok(match bytes > bytes_max {
            true => {
                Validation::deny(format!("the result has {bytes} bytes, and may have {bytes_max}"))
            }
            false => Validation::PASS,
        })
    };
    Interceptor::validator("guard/size", judge)
        .description("denies results that are too large")
        .on(Phase::Response, ["tools/call", "resources/read", "prompts/get"])
}

/// Words with which texts take a model's attention, in linear time.
static MARKERS: LazyLock<RegexSet> = LazyLock::new(|| {
    let patterns = [
        r"(?i)\b(?:ignore|disregard|forget)\s+(?:all\s+|any\s+)?(?:the\s+|your\s+)?(?:previous|prior|earlier|above)\s+(?:instructions?|rules?|prompts?)",
        r"(?i)<\s*/?\s*(?:important|system|instructions?)\s*>",
        r"(?i)\bdo\s+not\s+(?:tell|mention|inform|show)\b.{0,40}\buser\b",
        r"(?i)\byou\s+are\s+now\s+(?:in\s+)?(?:developer|debug|jailbreak|dan)\b",
        r"(?i)\bnew\s+system\s+prompt\b",
    ];
    RegexSet::new(patterns).expect("these patterns can be used (tested)")
});

/// Definitions of one list that are named.
const FINDINGS_MAX: usize = 8;

#[cfg(test)]
mod tests;
