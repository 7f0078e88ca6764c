//! A client that listens: what the server tells of changes goes to its stream.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use eyot_era::legacy_to_modern::{ClientMeta, convert_notification};
use eyot_jsonrpc::{Kind, METHOD_NOT_FOUND, Message, MessageKind};
use eyot_service::{Fault, ReplyItem};
use eyot_stdx::Backoff;
use eyot_types::{Method, Revision};
use futures_util::StreamExt as _;
use serde_json::json;
use tokio::time::sleep;

use super::change_subscription::{ChangeStream, ChangeSubscription};
use super::emulated_session::EmulatedSession;

/// Pulls from the session's subscription. Dropped when the client goes away.
pub(crate) struct Listening {
    session: Arc<EmulatedSession>,
    client: Arc<ClientMeta>,
    revision: Revision,
    stream: Option<ChangeStream>,
    ready: VecDeque<Message>,
    failures: u32,
    /// A stream has ended: changes may have been missed until the next is open.
    is_broken: bool,
    /// The server has nothing to tell, or no such method: only another wish changes that.
    is_idle: bool,
}

impl Listening {
    /// Opens the subscription, if it is not open.
    pub(crate) async fn open(
        session: Arc<EmulatedSession>,
        client: Arc<ClientMeta>,
        revision: Revision,
    ) -> Self {
        let mut listening = Self {
            session,
            client,
            revision,
            stream: None,
            ready: VecDeque::new(),
            failures: 0,
            is_broken: false,
            is_idle: false,
        };
        if listening.take_newer() {
            return listening;
        }
        listening.reopen().await;
        listening.take_newer();
        listening
    }

    fn changes(&self) -> &ChangeSubscription {
        self.session.changes()
    }

    /// The next message for the client; never the last.
    pub(crate) async fn next(mut self) -> Option<(Result<ReplyItem, Fault>, Self)> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some((Ok(message.into()), self));
            }
            if self.take_newer() {
                continue;
            }
            let session = Arc::clone(&self.session);
            match &mut self.stream {
                Some(ChangeStream { parts, .. }) => tokio::select! {
                    biased;
                    () = session.changes().changed() => {}
                    part = parts.next() => match part {
                        Some(Ok(part)) => self.take(part),
                        Some(Err(_)) | None => self.lose(),
                    },
                },
                None if self.is_idle => {
                    session.changes().changed().await;
                    self.is_idle = false;
                }
                None => tokio::select! {
                    biased;
                    () = session.changes().changed() => {}
                    () = sleep(PAUSE.steady_delay(self.failures)) => {
                        // Boxed, because it is large and rare.
                        Box::pin(self.reopen()).await;
                    }
                },
            }
        }
    }

    /// Opens the subscription anew.
    async fn reopen(&mut self) {
        if self.changes().is_idle().await {
            self.is_idle = true;
            return;
        }
        match self.session.changes().reopen(&self.client).await {
            Ok(()) => {}
            Err(fault) => {
                tracing::debug!(%fault, "nothing to listen to");
                self.is_idle = fault.error.code == METHOD_NOT_FOUND;
                self.failures = self.failures.saturating_add(1);
            }
        }
    }

    /// Replaces the stream by a newer one; `false` when there is none. What both have brought by now
    /// is told once: each change before this moment came on both.
    fn take_newer(&mut self) -> bool {
        let Some(mut newer) = self.changes().take() else { return false };
        let mut told = std::mem::take(&mut self.is_broken).then(|| self.changes().told());
        for (method, uri) in told.take().into_iter().flatten() {
            // Told once for all that may have been missed.
            let params = uri.map(|uri| json!({ "uri": uri }));
            self.ready.push_back(Message::notification(method.as_str(), &params));
        }
        let older = self.stream.take().map(|mut it| it.drain());
        let overlap = older.into_iter().flatten().chain(newer.drain());
        let overlap = Vec::from_iter(overlap);
        self.stream = Some(newer);
        let mut seen = Vec::new();
        for message in overlap {
            let what = (
                message.method().map(|it| it.into_owned()),
                message.uri().map(|it| it.into_owned()),
            );
            if message.kind() != Kind::Notification || seen.contains(&what) {
                continue;
            }
            seen.push(what);
            self.take(message.into());
        }
        self.failures = 0;
        true
    }

    fn take(&mut self, part: ReplyItem) {
        let Some(message) = part.into_message() else { return };
        let notification = match message.into_kind() {
            MessageKind::Notification(notification) => notification,
            // The server ends the subscription.
            MessageKind::Response(_) => return self.lose(),
            MessageKind::Request(_) => {
                return eyot_metrics::messages_dropped("request_of_modern_server");
            }
        };
        self.failures = 0;
        match Method::parse(notification.method()) {
            Method::ToolsListChanged => self.session.upstream().tools.handle_changed(),
            Method::PromptsListChanged
            | Method::ResourcesListChanged
            | Method::ResourcesUpdated => {}
            _ => return eyot_metrics::messages_dropped("notification_unmatched"),
        }
        self.ready.extend(convert_notification(self.revision, notification.into_message()));
    }

    fn lose(&mut self) {
        self.stream = None;
        self.is_broken = true;
        self.failures = self.failures.saturating_add(1);
        self.session.upstream().tools.handle_changed();
        self.changes().lost();
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(mut stream) = self.stream.take() {
            stream.unread.extend(self.ready.drain(..));
            self.changes().park(stream);
        }
    }
}

const PAUSE: Backoff = Backoff { base: Duration::from_secs(1), delay_max: Duration::from_secs(30) };
