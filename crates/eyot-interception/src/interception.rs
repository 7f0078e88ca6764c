//! The plans of a proxy, out of the settings of a file.

use std::sync::Arc;

use eyot_interceptors::{Boundary, Overrides, Plan};
use eyot_proxy::ProxyConfig;
use eyot_sidecar::{LivePlan, PlanDriver, PlanSource, RemoteServer};
use eyot_stdio::Command;
use eyot_upstream::Runtime;

use crate::settings::{At, ServerSettings, Settings};
use crate::steps::{Kept, Read, SettingsProblem, steps};

/// The plans at both boundaries of a proxy, as the settings of a file have them.
#[derive(Debug)]
pub struct Interception {
    settings: Settings,
    kept: Kept,
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
        let native = steps(&settings, &kept, read)?;
        let source = || PlanSource::new(settings.options()).runtime(runtime.clone());
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
        let driver = InterceptionDriver([one, other]);
        Ok((Self { settings, kept, downstream, upstream }, driver))
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

    /// Reads guards and rules again. Calls that have begun keep their plan.
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
    ) -> Result<(), Vec<SettingsProblem>> {
        let known = &self.settings;
        if settings.servers != known.servers {
            return Err(vec![needs_restart("servers")]);
        }
        if settings.boundary != known.boundary {
            return Err(vec![needs_restart("boundary")]);
        }
        let native = steps(settings, &self.kept, read)?;
        let plan = match settings.boundary {
            At::Downstream => &self.downstream,
            At::Upstream => &self.upstream,
        };
        let refused = |it: eyot_sidecar::PlanReplaceError| SettingsProblem::at("", it.to_string());
        plan.replace_steps(native).await.map_err(|it| vec![refused(it)])
    }
}

fn needs_restart(member: &str) -> SettingsProblem {
    SettingsProblem::at(member, format!("`{member}` can be changed by a restart only"))
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
    let decided = server.interceptors.iter();
    Ok(decided.fold(remote, |remote, (name, it)| remote.overriding(name, Overrides::from(it))))
}

#[cfg(test)]
mod tests;
