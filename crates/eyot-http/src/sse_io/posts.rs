//! The messages for the server: each is one POST, in the order in which they were queued.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use eyot_jsonrpc::{ErrorObject, Id, Message, Response};
use eyot_service::{IoEnd, QueueFull};
use tokio::time::Sleep;

/// One POST: ready when the server has taken the message, or has not.
pub type Posting = Pin<Box<dyn Future<Output = Result<(), PostError>> + Send>>;

/// Why the server has not taken a message.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "made by those who send the POSTs")]
pub enum PostError {
    /// It has provably not taken this one, and takes no other: the session is over.
    Gone(IoEnd),
    /// This message was refused, or may have been lost. The error is what its sender is told, if it
    /// waits for an answer.
    Refused(ErrorObject),
}

/// What has become of a POST, where that matters.
#[derive(Debug)]
pub(super) enum Report {
    /// A request has this answer, and will have no other.
    Answer(Bytes),
    /// The session is over.
    Gone(IoEnd),
}

/// The POSTs of one session.
pub(super) struct Posts {
    post: Box<dyn Fn(Message) -> Posting + Send>,
    waiting: VecDeque<Message>,
    waiting_bytes: usize,
    queue_bytes_max: usize,
    /// In the order in which they began.
    running: Vec<Running>,
    /// Bytes of all messages whose POST has begun.
    begun_bytes: u64,
    /// How long the next message still waits for the answer to the last POST.
    patience: Option<Pin<Box<Sleep>>>,
    reports: VecDeque<Report>,
    is_closing: bool,
    /// No further POST begins.
    is_halted: bool,
}

struct Running {
    posting: Posting,
    /// The id of a request.
    id: Option<Id>,
    /// Where the message ends, among all that were queued.
    end: u64,
    len_bytes: u64,
}

impl Posts {
    pub(super) fn new(
        post: Box<dyn Fn(Message) -> Posting + Send>,
        queue_bytes_max: usize,
    ) -> Self {
        Self {
            post,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            queue_bytes_max,
            running: Vec::new(),
            begun_bytes: 0,
            patience: None,
            reports: VecDeque::new(),
            is_closing: false,
            is_halted: false,
        }
    }

    pub(super) fn queue(&mut self, message: &Message) -> Result<(), QueueFull> {
        let queue_bytes_max = if self.is_closing { 0 } else { self.queue_bytes_max };
        let waiting_bytes = self.waiting_bytes.saturating_add(message.len());
        if waiting_bytes > queue_bytes_max {
            return Err(QueueFull { queued_bytes: self.waiting_bytes, queue_bytes_max });
        }
        self.waiting_bytes = waiting_bytes;
        self.waiting.push_back(message.clone());
        Ok(())
    }

    /// Bytes of the messages whose POST has not begun.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Bytes of the messages that the server may have read, from the first one on.
    pub(super) fn begun_bytes(&self) -> u64 {
        self.begun_bytes
    }

    /// Whether every POST is over.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    /// Takes no more messages.
    pub(super) fn close(&mut self) {
        self.is_closing = true;
    }

    /// Whether a POST is under way.
    pub(super) fn has_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// Begins no further POST.
    pub(super) fn halt(&mut self) {
        self.close();
        self.is_halted = true;
    }

    /// Gives up what runs and what waits.
    pub(super) fn stop(&mut self) {
        self.halt();
        self.running.clear();
        self.waiting.clear();
        self.waiting_bytes = 0;
    }

    pub(super) fn next_report(&mut self) -> Option<Report> {
        self.reports.pop_front()
    }

    /// Moves the POSTs on, and begins those that are due.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        loop {
            self.poll_running(cx);
            if !self.is_turn_of_next(cx) {
                return;
            }
            let Some(message) = self.waiting.pop_front() else { return };
            let len_bytes = message.len();
            self.waiting_bytes = self.waiting_bytes.saturating_sub(len_bytes);
            let len_bytes = len_bytes as u64;
            self.begun_bytes = self.begun_bytes.saturating_add(len_bytes);
            let id = message.id().filter(|_| message.is_request());
            let posting = (self.post)(message);
            self.running.push(Running { posting, id, end: self.begun_bytes, len_bytes });
            self.patience = None;
        }
    }

    fn poll_running(&mut self, cx: &mut Context<'_>) {
        let (reports, begun_bytes) = (&mut self.reports, &mut self.begun_bytes);
        self.running.retain_mut(|post| match post.posting.as_mut().poll(cx) {
            Poll::Pending => true,
            Poll::Ready(outcome) => {
                if let Err(error) = outcome {
                    reports.extend(post.report(error, begun_bytes));
                }
                false
            }
        });
        if self.reports.iter().any(|it| matches!(it, Report::Gone(_))) {
            self.halt();
        }
    }

    /// Whether the next message may begin: the last POST is answered, or has been under way for a
    /// while.
    fn is_turn_of_next(&mut self, cx: &mut Context<'_>) -> bool {
        if self.waiting.is_empty() || self.running.len() >= RUNNING_MAX || self.is_halted {
            return false;
        }
        if self.running.is_empty() {
            return true;
        }
        let patience = || Box::pin(tokio::time::sleep(PATIENCE));
        self.patience.get_or_insert_with(patience).as_mut().poll(cx).is_ready()
    }
}

impl Running {
    /// What is to be told of a failure.
    fn report(&self, error: PostError, begun_bytes: &mut u64) -> Option<Report> {
        match error {
            PostError::Gone(end) => {
                // The server has read none of it.
                if *begun_bytes == self.end {
                    *begun_bytes -= self.len_bytes;
                }
                Some(Report::Gone(end))
            }
            PostError::Refused(error) if self.id.is_some() => {
                let answer = Response::of_error(self.id.clone(), &error);
                Some(Report::Answer(answer.into_message().to_bytes()))
            }
            PostError::Refused(error) => {
                tracing::warn!(reason = error.message, "upstream did not take a message");
                None
            }
        }
    }
}

impl fmt::Debug for Posts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = (self.running.len(), self.waiting.len());
        f.debug_struct("Posts").field("running_and_waiting", &counts).finish_non_exhaustive()
    }
}

/// How long a message waits for the answer to the POST before it. Most servers answer at once;
/// those that first do what they are asked may need the next message to get on.
const PATIENCE: Duration = Duration::from_millis(100);
/// POSTs of one session that run at once.
const RUNNING_MAX: usize = 64;
