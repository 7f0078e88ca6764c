//! The offers of a server, and how it describes them.
//!
//! Nothing here knows how a call runs: handlers get it as a type `C` that the registry never looks
//! into.

pub(crate) mod catalog;
pub(crate) mod completion;
pub(crate) mod custom;
pub(crate) mod discovery;
pub(crate) mod eras;
pub(crate) mod handling;
pub(crate) mod lists;
pub(crate) mod prompt;
pub(crate) mod resource;
pub(crate) mod tool;
pub(crate) mod uri_template;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use eyot_stdx::SealKeys;
use eyot_types::{CacheScope, CompleteArgument, Completion, CompletionReference};

use self::catalog::Catalog;
use self::custom::{CustomMethod, NotificationHandler};
use self::eras::Eras;
use self::handling::Handling;
use self::prompt::RegisteredPrompt;
use self::resource::{RegisteredResource, RegisteredTemplate};
use self::tool::RegisteredTool;
use crate::tasks::TaskPolicy;

/// Everything that a server offers, to handlers that get their calls as a `C`.
pub(crate) struct Registry<C> {
    pub(crate) instructions: Option<String>,
    pub(crate) tools: Catalog<RegisteredTool<C>>,
    pub(crate) prompts: Catalog<RegisteredPrompt<C>>,
    pub(crate) resources: Catalog<RegisteredResource<C>>,
    pub(crate) templates: Catalog<RegisteredTemplate<C>>,
    pub(crate) methods: HashMap<String, CustomMethod<C>>,
    pub(crate) on_notification: Option<NotificationHandler>,
    pub(crate) eras: Eras,
    /// How many things one page of a list holds.
    pub(crate) page_size: usize,
    /// How long clients may cache lists, in milliseconds, and who may share the copy.
    pub(crate) list_cache: (u64, CacheScope),
    pub(crate) has_resource_subscriptions: bool,
    pub(crate) has_logging: bool,
    /// Seal the cursors of lists.
    pub(crate) keys: Arc<SealKeys>,
}

impl<C> Registry<C> {
    /// Whether there is a resource at this address, or a template that leads to it.
    pub(crate) fn has_resource(&self, uri: &str) -> bool {
        self.resources.get(uri).is_some()
            || self.templates.find(|it| it.pattern.matches(uri)).is_some()
    }

    /// Whether calls of a tool may become tasks.
    pub(crate) fn has_task_tools(&self) -> bool {
        self.tools.find(|it| (it.task != TaskPolicy::Never).then_some(())).is_some()
    }

    /// Whether an argument can be completed.
    pub(crate) fn has_completions(&self) -> bool {
        let prompt = self.prompts.find(|it| (!it.completions.is_empty()).then_some(()));
        let template = || self.templates.find(|it| (!it.completions.is_empty()).then_some(()));
        prompt.is_some() || template().is_some()
    }

    /// Completes an argument of a prompt or of a template; `None` when there is none of that name.
    pub(crate) fn complete(
        &self,
        reference: &CompletionReference,
        argument: CompleteArgument,
        call: C,
    ) -> Option<Handling<Completion>> {
        let CompleteArgument { name, value, .. } = argument;
        match reference {
            CompletionReference::Prompt(prompt) => {
                let prompt = self.prompts.get(&prompt.name)?;
                Some(prompt.completions.run(&name, value, call))
            }
            CompletionReference::Resource(template) => {
                let template = self.templates.get(&template.uri)?;
                Some(template.completions.run(&name, value, call))
            }
            _ => None,
        }
    }
}

impl<C> fmt::Debug for Registry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("tools", &self.tools).finish_non_exhaustive()
    }
}
