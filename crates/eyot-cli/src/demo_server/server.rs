//! What comes in: messages, and the calls that they begin.

use std::collections::HashMap;
use std::io::Write;
use std::sync::mpsc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};

use eyot::jsonrpc::{ErrorObject, INVALID_REQUEST, Id, Incoming, Kind, Message, ScanLimits};
use eyot::types::{Method, codes};

use super::call::{Call, Client};
use super::open::Open;
use super::output::Output;
use super::waiting::{self, Run};

/// The server. Its two locks are leaves: nobody holds both.
pub(super) struct Server<'w> {
    pub(super) output: Output<'w>,
    state: Mutex<State>,
}

/// What the server remembers.
#[derive(Default)]
pub(super) struct State {
    /// The legacy client, from `initialize` on.
    pub(super) session: Option<Client>,
    /// Whether the session is subscribed to the greeting.
    pub(super) is_subscribed: bool,
    /// How often the greeting was touched.
    pub(super) touches: u64,
    /// The calls that go on while others come: what is not here is done or cancelled.
    pub(super) open: HashMap<Id, Open>,
    /// How many questions the client was asked: each gets an id of its own.
    pub(super) questions_asked: u64,
}

impl<'w> Server<'w> {
    /// A server that nobody has spoken to.
    pub(super) fn new(writer: &'w mut (dyn Write + Send)) -> Self {
        Self { output: Output::new(writer), state: Mutex::default() }
    }

    /// What the server remembers.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one line.
    pub(super) fn receive<'scope>(&'scope self, line: Vec<u8>, scope: &'scope Scope<'scope, '_>) {
        if line.trim_ascii().is_empty() {
            return;
        }
        match Incoming::parse(line.into(), &ScanLimits::default()) {
            Ok(Incoming::One(message)) => self.handle(message, scope),
            Ok(Incoming::Batch(messages)) if self.has_batches() => {
                messages.into_iter().for_each(|message| self.handle(message, scope));
            }
            Ok(Incoming::Batch(_)) => {
                let error = ErrorObject::new(INVALID_REQUEST, "Only 2025-03-26 has batches");
                self.output.send(&Message::error_response(None, &error));
            }
            Err(error) => {
                self.output.send(&Message::error_response(error.id(), &error.error_object()));
            }
        }
    }

    fn has_batches(&self) -> bool {
        self.state().session.as_ref().is_some_and(|session| session.revision.has_batches())
    }

    fn handle<'scope>(&'scope self, message: Message, scope: &'scope Scope<'scope, '_>) {
        match (message.kind(), message.id()) {
            (Kind::Request, Some(id)) => self.begin(id, message, scope),
            (Kind::Response | Kind::Error, Some(id)) => self.deliver(&id, message),
            _ => self.heed(&message),
        }
    }

    fn begin<'scope>(&'scope self, id: Id, message: Message, scope: &'scope Scope<'scope, '_>) {
        let begun = self.read(&id, message).and_then(|call| {
            match (Method::parse(&call.method_name()), waiting::tool(&call)) {
                (Method::ToolsCall, Some(tool)) => self.spawn(call, tool, scope)?,
                (Method::SubscriptionsListen, _) => self.listen(&call)?,
                _ => self.output.send(&call.answer(self.answer(&call))),
            }
            Ok(())
        });
        if let Err(error) = begun {
            self.output.send(&Message::error_response(Some(id), &error));
        }
    }

    fn read(&self, id: &Id, message: Message) -> Result<Call, ErrorObject> {
        let state = self.state();
        if state.open.contains_key(id) {
            return Err(ErrorObject::new(INVALID_REQUEST, "The id belongs to another call"));
        }
        Call::read(id.clone(), message, state.session.as_ref())
    }

    /// Runs a tool beside the others.
    fn spawn<'scope>(
        &'scope self,
        call: Call,
        tool: Run,
        scope: &'scope Scope<'scope, '_>,
    ) -> Result<(), ErrorObject> {
        let id = call.id.clone();
        let (sender, mailbox) = mpsc::sync_channel(1);
        self.open(&id, Open::Running { mailbox: sender, question: None })?;
        let run = move || {
            // A cancelled call gets no answer, however far it came.
            if let Some(outcome) = tool(self, &call, &mailbox)
                && self.close(&call.id, &mailbox)
            {
                self.output.send(&call.answer(outcome));
            }
        };
        let spawned = Builder::new().name("tool".to_owned()).spawn_scoped(scope, run);
        spawned.map(drop).map_err(|_| {
            self.cancel(&id);
            codes::overloaded("threads")
        })
    }
}
