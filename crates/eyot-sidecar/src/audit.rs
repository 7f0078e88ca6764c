//! What validators in audit mode would have said: asked beside the messages, never before them.

use eyot_interceptors::{Seen, Severity};
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::mpsc;

use crate::step::Remote;

/// The payloads that a validator in audit mode has yet to see.
pub(crate) struct AuditQueue {
    pub(crate) seen: mpsc::Receiver<Seen>,
    pub(crate) remote: Remote,
}

impl AuditQueue {
    /// Asks about each of them, until no plan has the step any more.
    pub(crate) async fn drain(self) {
        let Self { seen, remote } = self;
        let payloads =
            stream::unfold(seen, |mut seen| async move { Some((seen.recv().await?, seen)) });
        payloads.for_each_concurrent(AT_ONCE_MAX, |seen| judge(&remote, seen)).await;
    }
}

async fn judge(remote: &Remote, seen: Seen) {
    let (interceptor, server) = (remote.name(), remote.server());
    let (event, phase) = (seen.view().event().to_owned(), seen.view().phase().as_str());
    match remote.audit(&seen).await {
        Ok(judged) => match judged.severity() {
            Some(Severity::Error) => {
                tracing::info!(
                    interceptor,
                    server,
                    event,
                    phase,
                    "interceptor in audit mode would block a payload"
                );
            }
            Some(Severity::Warn) => {
                tracing::info!(
                    interceptor,
                    server,
                    event,
                    phase,
                    "interceptor in audit mode warned of a payload"
                );
            }
            _ => {}
        },
        // "In audit, failOpen only chooses error vs warning in the log" (SEP-2624).
        Err(failure) if remote.fails_open() => {
            tracing::warn!(interceptor, server, event, phase, %failure, "interceptor in audit mode failed");
        }
        Err(failure) => {
            tracing::error!(interceptor, server, event, phase, %failure, "interceptor in audit mode failed");
        }
    }
}

/// Questions of one validator that are asked at once.
const AT_ONCE_MAX: usize = 8;
