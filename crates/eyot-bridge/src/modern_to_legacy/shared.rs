//! One call as its client, its driver and its session see it.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use eyot_era::modern_to_legacy::passes;
use eyot_era::parked::{Action, Came, Fenced, ParkedCall, RoundLosses, Waiter, Word};
use eyot_jsonrpc::{ErrorObject, Id, Message, Request, UpstreamId};
use eyot_stdx::QuotaPermit;
use eyot_types::codes::{self, Outcome};
use eyot_types::{
    ClientCapabilities, Era, InputRequests, JsonObject, LogLevel, LoggingMessageParams, Method,
};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::losses::count_losses;

/// One call, shared by its client, its driver and its session. Its lock is a leaf.
#[derive(Debug)]
pub(crate) struct CallShared {
    /// Unique in its session; also the progress token that the upstream sees.
    pub(crate) id: UpstreamId,
    /// Whether its client can be asked.
    pub(crate) may_be_asked: bool,
    /// The permit for the task that the upstream is asked to make of the call.
    pub(crate) task_permit: Mutex<Option<QuotaPermit>>,
    state: Mutex<CallState>,
}

const _: () = assert!(size_of::<CallShared>() <= 624, "a thousand of these rest at once");

#[derive(Debug)]
struct CallState {
    parked: ParkedCall,
    /// Counts what has happened to the machine, so that its driver sees it.
    changes: u32,
    driver: Driver,
    /// What clients are told and have not yet heard.
    told: Vec<(Waiter, Told)>,
    /// Clients that wait to be told.
    waiting: Vec<(Waiter, Waker)>,
    /// What the upstream asked for and the client has not declared.
    unmet: ClientCapabilities,
    /// Notifications for the client that leads.
    out: VecDeque<Message>,
    log_level: Option<LogLevel>,
    progress_token: Option<Id>,
    /// The upstream's event id up to which everything was heard.
    cursor: Option<Bytes>,
    /// Wakes the client that leads, while it reads the upstream.
    reader: Option<Waker>,
}

/// Who does the machine's actions.
#[derive(Debug)]
enum Driver {
    /// There is none yet: the client has not been asked.
    None,
    Running(Option<Waker>),
    Gone,
}

/// What a client is told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) word: Word,
    /// The questions, if it is asked.
    pub(crate) requests: InputRequests,
}

/// What there is for one client of a call.
#[derive(Debug)]
pub(crate) enum ForClient {
    Told(Told),
    /// It leads from now on.
    Leads,
    /// Something that came on another stream, or while the call was at rest.
    Note(Message),
    /// It is to read the upstream.
    Reads,
    /// It is woken when there is something.
    Waits,
}

/// What the last client of a call leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Abandoned {
    /// Nothing: others take care of the call.
    Nothing,
    /// A call to cancel.
    ToCancel,
    /// A call of an earlier process, which is in the store as it was.
    Unconnected,
}

impl CallShared {
    pub(crate) fn new(id: UpstreamId, may_be_asked: bool, parked: ParkedCall) -> Self {
        let state = CallState {
            parked,
            changes: 0,
            driver: Driver::None,
            told: Vec::new(),
            waiting: Vec::new(),
            unmet: ClientCapabilities::default(),
            out: VecDeque::new(),
            log_level: None,
            progress_token: None,
            cursor: None,
            reader: None,
        };
        Self { id, may_be_asked, task_permit: Mutex::default(), state: Mutex::new(state) }
    }

    /// A call that an earlier process has begun, heard up to `cursor`.
    pub(crate) fn restored(id: UpstreamId, parked: ParkedCall, cursor: Option<Bytes>) -> Self {
        let shared = Self::new(id, true, parked);
        shared.set_cursor(cursor);
        shared
    }

    /// The id as it stands in the request.
    pub(crate) fn request_id(&self) -> Id {
        Id::from_number(self.id.get())
    }

    /// The upstream's event id up to which everything was heard, if it gives any.
    pub(crate) fn cursor(&self) -> Option<Bytes> {
        self.state.lock().cursor.clone()
    }

    pub(crate) fn set_cursor(&self, cursor: Option<Bytes>) {
        if cursor.is_some() {
            self.state.lock().cursor = cursor;
        }
    }

    /// The client that leads: what it wants to hear, and how it calls its progress.
    pub(crate) fn begin_round(&self, log_level: Option<LogLevel>, progress_token: Option<Id>) {
        let mut state = self.state.lock();
        state.log_level = log_level;
        state.progress_token = progress_token;
    }

