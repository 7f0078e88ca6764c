//! What goes out: one message per line.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use eyot::jsonrpc::Message;
use eyot::types::Method;
use serde::Serialize;

/// The one writer of all threads.
pub(super) struct Output<'w>(Mutex<Inner<'w>>);

struct Inner<'w> {
    writer: &'w mut (dyn Write + Send),
    failure: Option<io::Error>,
}

impl<'w> Output<'w> {
    /// Writes to `writer`.
    pub(super) const fn new(writer: &'w mut (dyn Write + Send)) -> Self {
        Self(Mutex::new(Inner { writer, failure: None }))
    }

    /// Writes a message. Whether that went well, [`Output::failure`] tells.
    pub(super) fn send(&self, message: &Message) {
        let mut line = message.to_bytes().to_vec();
        line.push(b'\n');
        let mut inner = self.inner();
        let written = inner.writer.write_all(&line).and_then(|()| inner.writer.flush());
        if let Err(error) = written {
            inner.failure.get_or_insert(error);
        }
    }

    /// Writes a notification.
    pub(super) fn notify(&self, method: Method<'_>, params: &impl Serialize) {
        self.send(&Message::notification(method.as_str(), params));
    }

    /// The first failure since the last call.
    pub(super) fn failure(&self) -> io::Result<()> {
        self.inner().failure.take().map_or(Ok(()), Err)
    }

    fn inner(&self) -> MutexGuard<'_, Inner<'w>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
