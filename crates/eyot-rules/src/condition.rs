//! The conditions of a rule, from the cheap ones to those that read the message.

use std::fmt;

use eyot_types::Era;

use crate::cel::Program;
use crate::check::Wanted;
use crate::glob::Globs;
use crate::path::{Path, Step, Twice, collect};
use crate::subject::{Direction, Transport};
use crate::truth::{Truth, Undecidable};
use crate::view::{Part, Source, View, default_hint};

/// One condition.
#[derive(Debug)]
pub(crate) enum Condition {
    /// A text that is known of the message is like one of these.
    Text(Field, Globs),
    Direction(Direction),
    Eras(Vec<Era>),
    Transports(Vec<Transport>),
    /// The values of a place are so.
    Value(Source, Path, Wanted),
    /// The expression is true.
    When(Program),
}

/// A text that is known of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Method,
    Item(&'static str),
    Server,
    Session,
    Principal,
    /// Any one of them.
    Scope,
    Client,
    ClientVersion,
    Remote,
}

impl Condition {
    /// Whether it holds.
    pub(crate) fn holds(&self, view: &View<'_>) -> Result<Truth, Undecidable> {
        let subject = view.subject;
        Ok(match self {
            Self::Text(field, globs) => field.is_like(view, globs).into(),
            Self::Direction(direction) => (subject.direction == *direction).into(),
            Self::Eras(eras) => subject.era.is_some_and(|it| eras.contains(&it)).into(),
            Self::Transports(transports) => {
                subject.transport.is_some_and(|it| transports.contains(&it)).into()
            }
            Self::Value(source, path, wanted) => is_so(*source, path, wanted, view)?,
            Self::When(program) => program.holds(view)?,
        })
    }

    /// What it found in the message, for people.
    pub(crate) fn found(&self, view: &View<'_>) -> String {
        let subject = view.subject;
        let found = match self {
            Self::Text(field, _) => match field.texts(view) {
                Texts::One(text) => text.map(str::to_owned),
                Texts::Scopes(scopes) => scopes.map(|it| it.join(", ")),
            },
            Self::Direction(_) => Some(subject.direction.as_str().to_owned()),
            Self::Eras(_) => subject.era.map(|it| it.as_str().to_owned()),
            Self::Transports(_) => subject.transport.map(|it| it.as_str().to_owned()),
            Self::Value(source, path, _) => match source.part(view) {
                Part::Text(text) => path.values(text, Twice::All).ok().map(|it| it.join(", ")),
                Part::Absent => None,
                Part::Unknown => Some("anything".to_owned()),
            },
            Self::When(_) => return String::new(),
        };
        let found = found.filter(|it| !it.is_empty());
        found.map_or_else(|| "nothing".to_owned(), |it| shortened(&it))
    }
}

/// A text as a line may show it.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

enum Texts<'a> {
    One(Option<&'a str>),
    Scopes(Option<&'a [Box<str>]>),
}

impl Field {
    fn texts<'a>(self, view: &'a View<'_>) -> Texts<'a> {
        let subject = view.subject;
        Texts::One(match self {
            Self::Method => Some(subject.method),
            Self::Item(_) => view.item(),
            Self::Server => subject.server,
            Self::Session => subject.session,
            Self::Principal => subject.principal,
            Self::Scope => return Texts::Scopes(subject.scopes),
            Self::Client => subject.client,
            Self::ClientVersion => subject.client_version,
            Self::Remote => subject.remote,
        })
    }

    fn is_like(self, view: &View<'_>, globs: &Globs) -> bool {
        let is_like = |text: &str| globs.matches(text);
        match self.texts(view) {
            Texts::One(text) => text.is_some_and(is_like),
            Texts::Scopes(scopes) => scopes.unwrap_or_default().iter().any(|it| is_like(it)),
        }
    }

    /// The word for it in a file of rules, and in expressions.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Item(kind) => kind,
            Self::Server => "server",
            Self::Session => "session",
            Self::Principal => "principal",
            Self::Scope => "scopes",
            Self::Client => "client",
            Self::ClientVersion => "client_version",
            Self::Remote => "remote",
        }
    }
}

/// Whether the values of a place are as wanted.
fn is_so(
    source: Source,
    path: &Path,
    wanted: &Wanted,
    view: &View<'_>,
) -> Result<Truth, Undecidable> {
    let (part, steps) = view.place(source, path.steps());
    let text = match part {
        Part::Text(text) => text,
        Part::Absent => "{}",
        Part::Unknown => {
            let named = match path.steps() {
                [Step::Member(name)] => view.naming_param(name),
                _ => None,
            };
            return Ok(named.map_or(Truth::Unknown, |it| wanted.holds([&*it]).into()));
        }
    };
    // Most places have one value, which needs no list.
    let (mut first, mut others) = (None, Vec::new());
    let found = collect(steps, text, Twice::Refuse, &mut |it| match first {
        Some(_) => others.push(it),
        None => first = Some(it),
    });
    found.map_err(|it| Undecidable(it.to_string()))?;
    if source == Source::Annotations && first.is_none() {
        first = path.root().and_then(|it| default_hint(it, text));
    }
    Ok(wanted.holds(first.into_iter().chain(others)).into())
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |it: &[&str]| it.join(" or ");
        match self {
            Self::Text(field, globs) => write!(f, "{} like {globs}", field.as_str()),
            Self::Direction(direction) => write!(f, "direction is {}", direction.as_str()),
            Self::Eras(eras) => {
                let eras: Vec<_> = eras.iter().map(|it| it.as_str()).collect();
                write!(f, "era is {}", words(&eras))
            }
            Self::Transports(transports) => {
                let transports: Vec<_> = transports.iter().map(|it| it.as_str()).collect();
                write!(f, "transport is {}", words(&transports))
            }
            Self::Value(source, path, wanted) => {
                write!(f, "{}.{path} {wanted}", source.as_str())
            }
            Self::When(program) => write!(f, "when {}", program.as_str()),
        }
    }
}

/// Characters of a value that an explanation shows.
const SHOWN_CHARS_MAX: usize = 80;
