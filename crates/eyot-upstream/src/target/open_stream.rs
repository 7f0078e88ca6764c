//! A stream that is open already, as the place of a server.

use std::fmt;
use std::sync::Arc;

use eyot_service::Fault;
use eyot_types::codes::{self, Outcome};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};

/// A stream to a server, one message per line, of which one connection can be made. Cheap to clone;
/// clones share the one stream.
#[derive(Clone)]
pub struct OpenStream(Arc<Mutex<Option<BoxStream>>>);

/// A stream of bytes of any kind.
pub(crate) type BoxStream = Box<dyn ByteStream>;

/// Any stream of bytes in both directions.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

impl OpenStream {
    /// A stream that no connection has used yet.
    #[must_use]
    pub fn new(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(stream)))))
    }

    /// The stream, for the one connection that it is good for.
    pub(crate) fn take(&self) -> Result<BoxStream, Fault> {
        let stream = self.0.lock().take();
        stream.ok_or_else(|| {
            let reason = "the stream to the upstream is used up and cannot be opened again";
            Fault::upstream(codes::upstream_lost(reason, Outcome::NotSent, false))
        })
    }
}

impl fmt::Debug for OpenStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenStream").field("is_used", &self.0.lock().is_none()).finish()
    }
}
