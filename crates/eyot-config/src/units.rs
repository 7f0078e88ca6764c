//! Times and sizes as people write them.

use std::time::Duration;

/// A time as [`eyot_stdx::parse_duration`] reads it.
pub(crate) fn shown_duration(time: Duration) -> String {
    let millis = time.as_millis();
    match millis {
        _ if millis.is_multiple_of(3_600_000) => format!("{}h", millis / 3_600_000),
        _ if millis.is_multiple_of(60_000) => format!("{}m", millis / 60_000),
        _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
        _ => format!("{millis}ms"),
    }
}

/// A number of this unit, which may have a fraction; at least a millisecond, at most a year.
pub(crate) fn number_of(text: &str, unit: Duration) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    let seconds = number * unit.as_secs_f64();
    let time = Duration::try_from_secs_f64(seconds).ok()?;
    (MILLISECOND..=YEAR).contains(&time).then_some(time)
}

/// A size in bytes such as `4096`, `512KiB`, `20MB` or `16MiB`: from 1 KiB, which a handshake needs,
/// to below 4 GiB, since places in a message are numbers of 32 bits. `None`: the text is none.
#[must_use]
pub fn parse_size(text: &str) -> Option<usize> {
    let (number, unit) = split(text);
    let unit: u64 = match unit {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "K" | "KiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        _ => return None,
    };
    let bytes = number.parse::<u64>().ok()?.checked_mul(unit)?;
    ((1 << 10)..(1 << 32)).contains(&bytes).then(|| usize::try_from(bytes).ok())?
}

fn split(text: &str) -> (&str, &str) {
    let number = text.trim_end_matches(|it: char| it.is_ascii_alphabetic());
    (number, text.get(number.len()..).unwrap_or_default())
}

pub(crate) const MILLISECOND: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[cfg(test)]
mod tests;
