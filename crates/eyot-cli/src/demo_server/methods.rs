//! The methods that are answered at once.

use eyot::jsonrpc::{ErrorObject, INVALID_REQUEST};
use eyot::types::{
    DiscoverResult, Era, InitializeParams, InitializeResult, LogLevel, Method, ResourceContents,
    Revision, SetLevelParams, codes,
};
use serde_json::{Value, json};

use super::call::{Call, Client, Outcome};
use super::catalog::{self, GREETING_URI};
use super::server::Server;
use super::tools;

impl Server<'_> {
    /// The answer to a call.
    pub(super) fn answer(&self, call: &Call) -> Outcome {
        let name = call.method_name();
        match Method::parse(&name) {
            Method::Initialize => self.initialize(call),
            Method::Ping => Ok(json!({})),
            Method::ServerDiscover => Ok(discover()),
            Method::LoggingSetLevel => self.set_level(call),
            Method::ToolsList => catalog::list(call, "tools"),
            Method::ToolsCall => tools::run(self, call),
            Method::ResourcesList => catalog::list(call, "resources"),
            Method::ResourcesTemplatesList => catalog::list(call, "resourceTemplates"),
            Method::ResourcesRead => self.read_resource(call),
            Method::ResourcesSubscribe => self.subscribe(call, true),
            Method::ResourcesUnsubscribe => self.subscribe(call, false),
            Method::PromptsList => catalog::list(call, "prompts"),
            Method::PromptsGet => catalog::prompt(call),
            Method::CompletionComplete => catalog::completion(call),
            _ => Err(codes::method_not_found(&name)),
        }
    }

    fn initialize(&self, call: &Call) -> Outcome {
        let params: InitializeParams = call.params()?;
        let mut state = self.state();
        if state.session.is_some() {
            return Err(ErrorObject::new(INVALID_REQUEST, "The session is initialized already"));
        }
        let revision = Revision::negotiate(&params.protocol_version);
        let capabilities = params.capabilities;
        state.session = Some(Client { revision, capabilities, ..Client::default() });
        let (capabilities, server_info) = (catalog::capabilities(), catalog::server_info());
        let mut result = InitializeResult::new(revision, capabilities, server_info);
        result.instructions = Some(catalog::INSTRUCTIONS.to_owned());
        Ok(json!(result))
    }

    fn set_level(&self, call: &Call) -> Outcome {
        let level = call.params::<SetLevelParams>()?.level;
        if let LogLevel::Other(name) = &level {
            return Err(codes::invalid_params(&format!("unknown level `{name}`")));
        }
        if let Some(session) = &mut self.state().session {
            session.log_level = Some(level);
        }
        Ok(json!({}))
    }

    fn read_resource(&self, call: &Call) -> Outcome {
        check_uri(call)?;
        let text = format!("Hello from Eyot! Touched so far: {}.", self.state().touches);
        let mut contents = ResourceContents::text(GREETING_URI, text);
        contents.mime_type = Some("text/plain".to_owned());
        Ok(json!({ "contents": [contents] }))
    }

    fn subscribe(&self, call: &Call, is_subscribed: bool) -> Outcome {
        check_uri(call)?;
        self.state().is_subscribed = is_subscribed;
        Ok(json!({}))
    }
}

fn discover() -> Value {
    let mut result = DiscoverResult::new(&[Revision::MODERN], catalog::capabilities());
    result.instructions = Some(catalog::INSTRUCTIONS.to_owned());
    json!(result)
}

/// Refuses every resource but the greeting.
fn check_uri(call: &Call) -> Result<(), ErrorObject> {
    let uri = call.message.uri().ok_or_else(|| codes::invalid_params("`uri` is missing"))?;
    if uri == GREETING_URI {
        return Ok(());
    }
    let code = match call.era() {
        Era::Legacy => codes::RESOURCE_NOT_FOUND,
        Era::Modern => codes::INVALID_PARAMS,
    };
    Err(ErrorObject::new(code, "Resource not found").with_data(json!({ "uri": uri })))
}
