//! The order of the levels.

use super::*;

#[test]
fn levels_are_ordered_by_severity_and_unknown_ones_come_last() {
    let names = [
        "debug",
        "info",
        "notice",
        "warning",
        "error",
        "critical",
        "alert",
        "emergency",
        "com.example/catastrophe",
    ];
    let levels = names.map(LogLevel::from);
    assert!(levels.is_sorted());
    assert_eq!(levels.each_ref().map(LogLevel::as_str), names);
}

#[test]
fn an_unknown_level_is_kept() {
    let text = r#"{"level":"loud","data":null}"#;
    let message: LoggingMessageParams = serde_json::from_str(text).unwrap();
    assert_eq!(message.level, LogLevel::Other("loud".into()));
    assert_eq!(serde_json::to_string(&message).unwrap(), text);
}
