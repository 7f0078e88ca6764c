//! Which messages rules can be about at all, and what they look at beside the message: found out once, for
//! drivers that bring no others, and nothing else.

use crate::action::{KeyPart, Step};
use crate::condition::{Condition, Field};
use crate::hiding::List;
use crate::price::Price;
use crate::rule::{Mode, OnError, Rule};
use crate::rule_set::{RuleSet, is_of_the_protocol};
use crate::subject::{Phase, Subject};
use crate::view::Source;

/// Something that rules can look at or ask for, beside a message and who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// [`Subject::client`] and [`Subject::client_version`].
    Client,
    /// [`Subject::remote`].
    Remote,
    /// [`Subject::annotations`].
    Annotations,
    /// What waits for the end of a request: permits, and debts for the bytes of its answer.
    Permits,
}

impl RuleSet {
    /// Whether a rule looks at this or asks for it. If none does, no rule tells whether it is known of a
    /// [`Subject`].
    #[must_use]
    pub fn needs(&self, need: Need) -> bool {
        let any = |is_so: &dyn Fn(&Rule) -> bool| self.rules.iter().any(is_so);
        let text = |field| any(&|it| it.all_conditions().any(|it| it.looks_at(field)));
        let key = |part| any(&|it| it.steps.iter().any(|it| it.counts_by(part)));
        match need {
            Need::Client => {
                text(Field::Client) || text(Field::ClientVersion) || key(KeyPart::Client)
            }
            Need::Remote => text(Field::Remote) || key(KeyPart::Remote),
            Need::Annotations => {
                any(&|it| it.all_conditions().any(|it| it.reads(Source::Annotations)))
            }
            Need::Permits => any(&|it| it.steps.iter().any(Step::waits_for_the_end)),
        }
    }

    /// Whether anything can become of messages of this method, whatever is in them. All others can go past
    /// the rules: an [evaluation](Self::evaluate) of them would allow them and say nothing, and
    /// [`visible`](Self::visible) would leave them as they are.
    ///
    /// A result that can be kept for other clients is of concern if its request is.
    #[must_use]
    pub fn concerns(&self, method: &str, phase: Phase) -> bool {
        if is_of_the_protocol(method) {
            return false;
        }
        let list = List::of_method(method);
        self.is_met_by(method, phase)
            || match phase {
                Phase::Request => {
                    method == "completion/complete"
                        && ["prompts/get", "resources/read"].iter().any(|it| self.can_hide(it))
                }
                Phase::Response => {
                    let can_be_kept = list.is_some() || method == "resources/read";
                    can_be_kept && self.is_met_by(method, Phase::Request)
                        || list.is_some_and(|it| self.can_hide(it.method))
                }
            }
    }

    /// Whether a rule is about messages of this method, or they are denied by default.
    fn is_met_by(&self, method: &str, phase: Phase) -> bool {
        let subject = Subject { method, phase, ..Subject::default() };
        self.denies_by_default(&subject) || self.rules.iter().any(|it| it.is_about(method, phase))
    }

    /// Whether the use of an item by this method can be denied whatever its arguments are.
    fn can_hide(&self, method: &str) -> bool {
        let can_refuse = |it: &Rule| match &it.terminal {
            Some(terminal) => terminal.refuses() || it.on_error == OnError::Deny,
            None => false,
        };
        let mut about = self.rules.iter().filter(|it| it.is_about(method, Phase::Request));
        self.denies_by_default(&Subject { method, ..Subject::default() })
            || about.any(|it| it.mode == Mode::Enforce && can_refuse(it))
    }
}

impl Rule {
    /// Whether it could be about messages of this method.
    fn is_about(&self, method: &str, phase: Phase) -> bool {
        let methods = self.concern.methods.as_ref();
        self.phase == phase && methods.is_none_or(|it| it.matches(method))
    }

    fn all_conditions(&self) -> impl Iterator<Item = &Condition> {
        self.conditions.iter().chain(&self.unless)
    }
}

impl Condition {
    /// Whether it looks at this text.
    fn looks_at(&self, field: Field) -> bool {
        match self {
            Self::Text(text, _) => *text == field,
            Self::When(program) => program.names(field.as_str()),
            Self::Direction(_) | Self::Eras(_) | Self::Transports(_) | Self::Value(..) => false,
        }
    }

    /// Whether it reads this JSON value.
    fn reads(&self, source: Source) -> bool {
        match self {
            Self::Value(value, ..) => *value == source,
            Self::When(program) => program.reads(source),
            Self::Text(..) | Self::Direction(_) | Self::Eras(_) | Self::Transports(_) => false,
        }
    }
}

impl Step {
    /// Whether something is done when the request is over.
    fn waits_for_the_end(&self) -> bool {
        match self {
            Self::Concurrency { .. } => true,
            Self::RateLimit { price, .. } => matches!(price, Price::ResponseBytes),
            Self::Delay(_) | Self::Call { .. } | Self::Edit(_) => false,
        }
    }

    /// Whether it has a quota for each value of this.
    fn counts_by(&self, part: KeyPart) -> bool {
        match self {
            Self::RateLimit { key, .. } | Self::Concurrency { key, .. } => key.contains(&part),
            Self::Delay(_) | Self::Call { .. } | Self::Edit(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
