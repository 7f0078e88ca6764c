//! The steps of this process and of other servers, and the plan that they are together.

use std::sync::Arc;

use eyot_interceptors::{Descriptor, Interceptor, Plan, PlanError, PlanOptions};

use crate::audit::AuditQueue;
use crate::callees::Callee;
use crate::catalog::{Catalog, Known};
use crate::error::ListProblem;
use crate::link::Link;
use crate::naming;
use crate::remote::RemoteServer;
use crate::step::{self, Made};

/// The steps of this process and of other servers.
pub(crate) struct Assembly {
    options: PlanOptions,
    native: Vec<Interceptor>,
    members: Vec<Member>,
}

impl Assembly {
    pub(crate) const fn new(options: PlanOptions, native: Vec<Interceptor>) -> Self {
        Self { options, native, members: Vec::new() }
    }

    pub(crate) fn add(&mut self, member: Member) {
        self.members.push(member);
    }

    /// The plan of all steps, and what is to be read for it.
    pub(crate) fn compile(&self) -> Result<(Plan, Vec<AuditQueue>), PlanError> {
        self.compile_with(&self.native)
    }

    /// Puts other steps into the place of those of this process, if there is a plan with them.
    pub(crate) fn replace_native(
        &mut self,
        native: Vec<Interceptor>,
    ) -> Result<(Plan, Vec<AuditQueue>), PlanError> {
        let compiled = self.compile_with(&native)?;
        self.native = native;
        Ok(compiled)
    }

    /// Takes a list of a server; whether anything is another than before.
    pub(crate) fn take(&mut self, member: usize, list: Vec<Descriptor>) -> bool {
        let options = self.options;
        let Some(member) = self.members.get_mut(member) else { return false };
        let server = Arc::clone(&member.server.name);
        match member.take(list, options) {
            Ok(is_changed) => is_changed,
            Err(problem) => {
                let server = &*server;
                tracing::error!(server, %problem, "list of interceptors is refused: the plan stays");
                false
            }
        }
    }

    fn compile_with(&self, native: &[Interceptor]) -> Result<(Plan, Vec<AuditQueue>), PlanError> {
        let natives = native.iter().map(|it| it.descriptor().name.as_str());
        let remote: Vec<(&Member, &Known)> = self.members.iter().flat_map(Member::steps).collect();
        let own_names = remote
            .iter()
            .map(|(member, known)| (&*member.server.name, known.descriptor.name.as_str()));
        let own_names: Vec<_> = own_names.collect();
        let names = naming::in_plan(natives, &own_names);
        let mut steps = native.to_vec();
        let mut audits = Vec::new();
        for ((member, known), name) in remote.into_iter().zip(names) {
            if let Some(Made { step, audit }) =
                step::make(&member.server, &member.link, known, name)?
            {
                steps.push(step);
                audits.extend(audit);
            }
        }
        Ok((Plan::compile(steps, self.options)?, audits))
    }
}

/// A server, and what it offers.
pub(crate) struct Member {
    server: Arc<RemoteServer>,
    link: Arc<Link>,
    catalog: Catalog,
    /// Where its interceptors are called.
    callee: Arc<Callee>,
}

impl Member {
    pub(crate) fn new(server: Arc<RemoteServer>, link: Arc<Link>, callee: Arc<Callee>) -> Self {
        Self { server, link, catalog: Catalog::default(), callee }
    }

    /// Takes a list of the server, unless its steps would be no plan even by themselves. Returns
    /// whether anything is another than before.
    pub(crate) fn take(
        &mut self,
        list: Vec<Descriptor>,
        options: PlanOptions,
    ) -> Result<bool, ListProblem> {
        let used = list.into_iter().filter(|it| self.server.uses(&it.name)).collect();
        let catalog = self.catalog.updated(used)?;
        let is_changed = catalog.known() != self.catalog.known();
        if is_changed {
            let before = std::mem::replace(&mut self.catalog, catalog);
            if let Err(error) = self.compile_alone(options) {
                self.catalog = before;
                return Err(error.into());
            }
        }
        self.callee.offer(self.catalog.clone());
        Ok(is_changed)
    }

    fn compile_alone(&self, options: PlanOptions) -> Result<(), PlanError> {
        let mut steps = Vec::new();
        for (_, known) in self.steps() {
            let name = known.descriptor.name.clone();
            steps.extend(step::make(&self.server, &self.link, known, name)?.map(|it| it.step));
        }
        Plan::compile(steps, options).map(drop)
    }

    fn steps(&self) -> impl Iterator<Item = (&Self, &Known)> {
        let known = if self.server.is_on_call { &[] } else { self.catalog.known() };
        known.iter().map(move |it| (self, it))
    }
}
