//! What an interceptor says of itself, in the words and the form of SEP-2624.

use eyot_types::JsonObject;
use serde::{Deserialize, Deserializer, Serialize};

/// What an interceptor is: its name, its kind, what it hooks, and how it would like to be run.
///
/// On the wire this is an entry of `interceptors/list`; what has its default is left out there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "reading::AnyDescriptor", rename_all = "camelCase")]
#[non_exhaustive]
pub struct Descriptor {
    /// The name; unique among the interceptors of one server.
    pub name: String,
    /// The version, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it does, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it judges payloads or changes them.
    #[serde(rename = "type")]
    pub kind: InterceptorKind,
    /// What it wants to see. It is never shown anything else.
    pub hooks: Vec<Hook>,
    /// Whether its word counts, unless its user decides otherwise.
    #[serde(skip_serializing_if = "Mode::is_active")]
    pub mode: Mode,
    /// Whether messages pass when it fails, unless its user decides otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fail_open: bool,
    /// Its place among the mutators, unless its user decides otherwise.
    #[serde(skip_serializing_if = "Priority::is_zero")]
    pub priority_hint: Priority,
    /// The revisions of the protocol that it knows. `None`: it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compat: Option<Compat>,
    /// The schema of its `config`. `None`: it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_schema: Option<JsonObject>,
}

/// What an interceptor does with payloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "SEP-2624 has these two types and no third")]
pub enum InterceptorKind {
    /// Judges a payload and never changes it.
    Validation,
    /// May put another payload in the place of a payload.
    Mutation,
}

/// The half of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "an operation is asked for and answered")]
pub enum Phase {
    /// It is asked for: the payload is `params`.
    Request,
    /// It is answered: the payload is `result`.
    Response,
}

impl Phase {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

/// The events that an interceptor wants to see in one phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hook {
    /// Names of events; `*` is every event that is no notification, and `tools/*` those that begin
    /// with `tools/`.
    pub events: Vec<String>,
    /// The phase.
    pub phase: Phase,
}

impl Hook {
    /// A hook to these events.
    pub fn new<S: Into<String>>(phase: Phase, events: impl IntoIterator<Item = S>) -> Self {
        Self { events: events.into_iter().map(Into::into).collect(), phase }
    }
}

/// Whether the word of an interceptor counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "SEP-2624 has these two modes")]
pub enum Mode {
    /// It blocks and changes messages. Older texts call it `enforce`.
    #[default]
    #[serde(alias = "enforce")]
    Active,
    /// It is run and recorded, and changes nothing: "MUST NOT block", whatever happens in it.
    Audit,
}

impl Mode {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
    fn is_active(&self) -> bool {
        *self == Self::Active
    }
}

/// The place of a mutator among others: they run from the lowest number to the highest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "reading::AnyPriority", into = "reading::AnyPriority")]
#[expect(clippy::exhaustive_structs, reason = "made by its users")]
pub struct Priority {
    /// In the phase `request`.
    pub request: i32,
    /// In the phase `response`.
    pub response: i32,
}

impl Priority {
    /// One number for both phases.
    #[must_use]
    pub const fn both(number: i32) -> Self {
        Self { request: number, response: number }
    }

    /// The number of a phase.
    #[must_use]
    pub const fn of(self, phase: Phase) -> i32 {
        match phase {
            Phase::Request => self.request,
            Phase::Response => self.response,
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
    fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// The revisions of the protocol that an interceptor knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Compat {
    /// The first one.
    pub min_protocol: String,
    /// The last one. `None`: all that come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_protocol: Option<String>,
}

/// What is written, of the texts of all dates.
mod reading {
    use super::{
        Compat, Descriptor, Deserialize, Deserializer, Hook, InterceptorKind, JsonObject, Mode,
        Phase, Priority, Serialize,
    };

    /// A descriptor as it may be written.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct AnyDescriptor {
        name: String,
        version: Option<String>,
        description: Option<String>,
        #[serde(rename = "type")]
        kind: InterceptorKind,
        #[serde(default)]
        hooks: Vec<AnyHook>,
        /// The texts until 2026-03 have one hook.
        hook: Option<AnyHook>,
        #[serde(default)]
        mode: Mode,
        #[serde(default)]
        fail_open: bool,
        #[serde(default)]
        priority_hint: Priority,
        compat: Option<Compat>,
        config_schema: Option<JsonObject>,
    }

    #[derive(Deserialize)]
    struct AnyHook {
        events: Vec<String>,
        #[serde(deserialize_with = "phases")]
        phase: Vec<Phase>,
    }

    /// One phase, or `both`.
    fn phases<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Phase>, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Word {
            Request,
            Response,
            Both,
        }
        Ok(match Word::deserialize(from)? {
            Word::Request => vec![Phase::Request],
            Word::Response => vec![Phase::Response],
            Word::Both => vec![Phase::Request, Phase::Response],
        })
    }

    impl From<AnyDescriptor> for Descriptor {
        fn from(it: AnyDescriptor) -> Self {
            let hooks = it.hooks.into_iter().chain(it.hook).flat_map(|hook| {
                let events: Vec<_> = hook.events.into_iter().map(without_phase).collect();
                hook.phase.into_iter().map(move |phase| Hook { events: events.clone(), phase })
            });
            Self {
                hooks: hooks.collect(),
                name: it.name,
                version: it.version,
                description: it.description,
                kind: it.kind,
                mode: it.mode,
                fail_open: it.fail_open,
                priority_hint: it.priority_hint,
                compat: it.compat,
                config_schema: it.config_schema,
            }
        }
    }

    /// Older texts write `*/request` and `*/response`.
    fn without_phase(event: String) -> String {
        match event.as_str() {
            "*/request" | "*/response" => "*".to_owned(),
            _ => event,
        }
    }

    /// One number, or one for each phase.
    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    pub(super) enum AnyPriority {
        Both(i32),
        Each {
            #[serde(default)]
            request: i32,
            #[serde(default)]
            response: i32,
        },
    }

    impl From<AnyPriority> for Priority {
        fn from(it: AnyPriority) -> Self {
            match it {
                AnyPriority::Both(number) => Self::both(number),
                AnyPriority::Each { request, response } => Self { request, response },
            }
        }
    }

    impl From<Priority> for AnyPriority {
        fn from(Priority { request, response }: Priority) -> Self {
            if request == response { Self::Both(request) } else { Self::Each { request, response } }
        }
    }
}

#[cfg(test)]
mod tests;
