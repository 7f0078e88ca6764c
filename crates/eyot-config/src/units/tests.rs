//! Times and sizes.

use std::time::Duration;

use eyot_stdx::parse_duration;

use super::{MILLISECOND, SECOND, number_of, parse_size, shown_duration};

#[test]
fn times_come_back_as_they_were() {
    for text in ["1ms", "1500ms", "30s", "5m", "2h", "48h"] {
        assert_eq!(shown_duration(parse_duration(text).unwrap()), text);
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
    for (text, bytes) in [
        ("1024", 1_024),
        ("4096B", 4_096),
        ("64KiB", 64 << 10),
        ("20MB", 20_000_000),
        ("16M", 16 << 20),
        ("3GiB", 3 << 30),
        ("4294967295", 4_294_967_295),
    ] {
        assert_eq!(parse_size(text), Some(bytes), "{text}");
    }
    for text in ["", "MiB", "0", "1023", "4GiB", "-1", "1.5MiB", "1 MiB", "9TiB", "99999999999GiB"]
    {
        assert_eq!(parse_size(text), None, "{text}");
    }
}
