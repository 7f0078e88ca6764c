//! What carries one legacy session, without the layers around it.

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, Notification, Request, Response};
use eyot_service::{Fault, FaultKind, Input, Messages, Reply, ReplyFuture};
use eyot_types::codes::{self, Outcome};
use eyot_types::{cancelled_id, is_cancelled};
use futures_util::stream;

use crate::http_legacy::{HttpSession, ResumedSession};
use crate::http_link::{HttpLink, Transport};
use crate::legacy::LegacySource;
use crate::lines::connection::LineConnection;
use crate::lines::sse::{self, NoSse};
use crate::target::{Runtime, Target};

/// A session over lines, or at a URL.
#[derive(Clone, Debug)]
pub(crate) enum LegacyLink {
    Lines(Box<LineConnection>),
    Http(HttpSession),
    /// The upstream has never been asked.
    Unopened,
}

impl LegacyLink {
    /// Opens a session; gives the upstream's answer to `initialize` along.
    pub(crate) async fn open(
        source: LegacySource,
        initialize: Request,
        runtime: &Runtime,
    ) -> Result<(Self, Response), Fault> {
        match source {
            LegacySource::Lines(connection) => {
                let answer = connection.request(initialize).await?.answer(drop).await?;
                Ok((Self::Lines(Box::new(connection)), answer))
            }
            LegacySource::Http(link) => {
                let opened = HttpSession::open(&link, initialize.clone(), &runtime.limits).await;
                match opened {
                    Ok((session, answer)) => {
                        link.transport().find(Transport::Http);
                        Ok((Self::Http(session), answer))
                    }
                    Err(fault)
                        if fault.kind == FaultKind::Refused && link.transport().is_open() =>
                    {
                        Self::open_sse(&link, initialize, runtime, fault).await
                    }
                    Err(fault) if fault.kind == FaultKind::Refused => {
                        Err(Self::name_transport(&link, runtime, fault).await)
                    }
                    Err(fault) => Err(fault),
                }
            }
        }
    }

    /// The fault of a server that refuses the one transport that it was asked for, and has the other.
    async fn name_transport(link: &HttpLink, runtime: &Runtime, refused: Fault) -> Fault {
        if sse::open(link, &runtime.limits).await.is_err() {
            return refused;
        }
        let reason = "upstream speaks HTTP with SSE, and was asked for Streamable HTTP alone: say \
                      `--transport sse`, or nothing of it";
        Fault::refused(codes::upstream_lost(reason, Outcome::NotSent, false))
    }

    /// Opens a session over the old transport, where the upstream has `refused` the new one.
    async fn open_sse(
        link: &HttpLink,
        initialize: Request,
        runtime: &Runtime,
        refused: Fault,
    ) -> Result<(Self, Response), Fault> {
        let connection = match LineConnection::start_sse(link, runtime).await {
            Ok(connection) => connection,
            Err(NoSse::Absent(_)) => return Err(refused),
            Err(NoSse::Failed(fault)) => return Err(fault),
        };
        let answer = connection.request(initialize).await?.answer(drop).await?;
        Ok((Self::Lines(Box::new(connection)), answer))
    }

    /// Goes on with a session that an earlier process opened; `None` when it cannot have outlived
    /// that process.
    pub(crate) fn resume(
        target: &Target,
        session: &ResumedSession<'_>,
        runtime: &Runtime,
    ) -> Option<Self> {
        let link = target.http_link()?;
        Some(Self::Http(HttpSession::resume(link, session, &runtime.limits)))
    }

