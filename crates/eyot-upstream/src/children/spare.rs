//! One child that is started before it is needed.
//!
//! It has been told nothing yet, so that it fits every client. Where each call has a child to
//! itself, the next one does not wait for its child to start.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use eyot_service::MessageIo as _;
use eyot_stdio::{Child, ChildLimits, Command};
use futures_util::FutureExt as _;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::books::Owner;
use super::{ChildPermit, Children};

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
    child: Child,
    permit: ChildPermit,
}

/// Which child is to spare, and for which principal it is counted until one takes it.
#[derive(Debug)]
pub(crate) struct SpareOf {
    pub(crate) command: Command,
    pub(crate) owner: Owner,
    pub(crate) limits: ChildLimits,
}

impl Children {
    /// The task that has one such child started soon, if there is room for it, because calls have
    /// children to themselves. It closes the child when no call needs it for long, and when
    /// `shutdown` begins. `None`: there is such a task already, and it has been told.
    pub(crate) fn keep_spare(
        &self,
        spare: SpareOf,
        shutdown: CancellationToken,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let was_kept = std::mem::replace(&mut self.0.spare.state.lock().is_kept, true);
        if was_kept {
            self.0.spare.wanted.notify_one();
            return None;
        }
        let keeper = Keeper { children: self.clone(), spare, shutdown };
        Some(keeper.run())
    }

    /// The spare child, if it is one of this command, lives, and this principal may have it.
    pub(crate) fn take_spare(
        &self,
        command: &Command,
        owner: Option<&Arc<str>>,
    ) -> Option<(Child, ChildPermit)> {
        let mut state = self.0.spare.state.lock();
        let spare = state.spare.take_if(|it| it.command == *command)?;
        drop(state);
        let Spare { mut child, mut permit, .. } = spare;
        // It has not been asked anything: whatever it does now is its end.
        let is_alive = poll_fn(|cx| child.poll_message(cx)).now_or_never().is_none();
        (is_alive && permit.give_to(owner)).then_some((child, permit))
    }

    /// Closes the spare child; `false`: there is none.
    pub(super) fn close_spare(&self) -> bool {
        let spare = self.0.spare.state.lock().spare.take();
        spare.is_some()
    }
}

/// Keeps the spare child.
struct Keeper {
    children: Children,
    spare: SpareOf,
    shutdown: CancellationToken,
}

impl Keeper {
    /// Returns when no call has needed the spare for long.
    async fn run(self) {
        let place = &self.children.0.spare;
        let keeping = pin!(async {
            loop {
                self.fill();
                let wanted = tokio::time::timeout(SPARE_IDLE, place.wanted.notified()).await;
                if wanted.is_err() {
                    return;
                }
            }
        });
        self.shutdown.run_until_cancelled(keeping).await;
        let spare = {
            let mut state = place.state.lock();
            state.is_kept = false;
            state.spare.take()
        };
        if let Some(Spare { child, .. }) = spare {
            child.close().await;
        }
    }

    fn fill(&self) {
        let Self { children, spare: SpareOf { command, owner, limits }, .. } = self;
        if children.0.spare.state.lock().spare.is_some() {
            return;
        }
        let Some(permit) = children.admit_now(owner) else { return };
        match Child::spawn(command, *limits) {
            Ok(child) => {
                let spare = Spare { command: command.clone(), child, permit };
                children.0.spare.state.lock().spare = Some(spare);
            }
            Err(error) => tracing::debug!(%error, "no spare child"),
        }
    }
}

/// How long the spare child waits for a call.
const SPARE_IDLE: Duration = Duration::from_secs(60);
