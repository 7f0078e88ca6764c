//! The plans of one set of settings: of those for all servers, or of those of one.

use std::sync::Arc;

use eyot_interceptors::{Boundary, Interceptors, Overrides};
use eyot_rules::OuterName;
use eyot_sidecar::{LivePlan, PlanDriver, PlanSource, RemoteServer};
use eyot_stdio::Command;
use eyot_upstream::Runtime;
use parking_lot::Mutex;
use tokio_util::sync::DropGuard;

use crate::outer::{Callable, check_servers};
use crate::settings::{At, ServerSettings, Settings, StepSettings};
use crate::steps::{Kept, Native, Read, SettingsProblem, Whose, steps};

/// The plans at the boundaries of a proxy that one set of settings has steps for. Dropping it ends the
/// connections to its servers of interceptors.
#[derive(Debug)]
pub(crate) struct Part {
    /// As they were at the start: what cannot be changed is held against them.
    settings: Settings,
    kept: Kept,
    /// What the rules in force name outside of their files.
    names: Mutex<Arc<[OuterName]>>,
    pub(crate) downstream: LivePlan,
    pub(crate) upstream: LivePlan,
    _open: DropGuard,
}

/// What keeps a part up to date.
pub(crate) type PartDrivers = [PlanDriver; 2];

impl Part {
    /// Connects to the servers of interceptors, and compiles the plans. `all`: the part for all servers, if
    /// this is not it.
    pub(crate) async fn start(
        settings: &Settings,
        (whose, all): (&Whose, Option<&Self>),
        read: Read<'_>,
        runtime: &Runtime,
    ) -> Result<(Self, PartDrivers), Vec<SettingsProblem>> {
        let callable = all.map(|it| Callable::within(&it.kept.callable)).unwrap_or_default();
        let kept = Kept::calling(callable);
        let Native { steps: native, names } = steps(settings, whose, &kept, read)?;
        let mut runtime = runtime.clone();
        runtime.shutdown = runtime.shutdown.child_token();
        let open = runtime.shutdown.clone().drop_guard();
        let options = settings.options();
        let callees = &kept.callable.own;
        let source = || PlanSource::new(options).callees(callees).runtime(runtime.clone());
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
        kept.callable.check(&names, options.run_timeout)?;
        let (settings, names) = (settings.clone(), Mutex::new(names.into()));
        Ok((Self { settings, kept, names, downstream, upstream, _open: open }, [one, other]))
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
    ) -> Result<Native, Vec<SettingsProblem>> {
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
        let native = steps(settings, whose, &self.kept, read)?;
        self.kept.callable.check(&native.names, settings.options().run_timeout)?;
        Ok(native)
    }

    /// Holds the servers that its rules choose against those of a gateway.
    pub(crate) fn check_servers(&self, servers: &[String]) -> Result<(), Vec<SettingsProblem>> {
        check_servers(self.names().iter(), servers)
    }

    /// The same, for other rules. A server that is chosen by those in force already is no reason to refuse
    /// them: it has gone.
    pub(crate) fn check_servers_of(
        &self,
        other: &Native,
        servers: &[String],
    ) -> Result<(), Vec<SettingsProblem>> {
        let names = self.names();
        let is_new = |it: &&OuterName| names.iter().all(|known| known.name != it.name);
        check_servers(other.names.iter().filter(is_new), servers)
    }

    fn names(&self) -> Arc<[OuterName]> {
        Arc::clone(&self.names.lock())
    }

    /// Puts other steps in the place of those that there are.
    pub(crate) async fn put(&self, Native { steps, names }: Native) -> Result<(), SettingsProblem> {
        let plan = match self.settings.boundary {
            At::Downstream => &self.downstream,
            At::Upstream => &self.upstream,
        };
        let replaced = plan.replace_steps(steps).await;
        replaced.map_err(|it| SettingsProblem::at("", it.to_string()))?;
        *self.names.lock() = names.into();
        Ok(())
    }
}

/// Why the plans could not be begun with.
fn unstarted(error: &dyn std::error::Error) -> Vec<SettingsProblem> {
    let causes = std::iter::successors(error.source(), |it| it.source());
    let texts: Vec<_> =
        std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect();
    vec![SettingsProblem::at("servers", texts.join(": "))]
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
