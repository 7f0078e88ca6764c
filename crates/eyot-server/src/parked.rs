//! Calls at rest: handlers that wait for a modern client's next round.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use eyot_jsonrpc::{ErrorObject, Message};
use eyot_service::{ReplyFuture, SealedState};
use eyot_types::{JsonObject, codes};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::app::App;
use crate::call::context::CallContext;
use crate::call::exchange::QuestionName;
use crate::call::run::{CallReply, Run};
use crate::rounds::required::{Sealed, input_required};

/// The parked calls of one server.
#[derive(Debug)]
pub(crate) struct Parked {
    /// Tells a state of an earlier process from one of ours.
    process: u64,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    calls: HashMap<u64, Entry>,
    by_expiry: BTreeSet<(Instant, u64)>,
    by_principal: HashMap<Arc<str>, usize>,
    last: u64,
}

#[derive(Debug)]
struct Entry {
    run: Box<Run>,
    round: u32,
    expires: Instant,
}

impl Table {
    fn of_principal(&self, principal: Option<&Arc<str>>) -> usize {
        principal.and_then(|it| self.by_principal.get(it)).copied().unwrap_or(0)
    }

    fn insert(&mut self, call: u64, entry: Entry) {
        if let Some(principal) = entry.run.call().principal() {
            *self.by_principal.entry(Arc::clone(principal)).or_default() += 1;
        }
        self.by_expiry.insert((entry.expires, call));
        self.calls.insert(call, entry);
    }

    fn remove(&mut self, call: u64) -> Option<Entry> {
        let entry = self.calls.remove(&call)?;
        self.by_expiry.remove(&(entry.expires, call));
        if let Some(principal) = entry.run.call().principal()
            && let Some(count) = self.by_principal.get_mut(principal)
        {
            *count -= 1;
            if *count == 0 {
                self.by_principal.remove(principal);
            }
        }
        Some(entry)
    }
}

impl Parked {
    pub(crate) fn new() -> Self {
        let process = u64::from_le_bytes(eyot_stdx::random_bytes());
        Self { process, table: Mutex::default() }
    }

    /// Ends what has waited too long; its handlers are dropped.
    pub(crate) fn sweep(&self, now: Instant) {
        let mut expired = Vec::new();
        let mut table = self.table.lock();
        while let Some(&(expires, call)) = table.by_expiry.first()
            && expires <= now
        {
            expired.extend(table.remove(call));
        }
        drop(table);
        // Handlers are dropped without the lock: they may do anything then.
        drop(expired);
    }

    /// Ends everything.
    pub(crate) fn clear(&self) {
        let table = std::mem::take(&mut *self.table.lock());
        drop(table);
    }

    /// Calls that wait.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.table.lock().calls.len()
    }

    fn insert(&self, mut run: Box<Run>, app: &App) -> Result<(u64, u32), ErrorObject> {
        let now = Instant::now();
        self.sweep(now);
        let principal = run.call().principal().cloned();
        let mut table = self.table.lock();
        let of_principal = table.of_principal(principal.as_ref());
        let options = &app.options;
        if table.calls.len() >= options.parked_max
            || of_principal >= options.parked_per_principal_max
        {
            drop(table);
            return Err(codes::overloaded("parked calls"));
        }
        table.last += 1;
        let call = table.last;
        let round = run.next_round();
        table.insert(call, Entry { run, round, expires: now + options.round_timeout });
        Ok((call, round))
    }

    fn take(&self, process: u64, call: u64, round: u32) -> Option<Box<Run>> {
        if process != self.process {
            return None;
        }
        let mut table = self.table.lock();
        table.calls.get(&call).filter(|it| it.round == round)?;
        table.remove(call).map(|it| it.run)
    }
}

impl CallContext {
    /// Parks a call and says what its client must bring.
    pub(crate) fn park(run: Box<Run>) -> Message {
        let call = run.call().clone();
        let id = call.request_id();
        let app = Arc::clone(call.app());
        let requests = call.exchange().open_inputs();
        let parked = app.parked.insert(run, &app);
        let answer = parked.map(|(number, round)| {
            let sealed = Sealed::Parked { process: app.parked.process, call: number, round };
            input_required(requests, call.seal(&sealed))
        });
        match (answer, id) {
            (Ok(result), Some(id)) => Message::response(id, &app.stamp(&result)),
            (Ok(_), None) => Message::error_response(None, &SealedState::refused()),
            (Err(error), id) => Message::error_response(id, &error),
        }
    }
}

impl App {
    /// Goes on with a parked call, in its next round.
    ///
    /// A call can be taken once: of two equal retries the second is refused, so no answer is
    /// given twice.
    pub(crate) fn resume_parked(
        &self,
        (process, call, round): (u64, u64, u32),
        message: Message,
        responses: JsonObject,
    ) -> Result<ReplyFuture, ErrorObject> {
        self.parked.sweep(Instant::now());
        let run = self.parked.take(process, call, round).ok_or_else(SealedState::refused)?;
        run.call().begin_round(message);
        for (key, answer) in responses {
            // Whatever nobody asked for is not read.
            run.call().exchange().set_answer(&QuestionName::Key(key), Ok(answer));
        }
        Ok(Box::pin(CallReply(Some(*run))))
    }
}
