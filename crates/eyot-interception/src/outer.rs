//! What rules name outside of their files: the interceptors that they call, and the servers that they choose.

use std::time::Duration;

use eyot_guard::Callees;
use eyot_interceptors::{Edit, Failure, Seen};
use eyot_rules::{OuterName, OuterThing, Problem};
use futures_util::future::BoxFuture;

use crate::steps::SettingsProblem;

/// The interceptors of servers, as the rules of one set of settings call them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Callable {
    /// Those of the servers that these settings name.
    pub(crate) own: eyot_sidecar::Callees,
    /// Those of the settings for all servers, which the settings of one can call as well.
    of_all: eyot_sidecar::Callees,
}

impl Callees for Callable {
    fn call(
        &self,
        name: &str,
        seen: Seen,
        timeout: Option<Duration>,
    ) -> BoxFuture<'static, Result<Edit, Failure>> {
        // Of two with one name, that which is nearer counts.
        let callees = if self.own.check(name).is_ok() { &self.own } else { &self.of_all };
        callees.call(name, seen, timeout)
    }
}

impl Callable {
    /// What the settings of one server can call, besides what they name themselves.
    pub(crate) fn within(all: &Self) -> Self {
        Self { own: Default::default(), of_all: all.own.clone() }
    }

    /// Holds the interceptors that rules call against those that there are.
    pub(crate) fn check(
        &self,
        names: &[OuterName],
        run_timeout: Duration,
    ) -> Result<(), Vec<SettingsProblem>> {
        let problems = names.iter().filter_map(|name| {
            let OuterThing::Interceptor(timeout) = name.of else { return None };
            if timeout.is_some_and(|it| it >= run_timeout) {
                return Some(name.problem(format!(
                    "its `timeout` is over when that of all steps of a message is ({run_timeout:?}): take a \
                     shorter one, or a longer `run_timeout` in the file of interceptors"
                )));
            }
            let (own, of_all) = (self.own.check(&name.name), self.of_all.check(&name.name));
            let known = [own.err()?, of_all.err()?].concat();
            let known: Vec<_> = known.iter().map(String::as_str).collect();
            Some(name.unknown("interceptor", &known))
        });
        refused(problems)
    }
}

/// Holds the servers that rules choose against those of a gateway.
pub(crate) fn check_servers<'a>(
    names: impl IntoIterator<Item = &'a OuterName>,
    servers: &[String],
) -> Result<(), Vec<SettingsProblem>> {
    let known: Vec<_> = servers.iter().map(String::as_str).collect();
    let unknown = names.into_iter().filter(|it| it.of == OuterThing::Server);
    let unknown = unknown.filter(|it| !known.contains(&&*it.name));
    refused(unknown.map(|it| it.unknown("server", &known)))
}

fn refused(problems: impl Iterator<Item = Problem>) -> Result<(), Vec<SettingsProblem>> {
    let problems: Vec<_> = problems.map(|it| SettingsProblem::of_rule(&it)).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

#[cfg(test)]
mod tests;
