//! The body of an answer as it is on the wire.

use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};

use crate::client::connection::Connection;
use crate::client::error::HttpError;
use crate::client::idle::IdleConnections;

/// A body, and the connection that it comes over. Polling it also drives the connection.
#[derive(Debug)]
pub(super) struct RawBody {
    pub(super) incoming: Incoming,
    /// `None` at the end.
    pub(super) connection: Option<Connection>,
    pub(super) home: Arc<IdleConnections>,
}

impl RawBody {
    /// The length that the upstream declared, if it declared one.
    pub(super) fn declared_bytes(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    /// The next bytes; `None` at the end, after which the connection may serve others.
    pub(super) fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, HttpError>> {
        let Some(connection) = &mut self.connection else { return Poll::Ready(Ok(None)) };
        match ready!(connection.poll_data(&mut self.incoming, cx)) {
            Some(Ok(data)) => {
                if self.incoming.is_end_stream() {
                    self.release(cx);
                }
                Poll::Ready(Ok(Some(data)))
            }
            Some(Err(error)) => {
                self.connection = None;
                Poll::Ready(Err(HttpError::Broken { reason: error.to_string(), hint: None }))
            }
            None => {
                self.release(cx);
                Poll::Ready(Ok(None))
            }
        }
    }

    /// Gives the connection back, if it can serve another request.
    fn release(&mut self, cx: &mut Context<'_>) {
        if let Some(mut connection) = self.connection.take()
            && connection.poll_ready(cx)
        {
            self.home.put(connection, Instant::now());
        }
    }
}
