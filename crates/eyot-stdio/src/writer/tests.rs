//! The queue by itself; writing is tested with real children.

use bytes::Bytes;
use eyot_service::QueueFull;

use super::LineWriter;

#[test]
fn a_closed_stream_takes_nothing() {
    let mut writer = LineWriter::<tokio::process::ChildStdin>::new(None, 100);
    let error = writer.queue([Bytes::from_static(b"{}")]).unwrap_err();
    assert_eq!(error, QueueFull { queued_bytes: 0, queue_bytes_max: 0 });
    assert_eq!(error.to_string(), "peer takes no more input: 0 of at most 0 bytes wait");
}
