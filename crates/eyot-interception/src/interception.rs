//! The plans of a proxy, out of the settings of a file.

use std::sync::Arc;

use eyot_interceptors::{Boundary, Overrides, Plan};
use eyot_proxy::ProxyConfig;
use eyot_rules::OuterName;
use eyot_sidecar::{LivePlan, PlanDriver, PlanSource, RemoteServer};
use eyot_stdio::Command;
use eyot_upstream::Runtime;
use parking_lot::Mutex;

use crate::outer::check_servers;
use crate::settings::{At, ServerSettings, Settings, StepSettings};
use crate::steps::{Kept, Native, Read, SettingsProblem, steps};

/// The plans at both boundaries of a proxy, as the settings of a file have them.
#[derive(Debug)]
pub struct Interception {
    settings: Settings,
    kept: Kept,
    /// What the rules in force name outside of their files.
    names: Mutex<Arc<[OuterName]>>,
    downstream: LivePlan,
    upstream: LivePlan,
}

/// Keeps the plans up to date. It does nothing unless it runs.
#[derive(Debug)]
#[must_use = "the plans do not follow their servers unless the driver runs"]
pub struct InterceptionDriver([PlanDriver; 2]);

impl InterceptionDriver {
    /// Follows the servers of interceptors until the runtime ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops this, and the plans stay as they are.
    pub async fn run(self) {
        let [downstream, upstream] = self.0;
        futures_util::future::join(downstream.run(), upstream.run()).await;
    }
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
        settings: Settings,
        read: Read<'_>,
        runtime: &Runtime,
    ) -> Result<(Self, InterceptionDriver), Vec<SettingsProblem>> {
        let kept = Kept::default();
        let Native { steps: native, names } = steps(&settings, &kept, read)?;
        let options = settings.options();
        let source = || PlanSource::new(options).callees(&kept.callable.0).runtime(runtime.clone());
        let (mut downstream, mut upstream) = (source(), source());
        match settings.boundary {
            At::Downstream => downstream = downstream.steps(native),
            At::Upstream => upstream = upstream.steps(native),
        }
        for (name, server) in &settings.servers {
            let remote = remote(name, server)?;
            match server.boundary.unwrap_or(settings.boundary).into() {
                Boundary::Downstream => downstream = downstream.server(remote),
                Boundary::Upstream => upstream = upstream.server(remote),
            }
        }
        let both = futures_util::future::join(downstream.start(), upstream.start()).await;
        let problem = |error: &dyn std::error::Error| {
            let causes = std::iter::successors(error.source(), |it| it.source());
            let texts: Vec<_> =
                std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect();
            vec![SettingsProblem::at("servers", texts.join(": "))]
        };
        let (downstream, one) = both.0.map_err(|it| problem(&it))?;
        let (upstream, other) = both.1.map_err(|it| problem(&it))?;
        kept.callable.check(&names, options.run_timeout)?;
        let driver = InterceptionDriver([one, other]);
        let names = Mutex::new(names.into());
        Ok((Self { settings, kept, names, downstream, upstream }, driver))
    }

    /// Puts the plans into a proxy.
    pub fn apply(&self, config: &mut ProxyConfig) {
        config.downstream_interceptors = Some(self.downstream.interceptors().clone());
        config.upstream_interceptors = Some(self.upstream.interceptors().clone());
    }

    /// The plan at each boundary, as it is now.
    #[must_use]
    pub fn plans(&self) -> [(Boundary, Arc<Plan>); 2] {
        let plan = |it: &LivePlan| it.interceptors().plan();
        [(Boundary::Downstream, plan(&self.downstream)), (Boundary::Upstream, plan(&self.upstream))]
    }

    /// Holds the servers that rules choose against those of the gateway that the plans stand before.
    ///
    /// # Errors
    ///
    /// Each that is not there, with its place.
    pub fn check_servers(&self, servers: &[String]) -> Result<(), Vec<SettingsProblem>> {
        let names = Arc::clone(&self.names.lock());
        check_servers(&names, servers)
    }

    /// Reads guards and rules again. Calls that have begun keep their plan. `servers`: those of the gateway
    /// that the plans stand before, if they stand before one.
    ///
    /// # Errors
    ///
    /// All that is wrong with the new settings; those of before hold on.
    ///
    /// # Cancel safety
    ///
    /// The steps may have been replaced.
    pub async fn replace(
        &self,
        settings: &Settings,
        read: Read<'_>,
        servers: Option<&[String]>,
    ) -> Result<(), Vec<SettingsProblem>> {
        let known = &self.settings;
        if settings.servers != known.servers {
            return Err(vec![needs_restart("servers")]);
        }
        if settings.boundary != known.boundary {
            return Err(vec![needs_restart("boundary")]);
        }
        let Native { steps: native, names } = steps(settings, &self.kept, read)?;
        self.kept.callable.check(&names, known.options().run_timeout)?;
        if let Some(servers) = servers {
            check_servers(&names, servers)?;
        }
        let plan = match settings.boundary {
            At::Downstream => &self.downstream,
            At::Upstream => &self.upstream,
        };
        let refused = |it: eyot_sidecar::PlanReplaceError| SettingsProblem::at("", it.to_string());
        plan.replace_steps(native).await.map_err(|it| vec![refused(it)])?;
        *self.names.lock() = names.into();
        Ok(())
    }
}

