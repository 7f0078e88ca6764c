//! Which server has a task.

use std::collections::{HashMap, VecDeque};

use eyot_jsonrpc::{MemberList, Members, Message};
use parking_lot::Mutex;

use crate::member::Member;

/// The servers of the tasks that were begun lately. A task that is not among them, because of a restart
/// for example, is looked for at each server.
#[derive(Debug, Default)]
pub(crate) struct TaskPlaces(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    members: HashMap<Box<str>, Member>,
    /// The oldest first.
    order: VecDeque<Box<str>>,
}

impl TaskPlaces {
    pub(crate) fn find(&self, task: &str) -> Option<Member> {
        self.0.lock().members.get(task).cloned()
    }

    /// Notes the task that an answer has begun, if it has.
    pub(crate) fn learn(&self, answer: &Message, member: &Member, tasks_max: usize) {
        let Some(task) = task_in(answer) else { return };
        let mut places = self.0.lock();
        if places.members.insert(task.clone(), member.clone()).is_some() {
            return;
        }
        places.order.push_back(task);
        if places.order.len() > tasks_max
            && let Some(oldest) = places.order.pop_front()
        {
            places.members.remove(&oldest);
        }
    }
}

/// The id of the task that an answer has begun: of 2025-11-25 in `task`, of the extension beside the
/// type of the result.
fn task_in(answer: &Message) -> Option<Box<str>> {
    answer.result()?;
    let members = MemberList::of(answer)?;
    let raw = match members.find("task") {
        Some(task) => Members::of(task)?.find(|(name, _)| name == "taskId")?.1,
        None => members.find("taskId")?,
    };
    serde_json::from_str(raw).ok()
}

#[cfg(test)]
mod tests;
