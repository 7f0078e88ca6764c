//! Waits for other programs, but not for ever.

use std::io::{BufRead as _, BufReader, Read};
use std::process::Child;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

/// Reads `output` to its end and returns it with whether the child ended well.
///
/// A child that takes longer than `patience` is killed.
pub(super) fn until_end(
    mut child: Child,
    mut output: impl Read + Send + 'static,
    patience: Duration,
) -> anyhow::Result<(String, bool)> {
    let read = within(patience, move || {
        let mut bytes = Vec::new();
        output.read_to_end(&mut bytes).map(|_| bytes)
    });
    if read.is_err() {
        // It may have ended in this moment; then there is nothing to kill.
        child.kill().ok();
    }
    let status = child.wait().context("wait for the end of a program")?;
    let bytes = read?.context("read what a program says")?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), status.success()))
}

/// Reads the first line, and returns the reader to be kept: a program whose output nobody
/// holds open cannot write any more.
pub(super) fn for_line<R: Read + Send + 'static>(
    output: R,
    patience: Duration,
) -> anyhow::Result<(String, BufReader<R>)> {
    let read = within(patience, move || {
        let mut reader = BufReader::new(output);
        let mut line = String::new();
        reader.read_line(&mut line).map(|_| (line, reader))
    });
    read?.context("read what a program says")
}

/// Does something in a thread of its own, which is left behind when the time is over.
fn within<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // The receiver is gone if the time is over.
    thread::spawn(move || drop(sender.send(work())));
    receiver.recv_timeout(patience).map_err(|error| match error {
        RecvTimeoutError::Timeout => anyhow::anyhow!("nothing within {patience:?}"),
        RecvTimeoutError::Disconnected => anyhow::anyhow!("the reader of a program ended"),
    })
}
