//! The queue by itself; writing is tested with real children.

use bytes::Bytes;

use super::{Input, QueueFull};

#[test]
fn a_closed_stdin_takes_nothing() {
    let mut input = Input::new(None, 100);
    let error = input.queue([Bytes::from_static(b"{}")]).unwrap_err();
    assert_eq!(error, QueueFull { queued_bytes: 0, queue_bytes_max: 0 });
    assert_eq!(error.to_string(), "child takes no more input: 0 of at most 0 bytes wait");
}
