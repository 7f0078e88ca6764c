//! An interceptor of another server as a step of a plan.

use std::sync::Arc;
use std::time::Duration;

use eyot_interceptors::{
    AsyncMutator, AsyncValidator, Descriptor, Edit, Failure, Interceptor, InterceptorKind,
    InvokeParams, InvokeResult, Mode, Overrides, PlanError, Seen, Validation, View,
};
use eyot_types::JsonObject;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use crate::audit::AuditQueue;
use crate::catalog::Known;
use crate::link::Link;
use crate::remote::RemoteServer;
use crate::verdict;

/// An interceptor of another server.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    link: Arc<Link>,
    /// Its name at its server.
    name: Arc<str>,
    config: Option<JsonObject>,
    timeout: Duration,
    fails_open: bool,
}

/// A step, and what its driver has to read for it.
pub(crate) struct Made {
    pub(crate) step: Interceptor,
    pub(crate) audit: Option<AuditQueue>,
}

/// Makes the step of an interceptor, under this name. `None`: its user lets it see nothing of what it
/// hooks.
pub(crate) fn make(
    server: &RemoteServer,
    link: &Arc<Link>,
    known: &Known,
    name: String,
) -> Result<Option<Made>, PlanError> {
    let own = known.descriptor.name.as_str();
    let overrides = server.overrides.get(own).cloned().unwrap_or_default();
    let Some(mut descriptor) = confined(server, known, &overrides) else { return Ok(None) };
    let timeout = overrides.timeout.unwrap_or(server.timeout);
    let fails_open = overrides.fail_open.unwrap_or(descriptor.fail_open);
    let remote = Remote { fails_open, ..Remote::new(server, link, own, timeout) };
    let is_audit = overrides.mode.unwrap_or(descriptor.mode) == Mode::Audit;
    let (step, audit) = match (known.is_offered, descriptor.kind) {
        (false, InterceptorKind::Validation) => (Interceptor::validator("", missing), None),
        (false, InterceptorKind::Mutation) => {
            let missing = |view: &View<'_>| missing(view).map(|_| Edit::Keep);
            (Interceptor::mutator("", missing), None)
        }
        (true, InterceptorKind::Validation) if is_audit => {
            let (sender, seen) = mpsc::channel(AUDIT_QUEUE_MAX);
            (Interceptor::tap("", sender), Some(AuditQueue { seen, remote }))
        }
        (true, InterceptorKind::Validation) => (Interceptor::async_validator("", remote), None),
        (true, InterceptorKind::Mutation) => (Interceptor::async_mutator("", remote), None),
    };
    descriptor.name = name;
    let step = step.described(descriptor).timeout(timeout);
    let overrides = Overrides { hooks: None, timeout: None, ..overrides };
    Ok(Some(Made { step: step.overridden(overrides)?, audit }))
}

/// The descriptor with what its user lets it see.
pub(crate) fn confined(
    server: &RemoteServer,
    known: &Known,
    overrides: &Overrides,
) -> Option<Descriptor> {
    let mut descriptor = known.descriptor.clone();
    for allowed in [&server.allowed, &overrides.hooks].into_iter().flatten() {
        descriptor = descriptor.confined_to(allowed);
    }
    (!descriptor.hooks.is_empty()).then_some(descriptor)
}

fn missing(_: &View<'_>) -> Result<Validation, Failure> {
    Err(Failure::new("its server does not offer it any more"))
}

impl Remote {
    /// The interceptor of this name at its server.
    pub(crate) fn new(
        server: &RemoteServer,
        link: &Arc<Link>,
        name: &str,
        timeout: Duration,
    ) -> Self {
        let (link, config) = (Arc::clone(link), server.configs.get(name).cloned());
        Self { link, name: name.into(), config, timeout, fails_open: false }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn server(&self) -> &str {
        self.link.server()
    }

    pub(crate) const fn fails_open(&self) -> bool {
        self.fails_open
    }

    /// What a validator says of a payload that nothing waits for.
    pub(crate) async fn audit(&self, seen: &Seen) -> Result<Validation, Failure> {
        let params = self.params(seen)?;
        let result = self.link.invoke_later(&params, self.timeout).await?;
        verdict::check(&result, &params, InterceptorKind::Validation)?;
        verdict::validation(result)
    }

    /// The answer to a question about a payload on its way.
    pub(crate) async fn ask(
        &self,
        seen: &Seen,
        kind: InterceptorKind,
    ) -> Result<InvokeResult, Failure> {
        let params = self.params(seen)?;
        let result = self.link.invoke(&params, self.timeout).await?;
        verdict::check(&result, &params, kind)?;
        Ok(result)
    }

    fn params(&self, seen: &Seen) -> Result<InvokeParams, Failure> {
        let view = seen.view();
        let mut params = InvokeParams::asking(&*self.name, &view)?;
        params.config.clone_from(&self.config);
        params.timeout_ms = u64::try_from(self.timeout.as_millis()).ok();
        if let (Some(context), Some(id)) = (&mut params.context, view.origin().session_id()) {
            context.session_id = Some(self.link.shown_session(id));
        }
        Ok(params)
    }
}

impl AsyncValidator for Remote {
    fn validate(&self, seen: Seen) -> BoxFuture<'static, Result<Validation, Failure>> {
        let remote = self.clone();
        Box::pin(async move {
            let result = remote.ask(&seen, InterceptorKind::Validation).await?;
            verdict::validation(result)
        })
    }
}

impl AsyncMutator for Remote {
    fn mutate(&self, seen: Seen) -> BoxFuture<'static, Result<Edit, Failure>> {
        let remote = self.clone();
        Box::pin(async move {
            let result = remote.ask(&seen, InterceptorKind::Mutation).await?;
            verdict::edit(result)
        })
    }
}

/// Payloads that wait for a validator in audit mode; what comes then is dropped and counted.
const AUDIT_QUEUE_MAX: usize = 256;
