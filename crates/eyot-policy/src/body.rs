//! The body of a response, with what it holds until its last byte.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

use crate::concurrency::Permit;
use crate::ticket::Ticket;

/// What a running request holds; dropping it makes room for another.
#[derive(Debug)]
#[expect(dead_code, reason = "it is held, and never looked at")]
pub(crate) enum Held {
    Nothing,
    Permits(Vec<Permit>),
    Ticket(Ticket),
}

pin_project! {
    /// The body of a response behind a policy: the inner one, or one of the policy's own.
    #[derive(Debug)]
    pub struct PolicyBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjected]
    #[derive(Debug)]
    enum Kind<B> {
        Inner { #[pin] body: B, held: Held },
        Own { body: Full<Bytes> },
    }
}

impl<B> PolicyBody<B> {
    /// The body of the service behind the policy.
    pub(crate) fn inner(body: B, held: Held) -> Self {
        Self { kind: Kind::Inner { body, held } }
    }

    /// A body of the policy's own.
    pub(crate) fn own(body: Full<Bytes>) -> Self {
        Self { kind: Kind::Own { body } }
    }
}

impl<B: Body<Data = Bytes>> Body for PolicyBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjected::Inner { body, .. } => body.poll_frame(cx),
            KindProjected::Own { body } => {
                Pin::new(body).poll_frame(cx).map_err(|never| match never {})
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body, .. } => body.is_end_stream(),
            Kind::Own { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body, .. } => body.size_hint(),
            Kind::Own { body } => body.size_hint(),
        }
    }
}
