//! The session speaks as loudly as its most curious call, and each call hears its own.

use eyot_jsonrpc::UpstreamId;
use eyot_types::LogLevel;

use super::{Levels, passes};

#[test]
fn a_server_is_told_the_most_verbose_level_that_a_running_call_wants() {
    let mut levels = Levels::new();
    assert_eq!(levels.begin(UpstreamId::new(1), Some(&LogLevel::Warning)), Some(LogLevel::Warning));
    assert_eq!(levels.begin(UpstreamId::new(2), Some(&LogLevel::Debug)), Some(LogLevel::Debug));
    assert_eq!(levels.begin(UpstreamId::new(3), Some(&LogLevel::Error)), None);
    assert_eq!(levels.begin(UpstreamId::new(4), None), None);
    levels.end(UpstreamId::new(2));
    assert_eq!(levels.begin(UpstreamId::new(5), Some(&LogLevel::Error)), Some(LogLevel::Warning));
}

#[test]
fn a_call_hears_its_level_and_above_and_nothing_without_one() {
    assert!(passes(Some(&LogLevel::Info), &LogLevel::Info));
    assert!(passes(Some(&LogLevel::Info), &LogLevel::Error));
    assert!(!passes(Some(&LogLevel::Info), &LogLevel::Debug));
    assert!(!passes(None, &LogLevel::Emergency));
}
