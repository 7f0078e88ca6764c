//! The interceptors of servers as they are called one by one, beside the steps of a plan.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eyot_interceptors::{Edit, Failure, InterceptorKind, PlanOptions, Seen};
use futures_util::future::BoxFuture;
use parking_lot::RwLock;

use crate::catalog::{Catalog, Known};
use crate::link::Link;
use crate::remote::RemoteServer;
use crate::step::{self, Remote};
use crate::verdict;

/// The interceptors of servers, to be called one by one by `server/name`. Cheap to clone; clones share the
/// servers.
///
/// A call is bounded as a step is: by the time of its server, its breaker, its number of questions at once,
/// and by what its user lets it see. Whether its word counts, and what becomes of a payload when it fails, is
/// the caller's decision.
#[derive(Clone, Default)]
pub struct Callees(Arc<RwLock<BTreeMap<Arc<str>, Arc<Callee>>>>);

/// A server whose interceptors can be called.
pub(crate) struct Callee {
    server: Arc<RemoteServer>,
    link: Arc<Link>,
    /// No answer takes longer.
    timeout_max: Duration,
    /// What it offers. `None`: it was not reached yet.
    catalog: RwLock<Option<Catalog>>,
}

impl Callees {
    /// Adds a server, of which nothing is known yet.
    pub(crate) fn add(
        &self,
        server: Arc<RemoteServer>,
        link: Arc<Link>,
        options: PlanOptions,
    ) -> Arc<Callee> {
        let (name, timeout_max) = (Arc::clone(&server.name), options.run_timeout);
        let callee = Callee { server, link, timeout_max, catalog: RwLock::default() };
        let callee = Arc::new(callee);
        self.0.write().insert(name, Arc::clone(&callee));
        callee
    }

    /// Whether there is an interceptor of this name, as far as its server has said. That of a server that was
    /// not reached yet may be there.
    ///
    /// # Errors
    ///
    /// There is none: the names of those that there are.
    pub fn check(&self, name: &str) -> Result<(), Vec<String>> {
        let is_known = self.find(name).is_some_and(|(callee, own)| {
            callee.catalog.read().as_ref().is_none_or(|it| it.find(own).is_some())
        });
        if is_known { Ok(()) } else { Err(self.names()) }
    }

    /// What the interceptor of this name makes of a payload. Its answer may take as long as `timeout` says,
    /// and else as long as its server may take; never longer than all steps of a payload.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future takes the question back.
    #[must_use]
    pub fn call(
        &self,
        name: &str,
        seen: Seen,
        timeout: Option<Duration>,
    ) -> BoxFuture<'static, Result<Edit, Failure>> {
        let found = self.find(name).map(|(callee, own)| (callee, own.to_owned()));
        Box::pin(async move {
            let (callee, own) = found.ok_or_else(|| Failure::new("no server has it"))?;
            callee.call(&own, seen, timeout).await
        })
    }

    /// The server of an interceptor, and its own name there. Names of both may have a slash in them.
    fn find<'n>(&self, name: &'n str) -> Option<(Arc<Callee>, &'n str)> {
        let servers = self.0.read();
        let own = |server: &str| name.strip_prefix(server)?.strip_prefix('/');
        let found = servers.iter().filter_map(|(server, it)| Some((server, it, own(server)?)));
        let (_, callee, own) = found.max_by_key(|(server, ..)| server.len())?;
        Some((Arc::clone(callee), own))
    }

    fn names(&self) -> Vec<String> {
        let servers = self.0.read();
        let names = servers.iter().flat_map(|(server, callee)| {
            let catalog = callee.catalog.read();
            let known = catalog.iter().flat_map(Catalog::known);
            known.map(|it| format!("{server}/{}", it.descriptor.name)).collect::<Vec<_>>()
        });
        names.collect()
    }
}

impl Callee {
    /// Takes what the server offers.
    pub(crate) fn offer(&self, catalog: Catalog) {
        *self.catalog.write() = Some(catalog);
    }

    async fn call(
        &self,
        name: &str,
        seen: Seen,
        timeout: Option<Duration>,
    ) -> Result<Edit, Failure> {
        let known = self.known(name, &seen)?;
        let own = self.server.overrides.get(name).and_then(|it| it.timeout);
        let timeout = timeout.or(own).unwrap_or(self.server.timeout).min(self.timeout_max);
        let remote = Remote::new(&self.server, &self.link, name, timeout);
        let kind = known.descriptor.kind;
        let result = remote.ask(&seen, kind).await?;
        match kind {
            InterceptorKind::Validation => {
                let judged = verdict::validation(result)?;
                verdict::tell_warning(&judged, (name, remote.server()));
                Ok(verdict::as_edit(&judged))
            }
            InterceptorKind::Mutation => verdict::edit(result),
        }
    }

    /// The interceptor, if it can be asked about this payload.
    fn known(&self, name: &str, seen: &Seen) -> Result<Known, Failure> {
        let catalog = self.catalog.read();
        let catalog =
            catalog.as_ref().ok_or_else(|| Failure::new("its server was not reached yet"))?;
        let known =
            catalog.find(name).ok_or_else(|| Failure::new("its server does not offer it"))?;
        if !known.is_offered {
            return Err(Failure::new("its server does not offer it any more"));
        }
        let overrides = self.server.overrides.get(name).cloned().unwrap_or_default();
        let (event, phase) = (seen.view().event(), seen.view().phase());
        let confined = step::confined(&self.server, known, &overrides);
        if !confined.is_some_and(|it| it.hooks_event(event, phase)) {
            let phase = phase.as_str();
            return Err(Failure::new(format!(
                "it does not hook {event} ({phase}), or may not see it"
            )));
        }
        Ok(known.clone())
    }
}

impl fmt::Debug for Callees {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Callees").field(&self.names()).finish()
    }
}
