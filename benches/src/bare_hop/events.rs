//! A stream of events that is read on its way through.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use memchr::memmem;

use crate::envelope::Envelope;

/// Passes bytes on as they come, and reads the envelope of each event that is complete.
#[derive(Debug)]
pub(crate) struct InspectedEvents {
    events: Incoming,
    /// The start of an event whose end has not come.
    unread: BytesMut,
}

/// Why a stream does not go on.
type Broken = Box<dyn std::error::Error + Send + Sync>;

impl InspectedEvents {
    pub(crate) fn new(events: Incoming) -> Self {
        Self { events, unread: BytesMut::new() }
    }

    fn inspect(&mut self, data: &Bytes) -> Result<(), serde_json::Error> {
        self.unread.extend_from_slice(data);
        while let Some(at) = memmem::find(&self.unread, b"\n\n") {
            let event = self.unread.split_to(at + 2);
            if let Some(message) = event.strip_prefix(b"data: ") {
                std::hint::black_box(Envelope::parse(message)?);
            }
        }
        Ok(())
    }
}

impl Body for InspectedEvents {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let Some(frame) = ready!(Pin::new(&mut self.events).poll_frame(cx)?) else {
            return Poll::Ready(None);
        };
        if let Some(data) = frame.data_ref() {
            let data = data.clone();
            self.inspect(&data)?;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.events.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.events.size_hint()
    }
}