    /// The future of the reply to what a client does.
    pub(crate) fn answer(self, input: Input) -> ReplyFuture {
        match input {
            Input::Request(request) => Box::pin(async move { self.request(request).await }),
            Input::Notification(notification) => {
                Box::pin(async move { self.send(notification.into()).await.map(|()| Reply::None) })
            }
            Input::Response(response) => {
                Box::pin(async move { self.send(response.into()).await.map(|()| Reply::None) })
            }
            Input::Listen { cursor } => {
                Box::pin(async move { Ok(Reply::Stream(self.listen(cursor).await)) })
            }
            Input::Resume { request_id, cursor } => {
                let rest = self.follow(request_id, cursor).map(Reply::Stream).ok_or_else(lost);
                Box::pin(std::future::ready(rest))
            }
            Input::Close => Box::pin(async move {
                self.close().await;
                Ok(Reply::None)
            }),
            _ => Box::pin(std::future::ready(Err(Fault::internal("this input is not known")))),
        }
    }

    pub(crate) async fn request(&self, request: Request) -> Result<Reply, Fault> {
        match self {
            Self::Lines(connection) => connection.request(request).await,
            Self::Http(session) => session.request(request).await,
            Self::Unopened => Err(unopened()),
        }
    }

    pub(crate) async fn send(&self, message: Message) -> Result<(), Fault> {
        if is_cancelled(&message) {
            return match cancelled_id(&message) {
                Some(id) => self.cancel(id, message).await,
                None => Ok(()),
            };
        }
        self.send_as_is(message).await
    }

    /// Sends a message whose ids are ours already.
    pub(crate) async fn send_as_is(&self, message: Message) -> Result<(), Fault> {
        match self {
            Self::Lines(connection) => connection.send(message).await,
            Self::Http(session) => session.send(message).await,
            Self::Unopened => Err(unopened()),
        }
    }

    async fn cancel(&self, id: Id, message: Message) -> Result<(), Fault> {
        match self {
            Self::Lines(connection) => connection.cancel(id, message).await,
            Self::Http(session) => session.cancel(&id, &message).await,
            Self::Unopened => Err(unopened()),
        }
    }

    pub(crate) fn cancellation(&self, id: &Id, reason: &str) -> Option<Notification> {
        match self {
            Self::Http(session) => session.cancellation(id, reason),
            Self::Lines(_) | Self::Unopened => None,
        }
    }

    pub(crate) async fn listen(&self, cursor: Option<Bytes>) -> Messages {
        match self {
            Self::Lines(connection) => connection.listen(),
            Self::Http(session) => session.listen(cursor).await,
            Self::Unopened => Messages::new(stream::empty()),
        }
    }

    /// Whether a call can be followed that an earlier process began.
    pub(crate) fn can_resume(&self) -> bool {
        matches!(self, Self::Http(_))
    }

    pub(crate) fn follow(&self, id: Id, cursor: Option<Bytes>) -> Option<Messages> {
        match self {
            Self::Http(session) => Some(session.follow(id, cursor?)),
            Self::Lines(_) | Self::Unopened => None,
        }
    }

    pub(crate) async fn close(&self) {
        if let Self::Http(session) = self {
            session.close().await;
        }
    }

    pub(crate) fn end_reason(&self) -> String {
        match self {
            Self::Lines(connection) => connection.end_reason(),
            Self::Http(_) | Self::Unopened => "upstream has ended".to_owned(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Lines(connection) => connection.is_open(),
            Self::Http(_) => true,
            Self::Unopened => false,
        }
    }

    pub(crate) fn cookies(&self) -> Option<String> {
        match self {
            Self::Http(session) => session.cookies(),
            Self::Lines(_) | Self::Unopened => None,
        }
    }

    pub(crate) fn session_id(&self) -> Option<&str> {
        match self {
            Self::Http(session) => session.session_id(),
            Self::Lines(_) | Self::Unopened => None,
        }
    }
}

/// The fault of a call that ran in a process that has ended, and of which nothing is left.
fn lost() -> Fault {
    let reason = "the call ran in a process that has ended";
    Fault::upstream(codes::upstream_lost(reason, Outcome::Unknown, true))
}

fn unopened() -> Fault {
    let reason = "the upstream session was not opened";
    Fault::upstream(codes::upstream_lost(reason, Outcome::NotSent, true))
}
