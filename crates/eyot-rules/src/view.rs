//! A message as rules look at it: lazily, and perhaps without its arguments.

use std::borrow::Cow;
use std::sync::OnceLock;

use eyot_jsonrpc::Members;
use eyot_types::Method;

use crate::json;
use crate::path::Step;
use crate::subject::{Phase, Subject};

/// A subject, its payload as it is by now, and what was read of it.
#[derive(Debug)]
pub(crate) struct View<'v> {
    pub(crate) subject: &'v Subject<'v>,
    payload: Part<'v>,
    item: OnceLock<Option<Cow<'v, str>>>,
}

/// The raw JSON of a part of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part<'v> {
    /// This text.
    Text(&'v str),
    /// There is none.
    Absent,
    /// It could be anything: the question is about messages that do not exist.
    Unknown,
}

impl<'v> View<'v> {
    /// A view of a message with this payload.
    pub(crate) fn new(subject: &'v Subject<'v>, payload: Option<&'v str>) -> Self {
        let payload = payload.map_or(Part::Absent, Part::Text);
        Self { subject, payload, item: OnceLock::new() }
    }

    /// A view of a request for the subject's item, whatever its parameters are.
    pub(crate) fn hypothetical(subject: &'v Subject<'v>) -> Self {
        Self { subject, payload: Part::Unknown, item: OnceLock::new() }
    }

    /// Where a place of a JSON value is to be looked for: a text, and the steps in it.
    pub(crate) fn place<'p>(&self, source: Source, steps: &'p [Step]) -> (Part<'v>, &'p [Step]) {
        match (source, steps, self.subject.arguments, self.payload) {
            (_, _, _, Part::Unknown) => (source.part(self), steps),
            (Source::Params, [Step::Member(name), below @ ..], Some(arguments), _)
                if name == "arguments" =>
            {
                (Part::Text(arguments), below)
            }
            _ => (source.part(self), steps),
        }
    }

    /// What a message names, as its parameters say.
    pub(crate) fn item_of(subject: &Subject<'v>) -> Option<Cow<'v, str>> {
        let params = match subject.phase {
            Phase::Request => subject.payload,
            Phase::Response => subject.request,
        };
        item_of(subject.method, params?)
    }

    /// The parameters of the request, which a result answers or which it is.
    pub(crate) fn params(&self) -> Part<'v> {
        match self.subject.phase {
            Phase::Request => self.payload,
            Phase::Response => self.subject.request.map_or(Part::Absent, Part::Text),
        }
    }

    /// The result, if the message is one.
    pub(crate) const fn result(&self) -> Part<'v> {
        match self.subject.phase {
            Phase::Request => Part::Absent,
            Phase::Response => self.payload,
        }
    }

    /// The annotations in the definition of the tool. Without any there are none to read.
    pub(crate) const fn annotations(&self) -> Part<'v> {
        match self.subject.annotations {
            Some(text) => Part::Text(text),
            None => Part::Text("{}"),
        }
    }

    /// The parameter that names the item, as JSON: it is known even where the others could be
    /// anything.
    pub(crate) fn naming_param(&self, name: &str) -> Option<String> {
        let kind = ItemKind::of_method(self.subject.method)?;
        (kind.member() == name).then(|| self.item().map(json::quoted))?
    }

    /// The name of the tool or prompt, or the URI of the resource.
    pub(crate) fn item(&self) -> Option<&str> {
        let read = || match self.params() {
            Part::Text(params) => item_of(self.subject.method, params),
            Part::Absent | Part::Unknown => None,
        };
        match self.subject.item {
            Some(item) => Some(item),
            None => self.item.get_or_init(read).as_deref(),
        }
    }
}

/// A JSON value that belongs to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Params,
    Result,
    Annotations,
}

impl Source {
    /// Its text in a message.
    pub(crate) fn part<'v>(self, view: &View<'v>) -> Part<'v> {
        match self {
            Self::Params => view.params(),
            Self::Result => view.result(),
            Self::Annotations => view.annotations(),
        }
    }

    /// The word for it in a file of rules.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Params => "params",
            Self::Result => "result",
            Self::Annotations => "annotations",
        }
    }
}

/// What kind of thing a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemKind {
    Tool,
    Prompt,
    Resource,
}

impl ItemKind {
    /// The word for it in a file of rules.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
        }
    }

    /// The methods whose parameters name such an item; the first one uses it.
    pub(crate) const fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Tool => &["tools/call"],
            Self::Prompt => &["prompts/get"],
            Self::Resource => &["resources/read", "resources/subscribe", "resources/unsubscribe"],
        }
    }

    /// The kind of item that the parameters of a method name.
    pub(crate) fn of_method(method: &str) -> Option<Self> {
        match Method::parse(method) {
            Method::ToolsCall => Some(Self::Tool),
            Method::PromptsGet => Some(Self::Prompt),
            Method::ResourcesRead | Method::ResourcesSubscribe | Method::ResourcesUnsubscribe => {
                Some(Self::Resource)
            }
            _ => None,
        }
    }

    /// The member of the parameters that names it.
    pub(crate) const fn member(self) -> &'static str {
        match self {
            Self::Tool | Self::Prompt => "name",
            Self::Resource => "uri",
        }
    }
}

fn item_of<'v>(method: &str, params: &'v str) -> Option<Cow<'v, str>> {
    member_text(params, ItemKind::of_method(method)?.member())
}

/// The text that a member of an object is.
pub(crate) fn member_text<'v>(object: &'v str, name: &str) -> Option<Cow<'v, str>> {
    member(object, name).and_then(json::text)
}

/// The first member of this name in an object. In `params` the scan lets none be twice.
pub(crate) fn member<'v>(object: &'v str, name: &str) -> Option<&'v str> {
    Members::of(object)?.find(|(key, _)| key == name).map(|(_, value)| value)
}

/// What a hint that is not given means: "destructiveHint […] Default: true", "openWorldHint […]
/// Default: true", and false for the others (2025-11-25, schema, `ToolAnnotations`).
pub(crate) fn default_hint(name: &str, annotations: &str) -> Option<&'static str> {
    match name {
        // It "is meaningful only when `readOnlyHint == false`".
        "destructiveHint" => {
            let is_read_only = member(annotations, "readOnlyHint") == Some("true");
            Some(if is_read_only { "false" } else { "true" })
        }
        "openWorldHint" => Some("true"),
        "readOnlyHint" | "idempotentHint" => Some("false"),
        _ => None,
    }
}
