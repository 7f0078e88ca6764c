//! The messages of an upstream that belong to no call, over as many sessions as it takes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use eyot_service::{Fault, Messages, ReplyItem, SessionHandle};
use eyot_stdx::Backoff;
use futures_core::Stream;
use tokio::time::Sleep;

use crate::passthrough_session::{Link, PassthroughSession};
use crate::questions::{Origin, is_about_question};
use crate::stream_cursor;

/// Listens to one upstream session after the other: messages to which there is no end.
///
/// What has to be waited for beside the messages is work of its own, in a box: it is large and rare.
pub(crate) struct Listening {
    /// `None` while the work has it.
    listener: Option<Listener>,
    work: Option<Work>,
}

type Work = Pin<Box<dyn Future<Output = (Listener, Option<ReplyItem>)> + Send>>;

struct Listener {
    session: Arc<PassthroughSession>,
    context: Arc<SessionHandle>,
    cursor: Option<Bytes>,
    source: Option<(Messages, Link)>,
    stage: Stage,
    /// Goes on where there is nothing to listen to.
    pause: Option<Pin<Box<Sleep>>>,
    failures: u32,
}

/// What comes when there is nothing to listen to.
enum Stage {
    /// The stream of the session that is open, or is opened now.
    Opens,
    /// The stream of another session than this one, which has nothing more to say.
    Ended(u64),
    /// The stream of a new session: the upstream has forgotten this one.
    Renews(Link),
}

impl Listening {
    /// Ready when the upstream's stream is open, or could not be opened.
    pub(crate) async fn open(
        session: Arc<PassthroughSession>,
        context: Arc<SessionHandle>,
        cursor: Option<Bytes>,
    ) -> Self {
        let listener = Listener {
            session,
            context,
            cursor,
            source: None,
            stage: Stage::Opens,
            pause: None,
            failures: 0,
        };
        let (listener, _) = listener.opened().await;
        Self { listener: Some(listener), work: None }
    }
}

impl Stream for Listening {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { listener, work } = &mut *self;
        loop {
            if let Some(working) = work {
                let (listening, part) = ready!(working.as_mut().poll(cx));
                *work = None;
                *listener = Some(listening);
                if let Some(part) = part {
                    return Poll::Ready(Some(Ok(part)));
                }
            }
            let Some(listening) = listener else { return Poll::Ready(None) };
            let mut part = ready!(listening.poll_part(cx));
            if let Some(part) = part.take_if(|it| !is_question(it)) {
                return Poll::Ready(Some(Ok(part)));
            }
            *work = listener.take().map(|it| -> Work {
                match part {
                    Some(part) => Box::pin(it.asked(part)),
                    None => Box::pin(it.opened()),
                }
            });
        }
    }
}

impl Listener {
    /// The next part; `None`: the stream is to be opened.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<ReplyItem>> {
        if let Some((source, _)) = &mut self.source {
            let fault = match ready!(Pin::new(source).poll_next(cx)) {
                Some(Ok(part)) => return Poll::Ready(Some(self.take(part))),
                Some(Err(fault)) => Some(fault),
                None => None,
            };
            if let Some((_, link)) = self.source.take() {
                self.stage = self.next_stage(link, fault);
            }
        }
        let failures = &mut self.failures;
        let pause = self.pause.get_or_insert_with(|| {
            // A child that ends at once is not started again and again without a pause.
            *failures = failures.saturating_add(1);
            Box::pin(tokio::time::sleep(PAUSE.steady_delay(*failures)))
        });
        ready!(pause.as_mut().poll(cx));
        self.pause = None;
        Poll::Ready(None)
    }

    /// Takes note of where the stream is; returns the part in the client's words.
    fn take(&mut self, part: ReplyItem) -> ReplyItem {
        let Some((_, link)) = &self.source else { return part };
        if !matches!(part, ReplyItem::Cursor(_)) {
            self.failures = 0;
        }
        let part = stream_cursor::kept(part, link.generation);
        self.cursor = part.cursor().cloned().or_else(|| self.cursor.take());
        match link.revisions {
            Some(revisions) => part.map_message(|it| revisions.to_client(None, it)),
            None => part,
        }
    }

    /// Takes note of a question; returns it as the client is to see it, if it is.
    async fn asked(self, part: ReplyItem) -> (Self, Option<ReplyItem>) {
        let (ReplyItem::Message { message, cursor }, Some((_, link))) = (part, &self.source) else {
            return (self, None);
        };
        let origin = Origin { generation: link.generation, call: None };
        let questions = &self.session.questions;
        let message = questions.heard(&self.context, &link.connection, origin, message).await;
        (self, message.map(|message| ReplyItem::Message { message, cursor }))
    }

    /// What follows on the end of a stream.
    fn next_stage(&self, link: Link, fault: Option<Fault>) -> Stage {
        // Once: a session that is lost again before it has said anything ends the listening.
        let may_renew = self.failures == 0;
        match fault {
            Some(fault) if may_renew && self.session.may_renew(&link, &fault) => {
                Stage::Renews(link)
            }
            // The upstream offers no such stream, or no longer; its next session may.
            _ if !self.session.upstream.target.is_shared_channel() => Stage::Ended(link.generation),
            _ => Stage::Opens,
        }
    }

    /// Opens the stream, if there is one.
    async fn opened(mut self) -> (Self, Option<ReplyItem>) {
        let link = match &self.stage {
            Stage::Renews(lost) => self.session.renew(&self.context, lost).await,
            Stage::Opens | Stage::Ended(_) => self.session.link(&self.context).await,
        };
        match (link, &self.stage) {
            (Ok(link), Stage::Ended(generation)) if link.generation == *generation => {}
            (Ok(link), _) => {
                let cursor = self.cursor.as_ref();
                let cursor =
                    cursor.and_then(|it| stream_cursor::of_generation(it, link.generation));
                let source = link.connection.listen(cursor).await;
                self.source = Some((source, link));
            }
            (Err(fault), _) => tracing::debug!(%fault, "nothing to listen to"),
        }
        (self, None)
    }
}

fn is_question(part: &ReplyItem) -> bool {
    matches!(part, ReplyItem::Message { message, .. } if is_about_question(message))
}

const PAUSE: Backoff = Backoff { base: Duration::from_secs(1), delay_max: Duration::from_secs(30) };
