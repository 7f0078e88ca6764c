//! The plans of a proxy, out of the settings of files.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use eyot_interceptors::{Boundary, Interceptors, Plan};
use eyot_proxy::ProxyConfig;
use eyot_sidecar::LivePlan;
use eyot_upstream::Runtime;
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::FuturesUnordered;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::part::{Part, PartDrivers};
use crate::proxy_settings::{ProxySettings, about};
use crate::steps::{Read, SettingsProblem};

/// The plans of a proxy: those for all servers, and those of single ones.
pub struct Interception {
    runtime: Runtime,
    all: Part,
    own: Mutex<BTreeMap<String, Arc<Part>>>,
    /// What keeps parts up to date that are new.
    drivers: mpsc::Sender<PartDrivers>,
}

/// Keeps the plans up to date. It does nothing unless it runs.
#[must_use = "the plans do not follow their servers unless the driver runs"]
pub struct InterceptionDriver {
    running: FuturesUnordered<BoxFuture<'static, ()>>,
    more: mpsc::Receiver<PartDrivers>,
    runtime: Runtime,
}

impl InterceptionDriver {
    /// Follows the servers of interceptors until the runtime ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops this, and the plans stay as they are.
    pub async fn run(mut self) {
        loop {
            tokio::select! {
                biased;
                () = self.runtime.shutdown.cancelled() => return,
                Some(drivers) = self.more.recv() => self.running.push(run(drivers)),
                Some(()) = self.running.next() => {}
                else => return,
            }
        }
    }
}

fn run([one, other]: PartDrivers) -> BoxFuture<'static, ()> {
    Box::pin(async {
        futures_util::future::join(one.run(), other.run()).await;
    })
}

impl Interception {
    /// Reads what the settings name with `read`, connects to the servers of interceptors, and compiles
    /// the plans.
    ///
    /// # Errors
    ///
    /// All that is wrong with the settings, or the server that cannot be used.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was opened.
    pub async fn start(
        settings: &ProxySettings,
        read: Read<'_>,
        runtime: &Runtime,
    ) -> Result<(Self, InterceptionDriver), Vec<SettingsProblem>> {
        settings.check(read)?;
        let whose = settings.whose(None);
        let (all, drivers) = Part::start(&settings.all, (&whose, None), read, runtime).await?;
        let running = FuturesUnordered::new();
        running.push(run(drivers));
        let names: Vec<_> = settings.own.keys().map(String::as_str).collect();
        let mut own = BTreeMap::new();
        for (name, (part, drivers)) in begun(settings, (&names, &all), read, runtime).await? {
            running.push(run(drivers));
            own.insert(name, Arc::new(part));
        }
        let (drivers, more) = mpsc::channel(DRIVERS_MAX);
        let driver = InterceptionDriver { running, more, runtime: runtime.clone() };
        Ok((Self { runtime: runtime.clone(), all, own: Mutex::new(own), drivers }, driver))
    }

    /// Puts the plans for all, and those of the only server, into a proxy.
    pub fn apply(&self, config: &mut ProxyConfig) {
        config.downstream_interceptors = self.all.downstream_interceptors();
        config.upstream_interceptors.extend(self.all.upstream_interceptors());
        config.upstream_interceptors.extend(self.of_server(""));
    }

    /// What stands before the server of this name alone. `None`: nothing.
    #[must_use]
    pub fn of_server(&self, name: &str) -> Option<Interceptors> {
        self.own.lock().get(name).and_then(|it| it.upstream_interceptors())
    }

    /// The plan for all at each boundary, as it is now.
    #[must_use]
    pub fn plans(&self) -> [(Boundary, Arc<Plan>); 2] {
        let plan = |it: &LivePlan| it.interceptors().plan();
        let Part { downstream, upstream, .. } = &self.all;
        [(Boundary::Downstream, plan(downstream)), (Boundary::Upstream, plan(upstream))]
    }

    /// The plan of each server that has one of its own, as it is now.
    #[must_use]
    pub fn own_plans(&self) -> Vec<(String, Arc<Plan>)> {
        let own = self.own.lock();
        own.iter().map(|(name, it)| (name.clone(), it.upstream.interceptors().plan())).collect()
    }

    /// Holds the servers that rules choose against those of the gateway that the plans stand before.
    ///
    /// # Errors
    ///
    /// Each that is not there, with its place.
    pub fn check_servers(&self, servers: &[String]) -> Result<(), Vec<SettingsProblem>> {
        let own = self.own.lock().clone();
        let own = own.iter().map(|(name, it)| about(Some(name), it.check_servers(servers)));
        let checked = std::iter::once(self.all.check_servers(servers)).chain(own);
        let problems: Vec<_> = checked.filter_map(Result::err).flatten().collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Reads guards and rules again, and begins or ends with the plans of servers that have come or gone.
    /// Calls that have begun keep their plan. `servers`: those of the gateway that the plans stand before, if
    /// they stand before one. Rules that have chosen a server before can still do so when it has gone.
    ///
    /// # Errors
    ///
    /// All that is wrong with the new settings; those of before hold on.
    ///
    /// # Cancel safety
    ///
    /// Some of the steps may have been replaced.
    pub async fn replace(
        &self,
        settings: &ProxySettings,
        read: Read<'_>,
        servers: Option<&[String]>,
    ) -> Result<(), Vec<SettingsProblem>> {
        let known = self.own.lock().clone();
        let (mut problems, mut prepared, mut new) = (Vec::new(), Vec::new(), Vec::new());
        for (name, of) in settings.every() {
            let part = match name {
                None => &self.all,
                Some(name) => match known.get(name) {
                    Some(part) => &**part,
                    None => {
                        new.push(name);
                        continue;
                    }
                },
            };
            let native = part.steps_of(&of, &settings.whose(name), read).and_then(|native| {
                servers.map_or(Ok(()), |it| part.check_servers_of(&native, it))?;
                Ok(native)
            });
            match about(name, native) {
                Ok(steps) => prepared.push((part, steps)),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        // All that can be wrong is known before anything is changed.
        let begun = begun(settings, (&new, &self.all), read, &self.runtime).await?;
        for (part, steps) in prepared {
            part.put(steps).await.map_err(|it| vec![it])?;
        }
        for (name, (part, drivers)) in begun {
            // Its receiver ends with the proxy: then there is nothing to keep up to date.
            drop(self.drivers.send(drivers).await);
            self.own.lock().insert(name, Arc::new(part));
        }
        self.own.lock().retain(|name, _| settings.own.contains_key(name));
        Ok(())
    }
}

impl fmt::Debug for Interception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interception").field("all", &self.all).finish_non_exhaustive()
    }
}

impl fmt::Debug for InterceptionDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InterceptionDriver").finish_non_exhaustive()
    }
}

/// Begins with the parts of these servers, all at once.
async fn begun(
    settings: &ProxySettings,
    (names, all): (&[&str], &Part),
    read: Read<'_>,
    runtime: &Runtime,
) -> Result<Vec<(String, (Part, PartDrivers))>, Vec<SettingsProblem>> {
    let every = settings.every().filter_map(|(name, of)| Some((name?, of)));
    let wanted = every.filter(|it| names.contains(&it.0));
    let starting = wanted.map(|(name, of)| async move {
        let started =
            Part::start(&of, (&settings.whose(Some(name)), Some(all)), read, runtime).await;
        Ok((name.to_owned(), about(Some(name), started)?))
    });
    join_all(starting).await.into_iter().collect()
}

/// Drivers that wait to be run.
const DRIVERS_MAX: usize = 16;

#[cfg(test)]
mod tests;
