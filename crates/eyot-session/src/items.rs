//! What a session can have many of. Each is stored by itself, so that the last costs no more than
//! the first.

use std::collections::BTreeSet;

use eyot_jsonrpc::Id;

use crate::UpstreamName;

/// The subscriptions of a session, and the questions that its client owes an answer to.
///
/// One word as long as there is neither: most sessions have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionItems(Option<Box<Items>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Items {
    subscriptions: BTreeSet<Box<str>>,
    /// In the order of their ids.
    questions: Vec<OpenQuestion>,
}

/// A question that the upstream has asked in a session, and its client has not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenQuestion {
    /// The id under which the client knows it.
    pub id: Id,
    /// The client's id of the call that asks. `None`: it came on a stream that belongs to no call.
    pub call: Option<Id>,
}

/// A change of one of the items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemChange {
    /// The client has subscribed: see [`UpstreamName::subscription`].
    Subscribe(Box<str>),
    /// It does not want to hear of that any more.
    Unsubscribe(Box<str>),
    /// The upstream has asked. If a question of that id is open, this one takes its place.
    Ask(OpenQuestion),
    /// The question of that id is answered, withdrawn, or of no use any more.
    Settle(Id),
}

impl SessionItems {
    /// What the client has subscribed to, as [`UpstreamName::subscription`] writes it: for an upstream
    /// without a name that is the URI.
    pub fn subscriptions(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|it| &it.subscriptions).map(Box::as_ref)
    }

    /// The URIs of those at one upstream of the session.
    pub fn subscriptions_at<'a>(
        &'a self,
        upstream: &'a UpstreamName,
    ) -> impl Iterator<Item = &'a str> {
        self.subscriptions().filter_map(|it| upstream.uri_of(it))
    }

    /// How many there are.
    #[must_use]
    pub fn subscription_count(&self) -> usize {
        self.0.as_ref().map_or(0, |it| it.subscriptions.len())
    }

    /// Whether the client has this subscription.
    #[must_use]
    pub fn is_subscribed(&self, subscription: &str) -> bool {
        self.0.as_ref().is_some_and(|it| it.subscriptions.contains(subscription))
    }

    /// The open questions, in the order of their ids.
    #[must_use]
    pub fn questions(&self) -> &[OpenQuestion] {
        self.0.as_ref().map_or(&[], |it| &it.questions)
    }

    /// The open question of that id.
    #[must_use]
    pub fn question(&self, id: &Id) -> Option<&OpenQuestion> {
        let place = self.questions().binary_search_by(|it| it.id.as_raw().cmp(id.as_raw()));
        self.questions().get(place.ok()?)
    }

    /// Applies a change; `false` when things are so already.
    pub fn apply(&mut self, change: ItemChange) -> bool {
        let items = self.0.get_or_insert_default();
        let has_changed = match change {
            ItemChange::Subscribe(uri) => items.subscriptions.insert(uri),
            ItemChange::Unsubscribe(uri) => items.subscriptions.remove(&uri),
            ItemChange::Ask(question) => {
                let raw = question.id.as_raw();
                let place = items.questions.partition_point(|it| it.id.as_raw() < raw);
                match items.questions.get_mut(place).filter(|it| it.id == question.id) {
                    Some(known) => {
                        let has_changed = *known != question;
                        *known = question;
                        has_changed
                    }
                    None => {
                        items.questions.insert(place, question);
                        true
                    }
                }
            }
            ItemChange::Settle(id) => {
                let before = items.questions.len();
                items.questions.retain(|it| it.id != id);
                items.questions.len() < before
            }
        };
        if items.subscriptions.is_empty() && items.questions.is_empty() {
            self.0 = None;
        }
        has_changed
    }
}

impl FromIterator<ItemChange> for SessionItems {
    fn from_iter<I: IntoIterator<Item = ItemChange>>(changes: I) -> Self {
        let mut items = Self::default();
        for change in changes {
            items.apply(change);
        }
        items
    }
}

#[cfg(test)]
mod tests;
