//! Our ids of running calls, by the ids that their callers gave them.

use std::collections::BTreeSet;

use eyot_jsonrpc::{Id, UpstreamId};

/// The running calls of one connection. Two of them may have one caller's id.
///
/// Most connections run a few calls at once, for which a list is the cheapest. Of a connection that
/// many clients share thousands may run: none of the methods looks at all of them.
#[derive(Debug, Default)]
pub(crate) struct RunningCalls {
    few: Vec<(Id, UpstreamId)>,
    /// The calls that began when the list was full. Boxed, because few connections ever have any.
    many: Option<Box<Many>>,
}

#[derive(Debug, Default)]
struct Many(BTreeSet<(Id, UpstreamId)>);

impl RunningCalls {
    /// Adds a call under our id.
    pub(crate) fn begin(&mut self, id: Id, ours: UpstreamId) {
        if self.few.len() < FEW_MAX {
            self.few.push((id, ours));
        } else {
            self.many.get_or_insert_default().0.insert((id, ours));
        }
    }

    /// Removes the call that was added under these ids.
    pub(crate) fn end(&mut self, id: &Id, ours: UpstreamId) {
        if let Some(place) = self.few.iter().position(|it| it.1 == ours) {
            self.few.swap_remove(place);
        } else if let Some(many) = &mut self.many {
            many.0.remove(&(id.clone(), ours));
        }
    }

    /// Our id of the call that its caller calls `id`; of several, the one that began first.
    pub(crate) fn find(&self, id: &Id) -> Option<UpstreamId> {
        let few = self.few.iter().filter(|it| it.0 == *id).map(|it| it.1).min();
        let many = self.many.as_ref().and_then(|it| it.0.range((id.clone(), FIRST)..).next());
        let many = many.filter(|it| it.0 == *id).map(|it| it.1);
        few.into_iter().chain(many).min()
    }
}

/// Calls that are looked through.
const FEW_MAX: usize = 16;
/// No id is before this one.
const FIRST: UpstreamId = UpstreamId::new(0);

#[cfg(test)]
mod tests;
