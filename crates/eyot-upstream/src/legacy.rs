//! An upstream session of the legacy era, whatever carries it.

use std::sync::Arc;

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, Response};
use eyot_service::{Fault, Limits, Messages, Reply};
use eyot_types::Era;
use eyot_types::codes::{self, Outcome};

use crate::driver;
use crate::http_legacy::HttpSession;
use crate::http_link::HttpLink;
use crate::line_connection::LineConnection;
use crate::target::{Runtime, Target};

/// One upstream session. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LegacyConnection(Link);

#[derive(Clone, Debug)]
enum Link {
    Lines(Box<LineConnection>),
    Http(HttpSession),
}

/// What opening a session gave.
#[derive(Debug)]
pub struct Opened {
    /// The session; useless if the answer is an error.
    pub connection: LegacyConnection,
    /// The upstream's answer to `initialize`, under the caller's id.
    pub answer: Response,
}

impl LegacyConnection {
    /// Opens a session with a client's own `initialize`: starts a child, or asks a URL.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when the upstream cannot be reached or does not answer. An answer that is
    /// an error is no fault.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the child; a session at a URL may stay behind.
    pub async fn open(
        target: &Target,
        initialize: Message,
        runtime: &Runtime,
    ) -> Result<Opened, Fault> {
        let timeout = runtime.limits.call_timeout;
        let opening = async {
            match target {
                Target::Command(_) | Target::InProcess(_) => {
                    let connection = driver::open_lines(target, Era::Legacy, runtime)?;
                    Self::open_lines(connection, initialize).await
                }
                Target::Url(client) => {
                    Self::open_http(&HttpLink::bare(client), initialize, &runtime.limits).await
                }
            }
        };
        tokio::time::timeout(timeout, opening).await.unwrap_or_else(|_elapsed| {
            let reason = format!("upstream did not answer `initialize` in {timeout:?}");
            Err(Fault::upstream(codes::upstream_lost(&reason, Outcome::Unknown, true)))
        })
    }

    /// Opens a session at a URL.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    ///
    /// # Cancel safety
    ///
    /// A session may stay behind at the upstream.
    pub async fn open_http(
        link: &HttpLink,
        initialize: Message,
        limits: &Arc<Limits>,
    ) -> Result<Opened, Fault> {
        let (session, answer) = HttpSession::open(link, initialize, limits).await?;
        Ok(Opened { connection: Self(Link::Http(session)), answer })
    }

    /// Opens a session over a link of lines, which somebody else drives.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    ///
    /// # Cancel safety
    ///
    /// The request may have been sent.
    pub async fn open_lines(
        connection: LineConnection,
        initialize: Message,
    ) -> Result<Opened, Fault> {
        let answer = Reply::Stream(connection.request(initialize).await?).answer(drop).await?;
        Ok(Opened { connection: Self(Link::Lines(Box::new(connection))), answer })
    }

    /// Goes on with a session that an earlier process opened; `None` when it cannot have
    /// outlived that process.
    #[must_use]
    pub fn resume(
        target: &Target,
        session_id: Option<&str>,
        revision: Option<&str>,
        runtime: &Runtime,
    ) -> Option<Self> {
        match target {
            Target::Command(_) | Target::InProcess(_) => None,
            Target::Url(client) => {
                let link = HttpLink::bare(client);
                let session = HttpSession::resume(&link, session_id, revision, &runtime.limits);
                Some(Self(Link::Http(session)))
            }
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// A [`Fault`]; its kind is [`eyot_service::FaultKind::SessionGone`] when the upstream
    /// no longer knows the session.
    ///
    /// # Cancel safety
    ///
    /// The request may have been sent. Over HTTP it goes on; a child is told to cancel it.
    pub async fn request(&self, request: Message) -> Result<Reply, Fault> {
        match &self.0 {
            Link::Lines(connection) => connection.request(request).await.map(Reply::Stream),
            Link::Http(session) => session.request(request).await,
        }
    }

    /// Sends a notification or a response.
    ///
    /// # Errors
    ///
    /// As [`Self::request`].
    ///
    /// # Cancel safety
    ///
    /// The message may have been sent.
    pub async fn send(&self, message: Message) -> Result<(), Fault> {
        match &self.0 {
            Link::Lines(connection) => connection.send(message).await,
            Link::Http(session) => session.send(message).await,
        }
    }

    /// Passes on the caller's cancellation of its call `id`.
    ///
    /// # Errors
    ///
    /// As [`Self::request`].
    ///
    /// # Cancel safety
    ///
    /// The message may have been sent.
    pub async fn cancel(&self, id: Id, message: Message) -> Result<(), Fault> {
        match &self.0 {
            Link::Lines(connection) => connection.cancel(id, message).await,
            Link::Http(session) => session.cancel(&id, &message).await,
        }
    }

    /// What tells the upstream that nobody waits for the call `id` any more, if a message is due:
    /// over lines it is sent by itself when the call is dropped.
    pub fn cancellation(&self, id: &Id, reason: &str) -> Option<Message> {
        match &self.0 {
            Link::Lines(_) => None,
            Link::Http(session) => session.cancellation(id, reason),
        }
    }

    /// The messages that belong to no call, from after `cursor`. Over HTTP the upstream's
    /// stream is open when this returns, if the upstream offers one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops listening.
    pub async fn listen(&self, cursor: Option<Bytes>) -> Messages {
        match &self.0 {
            Link::Lines(connection) => connection.listen(),
            Link::Http(session) => session.listen(cursor).await,
        }
    }

    /// The rest of a call that an earlier process began; `None` when nothing is left of it.
    #[must_use]
    pub fn follow(&self, id: Id, cursor: Option<Bytes>) -> Option<Messages> {
        match &self.0 {
            Link::Lines(_) => None,
            Link::Http(session) => Some(session.follow(id, cursor?)),
        }
    }

    /// Ends the upstream session. A child ends when the last handle is dropped.
    ///
    /// # Cancel safety
    ///
    /// The session may stay behind at the upstream.
    pub async fn close(&self) {
        if let Link::Http(session) = &self.0 {
            session.close().await;
        }
    }

    /// Why the link of lines has ended.
    pub fn end_reason(&self) -> String {
        match &self.0 {
            Link::Lines(connection) => connection.end_reason(),
            Link::Http(_) => "upstream has ended".to_owned(),
        }
    }

    /// Whether it can still be used.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match &self.0 {
            Link::Lines(connection) => connection.is_open(),
            Link::Http(_) => true,
        }
    }

    /// The upstream's id of the session, if it gave one.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        match &self.0 {
            Link::Lines(_) => None,
            Link::Http(session) => session.session_id(),
        }
    }
}
