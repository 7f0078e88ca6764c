//! Keeps a plan up to date, and asks the validators in audit mode.

use std::fmt;

use eyot_interceptors::{Descriptor, Interceptor, Interceptors, Plan, PlanError};
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, FuturesUnordered, SelectAll};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::assembly::Assembly;
use crate::audit::AuditQueue;
use crate::error::PlanReplaceError;
use crate::watcher::Watcher;

/// A plan that changes with the servers whose interceptors it has. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LivePlan {
    interceptors: Interceptors,
    orders: mpsc::Sender<Order>,
}

impl LivePlan {
    /// The plan, for layers.
    #[must_use]
    pub const fn interceptors(&self) -> &Interceptors {
        &self.interceptors
    }

    /// Puts other steps of this process into the place of those that there are. Calls that have begun
    /// keep their plan.
    ///
    /// # Errors
    ///
    /// With these steps there is no plan, and that of before stays; or the driver has ended.
    ///
    /// # Cancel safety
    ///
    /// The steps may have been replaced.
    pub async fn replace_steps(&self, steps: Vec<Interceptor>) -> Result<(), PlanReplaceError> {
        let (done, waiting) = oneshot::channel();
        let order = Order { steps, done };
        self.orders.send(order).await.map_err(|_| PlanReplaceError::Ended)?;
        waiting.await.map_err(|_| PlanReplaceError::Ended)?.map_err(PlanReplaceError::Plan)
    }
}

/// Replaces the steps of this process.
#[derive(Debug)]
struct Order {
    steps: Vec<Interceptor>,
    done: oneshot::Sender<Result<(), PlanError>>,
}

/// What keeps a plan up to date. It does nothing unless it runs.
#[must_use = "the plan does not follow its servers unless the driver runs"]
pub struct PlanDriver {
    interceptors: Interceptors,
    assembly: Assembly,
    /// Lists of servers, by their number.
    lists: SelectAll<BoxStream<'static, (usize, Vec<Descriptor>)>>,
    audits: FuturesUnordered<BoxFuture<'static, ()>>,
    orders: mpsc::Receiver<Order>,
    shutdown: CancellationToken,
}

impl PlanDriver {
    pub(crate) fn new(
        interceptors: Interceptors,
        assembly: Assembly,
        (watchers, audits): (Vec<Watcher>, Vec<AuditQueue>),
        shutdown: CancellationToken,
    ) -> (LivePlan, Self) {
        let (sender, orders) = mpsc::channel(ORDERS_MAX);
        let live = LivePlan { interceptors: interceptors.clone(), orders: sender };
        let lists = watchers
            .into_iter()
            .enumerate()
            .map(|(number, watcher)| watcher.lists().map(move |list| (number, list)).boxed());
        let lists = lists.collect();
        let audits = audits.into_iter().map(|it| it.drain().boxed()).collect();
        (live, Self { interceptors, assembly, lists, audits, orders, shutdown })
    }

    /// Follows the servers until the runtime ends: reads their lists again when they change, compiles
    /// the plan anew, and asks the validators in audit mode. A plan that is refused is told in the
    /// log, and that of before stays.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops this. The plan stays as it is, and so do the connections while it is
    /// used.
    pub async fn run(mut self) {
        let shutdown = self.shutdown.clone();
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                Some(Order { steps, done }) = self.orders.recv() => {
                    let replaced = self.assembly.replace_native(steps);
                    // It is no error that the asker has gone.
                    drop(done.send(replaced.map(|it| self.put(it))));
                }
                Some((number, list)) = self.lists.next() => {
                    if self.assembly.take(number, list) {
                        self.compile();
                    }
                }
                Some(()) = self.audits.next() => {}
                else => return,
            }
        }
    }

    fn compile(&mut self) {
        match self.assembly.compile() {
            Ok(compiled) => {
                self.put(compiled);
                tracing::info!("plan of interceptors follows a change of its servers");
            }
            Err(error) => {
                tracing::error!(%error, "changed interceptors are no plan: that of before stays");
            }
        }
    }

    fn put(&mut self, (plan, audits): (Plan, Vec<AuditQueue>)) {
        self.interceptors.replace(plan);
        self.audits.extend(audits.into_iter().map(|it| it.drain().boxed()));
    }
}

impl fmt::Debug for PlanDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanDriver")
            .field("interceptors", &self.interceptors)
            .finish_non_exhaustive()
    }
}

/// Orders that wait.
const ORDERS_MAX: usize = 16;