fn needs_restart(member: &str) -> SettingsProblem {
    SettingsProblem::at(member, format!("`{member}` can be changed by a restart only"))
}

/// What a rule decides that calls an interceptor is not said of it here.
fn check_on_call(name: &str, server: &ServerSettings) -> Result<(), Vec<SettingsProblem>> {
    let problems = server.interceptors.iter().filter_map(|(own, it)| {
        let StepSettings { mode, fail_open, priority, timeout: _ } = it;
        let said = [
            mode.map(|_| ("mode", "`mode` of the rule")),
            fail_open.map(|_| ("fail_open", "`on_error` of the rule")),
            priority.map(|_| ("priority", "place of the rule in its file")),
        ];
        let (member, instead) = said.into_iter().flatten().next()?;
        let place = format!("servers.{name}.interceptors.{own}.{member}");
        let message = format!(
            "an interceptor that is asked on call has no `{member}`: the {instead} says it"
        );
        Some(SettingsProblem::at(place, message))
    });
    let boundary = server.boundary.map(|_| {
        let message = "a server that is asked on call has no boundary: its rules have one";
        SettingsProblem::at(format!("servers.{name}.boundary"), message)
    });
    let problems: Vec<_> = problems.chain(boundary).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// A server of interceptors, as the settings want it.
fn remote(name: &str, server: &ServerSettings) -> Result<RemoteServer, Vec<SettingsProblem>> {
    let at = format!("servers.{name}");
    let remote = match (&server.url, server.command.split_first()) {
        (Some(url), None) => RemoteServer::new(name, url.as_str()),
        (None, Some((program, args))) => RemoteServer::new(
            name,
            Command { program: program.clone(), args: args.to_vec(), env: Vec::new(), cwd: None },
        ),
        _ => return Err(vec![SettingsProblem::at(at, "a server has either a url or a command")]),
    };
    let mut remote = remote.map_err(|it| vec![SettingsProblem::at(at, it.to_string())])?;
    if let Some(only) = &server.only {
        remote = remote.only(only.iter().cloned());
    }
    if let Some(timeout) = server.timeout {
        remote = remote.timeout(timeout);
    }
    if server.optional {
        remote = remote.optional();
    }
    if server.on_call {
        check_on_call(name, server)?;
        remote = remote.on_call();
    }
    let decided = server.interceptors.iter();
    Ok(decided.fold(remote, |remote, (name, it)| remote.overriding(name, Overrides::from(it))))
}

#[cfg(test)]
mod tests;
