//! The behaviours that fixtures name.

use std::collections::HashMap;
use std::sync::Arc;

use eyot::interceptors::{
    Edit, Failure, Interceptor, Mutator as _, Phase, Validation, Validator, View,
};
use eyot::jsonrpc::Json;
use eyot_guard::{Secrets, TaintGuard};
use parking_lot::Mutex;

/// The interceptor of a behaviour, without hooks.
pub(super) fn of(name: &str, behaviour: &str) -> Interceptor {
    match behaviour {
        "allow-all" => Interceptor::validator(name, |_: &View<'_>| Ok(Validation::PASS)),
        "deny-all" => {
            Interceptor::validator(name, |_: &View<'_>| Ok(Validation::deny("denied by policy")))
        }
        "require-note" => requires(name, |_| true),
        "require-uppercase-note" => requires(name, |note| note == note.to_uppercase()),
        "uppercase-note" => Interceptor::mutator(name, uppercase),
        "crash" => Interceptor::validator(name, |_: &View<'_>| -> Result<Validation, Failure> {
            panic!("it crashes")
        }),
        "cross-boundary-guard" => Interceptor::validator(name, Guard::new()),
        "secretless-redactor" => {
            let redactor = Secrets::known().redactor();
            Interceptor::mutator(name, move |view: &View<'_>| redactor.mutate(view))
        }
        other => panic!("unknown behaviour `{other}`"),
    }
}

fn note(view: &View<'_>) -> Result<Option<String>, Failure> {
    let note = view.at("/arguments/note")?;
    Ok(note.and_then(|it| serde_json::from_str(it).ok()))
}

fn requires(name: &str, is_right: fn(&str) -> bool) -> Interceptor {
    Interceptor::validator(name, move |view: &View<'_>| {
        Ok(match note(view)? {
            Some(note) if is_right(&note) => Validation::PASS,
            _ => Validation::deny("the note is not as it must be"),
        })
    })
}

fn uppercase(view: &View<'_>) -> Result<Edit, Failure> {
    match note(view)? {
        Some(note) if note != note.to_uppercase() => {
            let upper = Json::of(&note.to_uppercase()).unwrap();
            view.set("/arguments/note", &upper)
        }
        _ => Ok(Edit::Keep),
    }
}

/// The guard of the program, with the server that the fixtures mean.
///
/// They derive it from the name of the tool; and a result that is told over MCP comes without its
/// request, so it is that of the last request of its session.
struct Guard {
    guard: TaintGuard,
    last: Arc<Mutex<HashMap<String, Arc<str>>>>,
}

impl Guard {
    fn new() -> Self {
        let last: Arc<Mutex<HashMap<String, Arc<str>>>> = Arc::default();
        let known = Arc::clone(&last);
        let guard = TaintGuard::with_servers(Secrets::known(), move |view| {
            known.lock().get(session(view)).cloned()
        });
        Self { guard, last }
    }
}

impl Validator for Guard {
    fn validate(&self, view: &View<'_>) -> Result<Validation, Failure> {
        if let (Phase::Request, Some(server)) = (view.phase(), server_of(view)) {
            self.last.lock().insert(session(view).to_owned(), server.into());
        }
        self.guard.validate(view)
    }
}

fn session<'a>(view: &View<'a>) -> &'a str {
    view.origin().session_id().unwrap_or_default()
}

fn server_of(view: &View<'_>) -> Option<&'static str> {
    match view.name()?.as_ref() {
        "read_file" | "write_file" => Some("filesystem"),
        "write_query" => Some("sqlite"),
        _ => None,
    }
}