    /// Makes the call small while it is parked: a cursor is a part of a larger buffer, and a waker
    /// keeps the memory of a whole task.
    pub(crate) fn rest(&self) {
        let mut state = self.state.lock();
        state.cursor = state.cursor.take().map(|it| Bytes::copy_from_slice(&it));
        (state.progress_token, state.reader) = (None, None);
        state.out.shrink_to_fit();
        state.waiting.shrink_to_fit();
        state.told.shrink_to_fit();
    }

    /// The upstream asks in this call; what it is told if it cannot.
    pub(crate) fn ask(&self, request: &Request) -> Result<(), ErrorObject> {
        self.work(|parked, now| parked.handle_question(request, now))
    }

    /// The upstream takes a question back.
    pub(crate) fn withdraw(&self, id: &Id) -> bool {
        self.work(|parked, _| parked.handle_withdrawn(id))
    }

    /// The upstream's ids of its open questions.
    pub(crate) fn open_questions(&self) -> Vec<Id> {
        self.look(|parked| parked.open_ids().cloned().collect())
    }

    /// The upstream asked for what the client has not declared.
    pub(crate) fn note_unmet(&self, unmet: &ClientCapabilities) {
        self.state.lock().unmet.merge(unmet);
    }

    /// All that the upstream asked for and the client has not declared.
    pub(crate) fn unmet(&self) -> ClientCapabilities {
        self.state.lock().unmet.clone()
    }

    /// Something for the client that came on another stream, or while the call was at rest.
    ///
    /// Of progress only the last is kept, and of log messages a few. While none waits, one of any
    /// length fits.
    pub(crate) fn tell(&self, message: Message) {
        let mut state = self.state.lock();
        if is_progress(&message) {
            state.out.retain(|it| !is_progress(it));
        }
        let queued_bytes: usize = state.out.iter().map(Message::len).sum();
        let fits = queued_bytes == 0 || queued_bytes.saturating_add(message.len()) <= OUT_BYTES_MAX;
        if fits && state.out.len() < OUT_MAX {
            state.out.push_back(message);
        } else {
            eyot_metrics::messages_dropped("queue_full");
        }
        wake(state.reader.take());
    }

    /// A notification as the client that leads has it, if it wants it at all.
    pub(crate) fn for_client(&self, message: Message) -> Option<Message> {
        let state = self.state.lock();
        if is_progress(&message) {
            return state.progress_token.clone().map(|token| message.with_progress_token(token));
        }
        let params: LoggingMessageParams = message.decode_params().ok()?;
        passes(state.log_level.as_ref(), &params.level).then_some(message)
    }

