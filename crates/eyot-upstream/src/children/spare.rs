//! One child that is started before it is needed.
//!
//! It has been told nothing yet, so that it fits every client. Where each call has a child to
//! itself, the next one does not wait for its child to start.

use std::sync::Arc;
use std::time::Duration;

use eyot_stdio::Command;
use futures_util::FutureExt as _;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Children, Owner};
use crate::driver;
use crate::line_link::LineLink;
use crate::target::Runtime;

/// The place of the one spare child.
#[derive(Debug, Default)]
pub(super) struct SparePlace {
    state: Mutex<State>,
    wanted: Notify,
}

#[derive(Debug, Default)]
struct State {
    spare: Option<Spare>,
    /// A task sees to it that there is one.
    is_kept: bool,
}

#[derive(Debug)]
struct Spare {
    command: Command,
    link: LineLink,
}

impl Children {
    /// Has one child of this command started soon, if there is room for it, because calls have
    /// children to themselves. It is closed when no call needs it for long.
    pub(crate) fn keep_spare(
        &self,
        command: &Command,
        owner: Option<&Arc<str>>,
        runtime: &Runtime,
    ) {
        let was_kept = std::mem::replace(&mut self.0.spare.state.lock().is_kept, true);
        if was_kept {
            self.0.spare.wanted.notify_one();
            return;
        }
        let keeper =
            Keeper { command: command.clone(), owner: owner.cloned(), runtime: runtime.clone() };
        driver::spawn(runtime, keeper.run());
    }

    /// The spare child, if it is one of this command, lives, and this principal may have it.
    pub(crate) fn take_spare(
        &self,
        command: &Command,
        owner: Option<&Arc<str>>,
    ) -> Option<LineLink> {
        let mut state = self.0.spare.state.lock();
        let Spare { mut link, .. } = state.spare.take_if(|it| it.command == *command)?;
        drop(state);
        // It has not been asked anything: whatever it does now is its end.
        let is_alive = link.next().now_or_never().is_none();
        (is_alive && link.give_to(owner)).then_some(link)
    }

    /// Closes the spare child; `false`: there is none.
    pub(super) fn close_spare(&self) -> bool {
        let spare = self.0.spare.state.lock().spare.take();
        spare.is_some()
    }
}

/// Keeps the spare child.
struct Keeper {
    command: Command,
    owner: Owner,
    runtime: Runtime,
}

impl Keeper {
    /// Returns when no call has needed the spare for long.
    async fn run(self) {
        let Runtime { children, shutdown, .. } = &self.runtime;
        let place = &children.0.spare;
        let keeping = async {
            loop {
                self.fill();
                let wanted = tokio::time::timeout(SPARE_IDLE, place.wanted.notified()).await;
                if wanted.is_err() {
                    return;
                }
            }
        };
        shutdown.run_until_cancelled(keeping).await;
        let spare = {
            let mut state = place.state.lock();
            state.is_kept = false;
            state.spare.take()
        };
        if let Some(Spare { link, .. }) = spare {
            link.close().await;
        }
    }

    fn fill(&self) {
        let children = &self.runtime.children;
        if children.0.spare.state.lock().spare.is_some() {
            return;
        }
        let Some(permit) = children.admit_now(&self.owner) else { return };
        match LineLink::start(&self.command, permit, &self.runtime) {
            Ok(link) => {
                let spare = Spare { command: self.command.clone(), link };
                children.0.spare.state.lock().spare = Some(spare);
            }
            Err(fault) => tracing::debug!(%fault, "no spare child"),
        }
    }
}

/// How long the spare child waits for a call.
const SPARE_IDLE: Duration = Duration::from_secs(60);
