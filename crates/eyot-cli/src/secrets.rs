//! Secrets, which flags name and do not hold.

use anyhow::Context as _;
use eyot_stdx::Secret;

use crate::input;

/// Whether the text is a secret itself, and names no place of one.
pub(crate) fn is_literal(source: &str) -> bool {
    !source.starts_with('@') && !source.starts_with("env:")
}

/// Reads what `@FILE` or `env:VAR` names; any other text is the secret itself.
pub(crate) fn read(source: &str) -> anyhow::Result<Secret<String>> {
    let text = if let Some(path) = source.strip_prefix('@') {
        let text = input::read(path);
        text.with_context(|| format!("cannot read {path}"))?.trim().to_owned()
    } else if let Some(variable) = source.strip_prefix("env:") {
        std::env::var(variable).with_context(|| format!("variable {variable} is not set"))?
    } else {
        source.to_owned()
    };
    anyhow::ensure!(!text.is_empty(), "it is empty");
    Ok(Secret::new(text))
}
