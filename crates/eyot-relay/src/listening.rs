//! The messages of an upstream that belong to no call, over as many sessions as it takes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyot_service::{Fault, Messages, ReplyItem, SessionHandle};
use eyot_stdx::Backoff;
use futures_util::{StreamExt as _, stream};

use crate::passthrough_session::{Link, PassthroughSession};
use crate::questions::Origin;
use crate::stream_cursor;

/// Listens to one upstream session after the other.
pub(crate) struct Listening {
    session: Arc<PassthroughSession>,
    context: Arc<SessionHandle>,
    cursor: Option<Bytes>,
    source: Option<(Messages, Link)>,
    stage: Stage,
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
        let stage = Stage::Opens;
        let mut listening = Self { session, context, cursor, source: None, stage, failures: 0 };
        listening.listen().await;
        listening
    }

    /// The messages; there is no end to them.
    pub(crate) fn into_messages(self) -> Messages {
        Messages::new(stream::unfold(self, Self::next))
    }

    async fn next(mut self) -> Option<(Result<ReplyItem, Fault>, Self)> {
        loop {
            if let Some((source, link)) = &mut self.source {
                let fault = match source.next().await {
                    Some(Ok(part)) => {
                        let link = link.clone();
                        match self.pass(part, &link).await {
                            Some(part) => return Some((Ok(part), self)),
                            None => continue,
                        }
                    }
                    Some(Err(fault)) => Some(fault),
                    None => None,
                };
                if let Some((_, link)) = self.source.take() {
                    self.stage = self.next_stage(link, fault);
                }
            }
            // A child that ends at once is not started again and again without a pause.
            self.failures = self.failures.saturating_add(1);
            tokio::time::sleep(PAUSE.steady_delay(self.failures)).await;
            // Boxed, because it is large and rare, and this future lives as long as its stream.
            Box::pin(self.listen()).await;
        }
    }

    /// `None`: the client does not see it.
    async fn pass(&mut self, part: ReplyItem, link: &Link) -> Option<ReplyItem> {
        if !matches!(part, ReplyItem::Cursor(_)) {
            self.failures = 0;
        }
        let part = stream_cursor::kept(part, link.generation);
        self.cursor = part.cursor().cloned().or_else(|| self.cursor.take());
        let ReplyItem::Message { message, cursor } = part else { return Some(part) };
        let message = match link.revisions {
            Some(revisions) => revisions.to_client(None, message),
            None => message,
        };
        let origin = Origin { generation: link.generation, call: None };
        let questions = &self.session.questions;
        let message = questions.heard(&self.context, &link.connection, origin, message).await?;
        Some(ReplyItem::Message { message, cursor })
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

    async fn listen(&mut self) {
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
    }
}

const PAUSE: Backoff = Backoff { base: Duration::from_secs(1), delay_max: Duration::from_secs(30) };
