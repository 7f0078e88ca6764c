//! Times as people write them.

use std::time::Duration;

/// A time such as `500ms`, `30s`, `5m`, `2h` or `7d`; not nothing. `None`: the text is none.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let number = text.trim_end_matches(|it: char| it.is_ascii_alphabetic());
    let unit = text.get(number.len()..).unwrap_or_default();
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    number.checked_mul(millis).filter(|it| *it > 0).map(Duration::from_millis)
}

#[cfg(test)]
mod tests;
