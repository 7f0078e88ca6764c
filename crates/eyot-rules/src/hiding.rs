//! Which tools, prompts and resources a client sees: those that it could use in some way.

use std::borrow::Cow;

use eyot_jsonrpc::{Items, Members};
use eyot_types::codes::DENIED;

use crate::edit::{Splice, spliced};
use crate::path::range_in;
use crate::rule::{Mode, OnError};
use crate::rule_set::RuleSet;
use crate::subject::{Direction, Phase, Subject};
use crate::truth::{Truth, Undecidable};
use crate::verdict::{Decision, NOT_ALLOWED, decision_of, denial};
use crate::view::{View, member, member_text};

impl RuleSet {
    /// Whether the use of an item is denied, whatever the arguments are: then the item is to be
    /// seen nowhere. The subject is a request that uses it (`tools/call`, `prompts/get`,
    /// `resources/read`) with the item that it names; its parameters are not looked at.
    ///
    /// Decided by the rules of [`evaluate`](Self::evaluate), in their order: a rule that depends on
    /// the arguments could hold or not.
    #[must_use]
    pub fn hides(&self, subject: &Subject<'_>) -> bool {
        self.refusal(subject).is_some()
    }

    /// The result of a list (`tools/list`, `prompts/list`, `resources/list`,
    /// `resources/templates/list`) without the items that [`hides`](Self::hides) hides. All other
    /// bytes stay as they are. `None`: nothing is hidden.
    ///
    /// The subject says who asks, and its method is that of the list. What it says of annotations
    /// is not looked at: each tool has its own.
    #[must_use]
    pub fn visible(&self, subject: &Subject<'_>, result: &str) -> Option<String> {
        let list = List::of_method(subject.method)?;
        let mut splices = Vec::new();
        let of_list = Members::of(result)?.filter(|(key, _)| key == list.member);
        for (_, items) in of_list {
            self.hide_items(subject, &list, (items, result), &mut splices);
        }
        spliced(result, splices)
    }

    fn hide_items(
        &self,
        subject: &Subject<'_>,
        list: &List,
        (items, result): (&str, &str),
        splices: &mut Vec<Splice>,
    ) {
        let mut end = range_in(result, items).start + 1;
        let mut is_first_kept = true;
        for (number, item) in Items::of(items).into_iter().flatten().enumerate() {
            let range = range_in(result, item);
            let name = member_text(item, list.name);
            let subject = Subject {
                method: list.method,
                phase: Phase::Request,
                direction: Direction::ToServer,
                item: name.as_deref(),
                payload: None,
                request: None,
                arguments: None,
                annotations: member(item, "annotations"),
                ..*subject
            };
            if self.hides(&subject) {
                splices.push(Splice { range: end..range.end, text: String::new() });
            } else if std::mem::take(&mut is_first_kept) && number > 0 {
                splices.push(Splice { range: end..range.start, text: String::new() });
            }
            end = range.end;
        }
    }

    /// The rule that denies the use of an item whatever its arguments are, and how.
    fn refusal<'s>(&'s self, subject: &Subject<'_>) -> Option<(Option<&'s str>, Decision<'s>)> {
        let view = View::hypothetical(subject);
        let candidates = self.index.candidates(Phase::Request, subject.method);
        let mut from = 0;
        while let Some(number) = candidates.next(from, subject.item) {
            from = number + 1;
            let rule = self.rule(number)?;
            let Some(terminal) = &rule.terminal else { continue };
            if rule.mode == Mode::Audit {
                continue;
            }
            match rule.holds(&view) {
                Ok(Truth::No) => {}
                // It is where it should go already: other rules decide.
                Ok(_) if matches!(decision_of(terminal), Decision::Route(to) if subject.server == Some(to)) =>
                    {}
                Ok(Truth::Yes) if terminal.refuses() => {
                    return Some((Some(&rule.name), decision_of(terminal)));
                }
                // Some arguments are denied here, and perhaps all others further down.
                Ok(Truth::Unknown) if terminal.refuses() => {}
                Ok(Truth::Yes | Truth::Unknown) => return None,
                Err(Undecidable(_)) if rule.on_error == OnError::Skip => {}
                Err(Undecidable(_)) => {
                    return Some((Some(&rule.name), denial(DENIED, NOT_ALLOWED)));
                }
            }
        }
        let is_denied = self.denies_by_default(subject) && self.mode == Mode::Enforce;
        is_denied.then(|| (None, denial(DENIED, NOT_ALLOWED)))
    }

    /// The rule that hides what a `completion/complete` is about.
    pub(crate) fn hides_what_is_completed(
        &self,
        subject: &Subject<'_>,
    ) -> Option<(Option<&str>, Decision<'_>)> {
        if subject.method != "completion/complete" || subject.phase != Phase::Request {
            return None;
        }
        let reference = member(subject.payload?, "ref")?;
        let (method, name) = completed(reference)?;
        self.refusal(&Subject { method, item: Some(&name), payload: None, ..*subject })
    }
}

/// The method that uses what is completed, and its name.
fn completed(reference: &str) -> Option<(&'static str, Cow<'_, str>)> {
    match &*member_text(reference, "type")? {
        "ref/prompt" => Some(("prompts/get", member_text(reference, "name")?)),
        "ref/resource" => Some(("resources/read", member_text(reference, "uri")?)),
        _ => None,
    }
}

/// A list of a server.
pub(crate) struct List {
    /// The member of the result with the items.
    member: &'static str,
    /// The member of an item that names it.
    name: &'static str,
    /// The method that uses an item.
    pub(crate) method: &'static str,
}

impl List {
    /// The list that a method asks for.
    pub(crate) fn of_method(method: &str) -> Option<Self> {
        let (member, name, method) = match method {
            "tools/list" => ("tools", "name", "tools/call"),
            "prompts/list" => ("prompts", "name", "prompts/get"),
            "resources/list" => ("resources", "uri", "resources/read"),
            "resources/templates/list" => ("resourceTemplates", "uriTemplate", "resources/read"),
            _ => return None,
        };
        Some(Self { member, name, method })
    }
}
