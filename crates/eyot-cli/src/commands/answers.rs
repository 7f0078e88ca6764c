//! Answers to the questions that a server asks the user.

use std::collections::VecDeque;
use std::io::IsTerminal as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use eyot::ErrorObject;
use eyot::jsonrpc::INTERNAL_ERROR;
use eyot::types::{ElicitAction, ElicitMode, ElicitParams, ElicitResult};
use tokio::io::BufReader;
use tokio::sync::Semaphore;

use super::form::{self, Terminal};
use crate::args::Answer;
use crate::writer::{self, Lines, say};
use eyot_terminal::escaped;

/// Answers the questions of one server.
pub(super) struct Answers {
    /// The server as the user has named it.
    place: String,
    /// What the server calls itself; unknown before it has said so.
    name: OnceLock<String>,
    source: Source,
}

/// The source of answers.
pub(super) enum Source {
    /// The flags: the last one answers every question that follows.
    Given(Mutex<VecDeque<Answer>>),
    /// The user at the terminal, one question at a time.
    Terminal(Semaphore),
    /// There is no user.
    Unattended,
}

impl Source {
    pub(super) fn new(given: Vec<Answer>) -> Self {
        let is_manned = std::io::stdin().is_terminal() && writer::is_stderr_terminal();
        match (given.is_empty(), is_manned) {
            (false, _) => Self::Given(Mutex::new(given.into())),
            (true, true) => Self::Terminal(Semaphore::new(1)),
            (true, false) => Self::Unattended,
        }
    }

    /// Whether there is a user who could look at a web page.
    pub(super) fn has_pages(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }
}

impl Answers {
    /// Answers the server at a place with what comes from a source.
    pub(super) fn new(place: &str, source: Source) -> Self {
        Self { place: place.to_owned(), name: OnceLock::new(), source }
    }

    /// Learns what the server calls itself.
    pub(super) fn learn_name(&self, name: String) {
        self.name.get_or_init(|| name);
    }

    /// The server, on one line: where it is comes first, because its name can be any.
    fn server(&self) -> String {
        let place = escaped(&self.place);
        match self.name.get() {
            None => format!("the server `{place}`"),
            Some(name) => {
                let name: String = name.chars().take(NAME_CHARS_MAX).collect();
                format!("the server `{place}`, which calls itself `{}`,", escaped(&name))
            }
        }
    }

    /// Answers one question.
    pub(super) async fn answer(&self, asked: ElicitParams) -> Result<ElicitResult, ErrorObject> {
        match &self.source {
            Source::Terminal(turns) => {
                let turn = turns.acquire().await;
                let answer = ask(&self.server(), asked).await;
                drop(turn);
                let failed = |error: std::io::Error| {
                    ErrorObject::new(INTERNAL_ERROR, format!("the terminal failed: {error}"))
                };
                answer.map_err(failed)
            }
            Source::Given(given) => {
                self.tell(&asked, "answered as --answer says");
                Ok(match next(given) {
                    Some(Answer::Accept(content)) => ElicitResult::accept(content),
                    Some(Answer::Cancel) => ElicitResult::new(ElicitAction::Cancel),
                    Some(Answer::Decline) | None => ElicitResult::new(ElicitAction::Decline),
                })
            }
            Source::Unattended => {
                self.tell(&asked, "declined; --answer answers it");
                Ok(ElicitResult::new(ElicitAction::Decline))
            }
        }
    }

    fn tell(&self, asked: &ElicitParams, what: &str) {
        say(&format!("{} asks ({what}):", self.server()));
        // When stderr is gone, there is no other place for it.
        drop(Lines::stderr().quote(&asked.message));
    }
}

fn next(given: &Mutex<VecDeque<Answer>>) -> Option<Answer> {
    let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
    match given.len() {
        0 | 1 => given.front().cloned(),
        _ => given.pop_front(),
    }
}

async fn ask(server: &str, asked: ElicitParams) -> std::io::Result<ElicitResult> {
    let mut terminal =
        Terminal { input: BufReader::new(tokio::io::stdin()), output: Lines::stderr() };
    let asked_by = (server, asked.message.as_str());
    if asked.mode == Some(ElicitMode::Url) {
        let url = asked.url.as_deref().unwrap_or_default();
        return form::page(asked_by, url, &mut terminal).await;
    }
    let questions = asked.requested_schema.unwrap_or_default();
    form::fill_in(asked_by, &questions, &mut terminal).await
}

/// Characters of a server's own name that are shown.
const NAME_CHARS_MAX: usize = 64;
