//! What a server says of itself.

use eyot_jsonrpc::{ErrorObject, Message};
use eyot_types::{
    DiscoverResult, Era, InitializeParams, InitializeResult, JsonObject, Revision,
    ServerCapabilities, TASKS_EXTENSION, codes, meta,
};

use crate::app::App;
use crate::builder::Eras;

impl App {
    /// What the server can do, by what is registered now: nothing is declared that is not served.
    pub(crate) fn capabilities(&self, era: Era) -> ServerCapabilities {
        let mut capabilities = ServerCapabilities::default();
        if !self.tools.is_empty() {
            capabilities = capabilities.with_flag("tools", "listChanged");
        }
        if !self.prompts.is_empty() {
            capabilities = capabilities.with_flag("prompts", "listChanged");
        }
        if !self.resources.is_empty() || !self.templates.is_empty() {
            capabilities = capabilities.with_flag("resources", "listChanged");
            if self.options.has_resource_subscriptions {
                capabilities = capabilities.with_flag("resources", "subscribe");
            }
        }
        if self.has_completions() {
            capabilities = capabilities.with("completions");
        }
        if self.has_logging {
            capabilities = capabilities.with("logging");
        }
        if era == Era::Modern {
            // Extensions are declared in the modern era alone.
            capabilities = self.with_extensions(capabilities);
        }
        capabilities
    }

    fn has_completions(&self) -> bool {
        let prompt = self.prompts.find(|it| (!it.completions.is_empty()).then_some(()));
        let template = || self.templates.find(|it| (!it.it.completions.is_empty()).then_some(()));
        prompt.is_some() || template().is_some()
    }

    fn with_extensions(&self, capabilities: ServerCapabilities) -> ServerCapabilities {
        match self.has_tasks() {
            true => capabilities.with_extension(TASKS_EXTENSION, JsonObject::new()),
            false => capabilities,
        }
    }

    /// The answer to `initialize`.
    pub(crate) fn initialize(&self, request: &Message) -> Result<Message, ErrorObject> {
        let wrong = |error: serde_json::Error| codes::invalid_params(&error.to_string());
        let params: InitializeParams = request.decode_params().map_err(wrong)?;
        let revision = Revision::negotiate(&params.protocol_version);
        let (info, capabilities) = (self.info.clone(), self.capabilities(Era::Legacy));
        let mut result = InitializeResult::new(revision, capabilities, info);
        result.instructions.clone_from(&self.instructions);
        Ok(self.answer_raw(Era::Legacy, request.id(), &result))
    }

    /// The answer to `server/discover`.
    pub(crate) fn discover(&self, request: &Message) -> Message {
        // Legacy revisions are not listed: a modern request cannot ask for one.
        let mut result = DiscoverResult::new(&[Revision::MODERN], self.capabilities(Era::Modern));
        result.instructions.clone_from(&self.instructions);
        let (ttl_ms, scope) = self.options.list_cache.clone();
        (result.ttl_ms, result.cache_scope) = (Some(ttl_ms), Some(scope));
        let mut own = JsonObject::new();
        meta::set_server_info(&mut own, &self.info);
        result.meta = Some(own);
        self.answer_raw(Era::Legacy, request.id(), &result)
    }

    /// Why a client of this era is not served; `None` when it is.
    pub(crate) fn era_refusal(&self, era: Era, requested: &str) -> Option<ErrorObject> {
        match (self.options.eras, era) {
            (Eras::Both, _) | (Eras::Legacy, Era::Legacy) | (Eras::Modern, Era::Modern) => None,
            (Eras::Legacy, Era::Modern) => Some(codes::era_mismatch(requested, Era::Legacy)),
            (Eras::Modern, Era::Legacy) => Some(codes::era_mismatch(requested, Era::Modern)),
        }
    }
}
