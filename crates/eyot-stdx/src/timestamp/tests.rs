//! Known dates, and every day of 800 years against a calendar that counts one by one.

use super::*;

#[test]
fn known_points_are_written_as_iso_8601_says() {
    for (unix_ms, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_764_066_600_000, "2025-11-25T10:30:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ] {
        assert_eq!(iso8601(unix_ms), text);
    }
}

#[test]
fn every_day_follows_the_day_before() {
    let (mut year, mut month, mut day) = (1970, 1, 1);
    for days in 0..800 * 366 {
        assert_eq!(date(days), (year, month, day));
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let month_days = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        day += 1;
        if day > month_days {
            (month, day) = (month + 1, 1);
        }
        if month > 12 {
            (year, month) = (year + 1, 1);
        }
    }
}