    /// Looks at the machine.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&ParkedCall) -> T) -> T {
        at(&self.state.lock().parked)
    }

    /// Changes the machine, and wakes the driver and the clients that may have to act on it.
    pub(crate) fn work<T>(&self, work: impl FnOnce(&mut ParkedCall, std::time::Instant) -> T) -> T {
        let mut state = self.state.lock();
        let worked = work(&mut state.parked, Instant::now().into_std());
        let RoundLosses { asked, answered } = state.parked.take_losses();
        state.changes = state.changes.wrapping_add(1);
        if let Driver::Running(waker) = &mut state.driver {
            wake(waker.take());
        }
        wake(state.reader.take());
        state.wake_waiting();
        drop(state);
        count_losses(&asked, Era::Legacy);
        count_losses(&answered, Era::Modern);
        worked
    }

    /// A client comes back. With it: the questions of the round, in case it is told them at once.
    pub(crate) fn come_back(&self, round: u32, responses: &JsonObject) -> (Came, InputRequests) {
        self.work(|parked, now| {
            let came = parked.handle_client(round, responses, now);
            (came, parked.requests())
        })
    }

    /// A client does not wait any more: what it leaves to be done where there is no driver.
    pub(crate) fn leave(&self, waiter: Waiter) -> Abandoned {
        self.work(|parked, now| parked.handle_gone(waiter, now));
        let mut state = self.state.lock();
        state.told.retain(|(it, _)| *it != waiter);
        state.waiting.retain(|(it, _)| *it != waiter);
        match (&state.driver, state.parked.is_waited_for()) {
            (Driver::Running(_) | Driver::Gone, _) | (Driver::None, true) => Abandoned::Nothing,
            (Driver::None, false) if state.parked.is_settled() => Abandoned::Nothing,
            (Driver::None, false) if state.parked.is_over() => Abandoned::ToCancel,
            (Driver::None, false) => {
                state.parked.close();
                Abandoned::Unconnected
            }
        }
    }

    /// What there is for a client; `leads` is what it knows of that.
    pub(crate) fn for_waiter(&self, waiter: Waiter, leads: bool, cx: &Context<'_>) -> ForClient {
        let mut state = self.state.lock();
        if let Some(index) = state.told.iter().position(|(it, _)| *it == waiter) {
            return ForClient::Told(state.told.swap_remove(index).1);
        }
        let is_leader = state.parked.leads(waiter);
        if is_leader && !leads {
            return ForClient::Leads;
        }
        if is_leader && state.parked.reads() {
            state.reader = Some(cx.waker().clone());
            return state.out.pop_front().map_or(ForClient::Reads, ForClient::Note);
        }
        if matches!(state.driver, Driver::Gone) {
            let error = codes::upstream_lost("upstream session has ended", Outcome::Unknown, true);
            let word = Word::Refused(error);
            return ForClient::Told(Told { word, requests: InputRequests::default() });
        }
        state.waiting.retain(|(it, _)| *it != waiter);
        state.waiting.push((waiter, cx.waker().clone()));
        ForClient::Waits
    }

    /// Until when further questions are waited for.
    pub(crate) fn collects_until(&self) -> Option<Instant> {
        let state = self.state.lock();
        let until = state.parked.poll_timeout().filter(|_| state.parked.reads());
        until.map(Instant::from_std)
    }

    /// From now on a driver does the machine's actions.
    pub(crate) fn begin_driver(&self) {
        self.state.lock().driver = Driver::Running(None);
    }

    /// The driver has ended: clients that wait are told.
    pub(crate) fn end_driver(&self) {
        let mut state = self.state.lock();
        state.driver = Driver::Gone;
        state.wake_waiting();
    }

    /// The driver has stopped reading the upstream: the client that reads polls it anew.
    pub(crate) fn wake_reader(&self) {
        wake(self.state.lock().reader.take());
    }

    /// Whether an answer is stored before it is told.
    pub(crate) fn has_driver(&self) -> bool {
        matches!(self.state.lock().driver, Driver::Running(_))
    }

    /// Ready when the machine was changed since `seen`, which then counts that change.
    pub(crate) fn poll_changes(&self, seen: &mut u32, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        if state.changes != *seen {
            *seen = state.changes;
            return Poll::Ready(());
        }
        if let Driver::Running(waker) = &mut state.driver {
            *waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// The next action for the driver. Those that concern clients are done on the way.
    pub(crate) fn next_action(&self) -> Option<Action> {
        let mut state = self.state.lock();
        loop {
            match state.parked.poll_action()? {
                Action::Tell(waiter, word) => state.tell(waiter, word),
                Action::Lead(waiter) => state.wake(waiter),
                action => return Some(action),
            }
        }
    }

    /// The store has taken the record, or has refused it.
    pub(crate) fn stored(&self, outcome: Result<(), Fenced>) {
        self.work(|parked, now| parked.handle_stored(outcome, now));
    }
}

impl CallState {
    fn tell(&mut self, waiter: Waiter, word: Word) {
        let requests = match &word {
            Word::Asked(_) => self.parked.requests(),
            Word::Last(_) | Word::Refused(_) => InputRequests::default(),
        };
        if self.told.len() >= TOLD_MAX {
            // The oldest word is for a client that has gone.
            self.told.remove(0);
        }
        self.told.push((waiter, Told { word, requests }));
        self.wake(waiter);
    }

    fn wake_waiting(&mut self) {
        for (_, waker) in std::mem::take(&mut self.waiting) {
            waker.wake();
        }
    }

    fn wake(&mut self, waiter: Waiter) {
        if let Some(index) = self.waiting.iter().position(|(it, _)| *it == waiter) {
            self.waiting.swap_remove(index).1.wake();
        }
        wake(self.reader.take());
    }
}

fn is_progress(message: &Message) -> bool {
    message.method().is_some_and(|it| Method::parse(&it) == Method::Progress)
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Notifications that wait for the client.
const OUT_MAX: usize = 64;

/// Bytes of these messages.
const OUT_BYTES_MAX: usize = 8 << 20;

/// Words for clients: more than can wait at once.
const TOLD_MAX: usize = 32;
