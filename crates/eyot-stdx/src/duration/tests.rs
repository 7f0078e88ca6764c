//! Times.

use std::time::Duration;

use super::parse_duration;

#[test]
fn times_have_a_unit_and_are_not_nothing() {
    assert_eq!(parse_duration("1500ms"), Some(Duration::from_millis(1500)));
    assert_eq!(parse_duration("2h"), Some(Duration::from_secs(7200)));
    for text in ["", "5", "s", "-1s", "0s", "1y", "1.5s", "99999999999999999999h"] {
        assert_eq!(parse_duration(text), None, "{text}");
    }
}
