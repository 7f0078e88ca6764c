//! Puts a plan together out of the steps of this process and those of other servers.

use std::collections::BTreeSet;
use std::sync::Arc;

use eyot_interceptors::{Descriptor, Interceptor, Interceptors, PlanOptions};
use eyot_service::Limits;
use eyot_upstream::Runtime;
use futures_util::future::join_all;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::assembly::{Assembly, Member};
use crate::callees::Callees;
use crate::driver::{LivePlan, PlanDriver};
use crate::error::PlanStartError;
use crate::link::Link;
use crate::remote::RemoteServer;
use crate::watcher::Watcher;

/// Puts a plan together out of the steps of this process and those of other servers.
#[derive(Debug)]
#[must_use]
pub struct PlanSource {
    options: PlanOptions,
    native: Vec<Interceptor>,
    servers: Vec<RemoteServer>,
    runtime: Option<Runtime>,
    callees: Callees,
}

impl PlanSource {
    /// A source without steps.
    pub fn new(options: PlanOptions) -> Self {
        let (native, servers, callees) = (Vec::new(), Vec::new(), Callees::default());
        Self { options, native, servers, runtime: None, callees }
    }

    /// Steps of this process.
    pub fn steps(mut self, steps: impl IntoIterator<Item = Interceptor>) -> Self {
        self.native.extend(steps);
        self
    }

    /// The interceptors of another server.
    pub fn server(mut self, server: RemoteServer) -> Self {
        self.servers.push(server);
        self
    }

    /// Where the interceptors of its servers can be called one by one, besides being steps. Sources can share
    /// one.
    pub fn callees(mut self, callees: &Callees) -> Self {
        self.callees = callees.clone();
        self
    }

    /// Where the connections live, and what ends them and the driver. A place of its own if this is
    /// not said.
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Connects to the servers, all at once, and compiles the plan of what they offer.
    ///
    /// The plan changes with its servers only while the driver runs, and so does audit: the caller
    /// spawns it.
    ///
    /// # Errors
    ///
    /// [`PlanStartError`]: a server that must be there is not, or there is no plan.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was opened.
    pub async fn start(self) -> Result<(LivePlan, PlanDriver), PlanStartError> {
        let Self { options, native, servers, runtime, callees } = self;
        let runtime = runtime.unwrap_or_else(|| {
            let limits = Arc::new(Limits::default());
            Runtime::new(TaskTracker::new(), CancellationToken::new(), limits)
        });
        check_names(&servers)?;
        let place = |it| start(it, (options, &callees), runtime.clone());
        let starting = servers.into_iter().map(place);
        let mut assembly = Assembly::new(options, native);
        let mut watchers = Vec::new();
        for started in join_all(starting).await {
            let (member, watcher) = started?;
            assembly.add(member);
            watchers.push(watcher);
        }
        let (plan, audits) = assembly.compile()?;
        let interceptors = Interceptors::new(plan);
        Ok(PlanDriver::new(interceptors, assembly, (watchers, audits), runtime.shutdown))
    }
}

/// Begins with one server.
async fn start(
    mut server: RemoteServer,
    (options, callees): (PlanOptions, &Callees),
    runtime: Runtime,
) -> Result<(Member, Watcher), PlanStartError> {
    server.bound_times(options.run_timeout);
    let link = Arc::new(Link::new(&server));
    let server = Arc::new(server);
    let mut watcher = Watcher::new(Arc::clone(&server), Arc::clone(&link), runtime);
    let callee = callees.add(Arc::clone(&server), Arc::clone(&link), options);
    let mut member = Member::new(Arc::clone(&server), link, callee);
    let name = || server.name.to_string();
    let waited = server.start_timeout;
    let list = match timeout(waited, Box::pin(watcher.read())).await {
        Ok(Ok(list)) => Ok(list),
        Ok(Err(source)) => Err(PlanStartError::Unusable { server: name(), source }),
        Err(_elapsed) => Err(PlanStartError::TooLate { server: name(), waited }),
    };
    match list {
        Ok(list) => {
            check_written(&server, &list)?;
            let refused = |source| PlanStartError::List { server: name(), source };
            member.take(list, options).map_err(refused)?;
        }
        Err(error) if server.is_optional => {
            let server = &*server.name;
            tracing::warn!(server, %error, "interceptors are not run: their server is missing");
        }
        Err(error) => return Err(error),
    }
    Ok((member, watcher))
}

fn check_names(servers: &[RemoteServer]) -> Result<(), PlanStartError> {
    let mut names = BTreeSet::new();
    match servers.iter().find(|it| !names.insert(&it.name)) {
        Some(twice) => Err(PlanStartError::ServerTwice { server: twice.name.to_string() }),
        None => Ok(()),
    }
}

/// What a user has written of interceptors must fit those that there are.
fn check_written(server: &RemoteServer, list: &[Descriptor]) -> Result<(), PlanStartError> {
    for name in server.names() {
        let Some(descriptor) = list.iter().find(|it| it.name == name) else {
            let offered: Vec<_> = list.iter().map(|it| format!("`{}`", it.name)).collect();
            let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
            let (server, name) = (server.name.to_string(), name.to_owned());
            return Err(PlanStartError::Unknown { server, name, offered });
        };
        let wanted = server.overrides.get(name).and_then(|it| it.hooks.as_ref());
        if let Some(hooks) = wanted {
            descriptor.check_within(hooks)?;
        }
    }
    Ok(())
}
