//! What rules name outside of their files: the interceptors that they call, and the servers that they choose.

use std::time::Duration;

use eyot_guard::Callees;
use eyot_interceptors::{Edit, Failure, Seen};
use eyot_rules::{OuterName, OuterThing, Problem};
use futures_util::future::BoxFuture;

use crate::steps::SettingsProblem;

/// The interceptors of the servers of a file, as rules call them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Callable(pub(crate) eyot_sidecar::Callees);

impl Callees for Callable {
    fn call(
        &self,
        name: &str,
        seen: Seen,
        timeout: Option<Duration>,
    ) -> BoxFuture<'static, Result<Edit, Failure>> {
        self.0.call(name, seen, timeout)
    }
}

impl Callable {
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
            let known = self.0.check(&name.name).err()?;
            let known: Vec<_> = known.iter().map(String::as_str).collect();
            Some(name.unknown("interceptor", &known))
        });
        refused(problems)
    }
}

/// Holds the servers that rules choose against those of a gateway.
pub(crate) fn check_servers(
    names: &[OuterName],
    servers: &[String],
) -> Result<(), Vec<SettingsProblem>> {
    let known: Vec<_> = servers.iter().map(String::as_str).collect();
    let unknown = names.iter().filter(|it| it.of == OuterThing::Server);
    let unknown = unknown.filter(|it| !known.contains(&&*it.name));
    refused(unknown.map(|it| it.unknown("server", &known)))
}

fn refused(problems: impl Iterator<Item = Problem>) -> Result<(), Vec<SettingsProblem>> {
    let problems: Vec<_> = problems.map(|it| SettingsProblem::placed(it.to_string())).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

#[cfg(test)]
mod tests;
