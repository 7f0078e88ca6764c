//! Times and sizes.

use std::time::Duration;

use super::{MILLISECOND, SECOND, duration, number_of, shown_duration, size};

#[test]
fn times_have_a_unit_and_come_back_as_they_were() {
    for text in ["1ms", "1500ms", "30s", "5m", "2h", "48h"] {
        assert_eq!(shown_duration(duration(text).unwrap()), text);
    }
    for text in ["", "5", "s", "-1s", "0s", "1y", "1.5s", "99999999999999999999h"] {
        assert_eq!(duration(text), None, "{text}");
    }
}

#[test]
fn numbers_may_have_a_fraction_and_are_not_nothing() {
    assert_eq!(number_of("1.5", SECOND), Some(Duration::from_millis(1500)));
    assert_eq!(number_of("250", MILLISECOND), Some(Duration::from_millis(250)));
    for text in ["0", "-1", "NaN", "inf", "1e300", "x"] {
        assert_eq!(number_of(text, SECOND), None, "{text}");
    }
}

#[test]
fn sizes_are_bytes_unless_they_have_a_unit() {
    assert_eq!(size("4096"), Some(4096));
    assert_eq!(size("16MiB"), Some(16 << 20));
    for text in ["", "1", "5GiB", "x", "-1", "1 MiB"] {
        assert_eq!(size(text), None, "{text}");
    }
}
