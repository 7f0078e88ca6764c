//! Asks the user at the terminal for what a file wants to know.

use std::collections::HashMap;
use std::io::{BufRead as _, IsTerminal as _};
use std::sync::{Mutex, PoisonError};

use eyot_config::Input;
use eyot_stdx::Secret;
use rustix::termios::{self, LocalModes, OptionalActions, Termios};

use crate::writer;
use eyot_terminal::escaped;

/// What the user has said, so that each thing is asked once, also when a file is read again.
static SAID: Mutex<Option<HashMap<String, Secret<String>>>> = Mutex::new(None);

/// What the user says; `None` if there is no user, or the user says nothing.
pub(super) fn user(input: &Input) -> Option<String> {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let said = said.get_or_insert_default();
    if let Some(known) = said.get(&input.id) {
        return Some(known.expose().clone());
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() || !writer::is_stderr_terminal() {
        return None;
    }
    // What the file says is shown, and must not steer the terminal.
    let what = input.description.as_deref().unwrap_or(&input.id);
    let hidden = input.is_secret.then(Hidden::begin).flatten();
    let how = if hidden.is_some() { " (it is not shown)" } else { "" };
    writer::say(&format!("{}{how}:", escaped(what)));
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    drop(hidden);
    let answer = line.trim_end_matches(['\r', '\n']);
    if read.is_err() || answer.is_empty() {
        return None;
    }
    said.insert(input.id.clone(), Secret::new(answer.to_owned()));
    Some(answer.to_owned())
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden(Termios);

impl Hidden {
    /// `None`: it cannot be hidden.
    fn begin() -> Option<Self> {
        let before = termios::tcgetattr(std::io::stdin()).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        termios::tcsetattr(std::io::stdin(), OptionalActions::Flush, &quiet).ok()?;
        Some(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Err(error) = termios::tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0) {
            tracing::warn!(%error, "the terminal does not show again what is typed: run `stty echo`");
        }
    }
}
