//! Points in time in the form of the protocol.

/// Milliseconds since 1970 as an ISO 8601 text in UTC, such as `2025-11-25T10:30:00.000Z`.
#[must_use]
pub fn iso8601(unix_ms: u64) -> String {
    let (days, of_day) = (unix_ms / DAY_MS, unix_ms % DAY_MS);
    let (year, month, day) = date(days);
    let (hours, minutes) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (seconds, millis) = (of_day / 1_000 % 60, of_day % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
}

/// Year, month and day of a number of days since 1970, in the Gregorian calendar.
///
/// Counted from the first of March of the year 0, so that a leap day is the last of its year.
/// Months begin at the days `(153 * month + 2) / 5` then, and the calendar repeats itself every
/// 400 years.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_TO_1970;
    let (cycle, of_cycle) = (days / CYCLE_DAYS, days % CYCLE_DAYS);
    let leap_days = of_cycle / 1_460 - of_cycle / 36_524 + of_cycle / 146_096;
    let year = (of_cycle - leap_days) / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    // January and February belong to the year that began in the March before.
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (400 * cycle + year + carry, month, day)
}

const DAY_MS: u64 = 86_400_000;
/// Days from the first of March of the year 0 to 1970.
const DAYS_TO_1970: u64 = 719_468;
/// Days of 400 years.
const CYCLE_DAYS: u64 = 146_097;

#[cfg(test)]
mod tests;
