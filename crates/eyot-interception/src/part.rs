//! The plans of one set of settings: of those for all servers, or of those of one.

use eyot_interceptors::{Boundary, Interceptor, Interceptors, Overrides};
use eyot_sidecar::{LivePlan, PlanDriver, PlanSource, RemoteServer};
use eyot_stdio::Command;
use eyot_upstream::Runtime;
use tokio_util::sync::DropGuard;

use crate::settings::{At, ServerSettings, Settings};
use crate::steps::{Kept, Read, SettingsProblem, Whose, steps};

/// The plans at the boundaries of a proxy that one set of settings has steps for. Dropping it ends the
/// connections to its servers of interceptors.
#[derive(Debug)]
pub(crate) struct Part {
    /// As they were at the start: what cannot be changed is held against them.
    settings: Settings,
    kept: Kept,
    pub(crate) downstream: LivePlan,
    pub(crate) upstream: LivePlan,
    _open: DropGuard,
}

/// What keeps a part up to date.
pub(crate) type PartDrivers = [PlanDriver; 2];

impl Part {
    /// Connects to the servers of interceptors, and compiles the plans.
    pub(crate) async fn start(
        settings: &Settings,
        whose: &Whose,
        read: Read<'_>,
        runtime: &Runtime,
    ) -> Result<(Self, PartDrivers), Vec<SettingsProblem>> {
        let kept = Kept::default();
        let native = steps(settings, whose, &kept, read)?;
        let mut runtime = runtime.clone();
        runtime.shutdown = runtime.shutdown.child_token();
        let open = runtime.shutdown.clone().drop_guard();
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
        let (downstream, one) = both.0.map_err(|it| unstarted(&it))?;
        let (upstream, other) = both.1.map_err(|it| unstarted(&it))?;
        let settings = settings.clone();
        Ok((Self { settings, kept, downstream, upstream, _open: open }, [one, other]))
    }

    /// Those at the boundary to clients; `None`: there can be no step.
    pub(crate) fn downstream_interceptors(&self) -> Option<Interceptors> {
        self.has_steps_at(At::Downstream).then(|| self.downstream.interceptors().clone())
    }

    /// Those at the boundary to servers; `None`: there can be no step.
    pub(crate) fn upstream_interceptors(&self) -> Option<Interceptors> {
        self.has_steps_at(At::Upstream).then(|| self.upstream.interceptors().clone())
    }

    fn has_steps_at(&self, at: At) -> bool {
        let Settings { boundary, servers, .. } = &self.settings;
        *boundary == at || servers.values().any(|it| it.boundary == Some(at))
    }

    /// The steps of other settings, which take the place of those that there are.
    pub(crate) fn steps_of(
        &self,
        settings: &Settings,
        whose: &Whose,
        read: Read<'_>,
    ) -> Result<Vec<Interceptor>, Vec<SettingsProblem>> {
        let known = &self.settings;
        for (member, is_changed) in [
            ("servers", settings.servers != known.servers),
            ("boundary", settings.boundary != known.boundary),
            ("deny_as_result", settings.deny_as_result != known.deny_as_result),
            ("step_timeout", settings.step_timeout != known.step_timeout),
            ("run_timeout", settings.run_timeout != known.run_timeout),
        ] {
            if is_changed {
                let message = format!("`{member}` can be changed by a restart only");
                return Err(vec![SettingsProblem::at(member, message)]);
            }
        }
        steps(settings, whose, &self.kept, read)
    }

    /// Puts other steps in the place of those that there are.
    pub(crate) async fn put(&self, steps: Vec<Interceptor>) -> Result<(), SettingsProblem> {
        let plan = match self.settings.boundary {
            At::Downstream => &self.downstream,
            At::Upstream => &self.upstream,
        };
        let replaced = plan.replace_steps(steps).await;
        replaced.map_err(|it| SettingsProblem::at("", it.to_string()))
    }
}

/// Why the plans could not be begun with.
fn unstarted(error: &dyn std::error::Error) -> Vec<SettingsProblem> {
    let causes = std::iter::successors(error.source(), |it| it.source());
    let texts: Vec<_> =
        std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect();
    vec![SettingsProblem::at("servers", texts.join(": "))]
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
