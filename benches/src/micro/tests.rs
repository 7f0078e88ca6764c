//! The messages that are read over and over are messages, and as long as they should be.

use super::*;

#[test]
fn message_has_about_the_size_that_is_asked_for() {
    for shape in [Shape::Text, Shape::Objects] {
        for &bytes in SIZES {
            let message = message(shape, bytes);
            assert!(message.len().abs_diff(bytes) <= 100, "{shape:?} {bytes}: {}", message.len());
        }
    }
}

#[test]
fn both_readers_take_every_message() {
    let limits = ScanLimits::default();
    for shape in [Shape::Text, Shape::Objects] {
        let message = message(shape, 4 << 10);
        assert!(Envelope::parse(&message).is_ok(), "{shape:?}");
        assert_eq!(Message::parse(message, &limits).unwrap().name().as_deref(), Some("echo"));
    }
}
