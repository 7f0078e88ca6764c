//! The tools on rmcp.

use std::sync::Arc;

use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{ProgressNotificationParam, RequestMetaObject};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{Peer, RoleServer, ServerHandler, tool, tool_handler, tool_router};

use super::{Add, Text};

/// The tools over Streamable HTTP.
pub type RmcpService = StreamableHttpService<Tools, LocalSessionManager>;

/// A service with every [`Tool`](crate::exchange::Tool).
///
/// It may answer modern calls as plain JSON, as Eyot does; in legacy sessions it knows only
/// streams of events. Everything else is as it comes.
#[must_use]
pub fn service() -> RmcpService {
    let tools = Tools::new();
    let config = StreamableHttpServerConfig::default().with_json_response(true);
    StreamableHttpService::new(move || Ok(tools.clone()), Arc::default(), config)
}

/// A handler with its tools. They are shared, and not made anew for every call as in the short
/// form of the macros: that is the kinder way to measure it.
#[derive(Debug, Clone)]
pub struct Tools {
    tools: Arc<ToolRouter<Self>>,
}

#[tool_router]
impl Tools {
    fn new() -> Self {
        Self { tools: Arc::new(Self::tool_router()) }
    }

    #[tool(description = "Adds two numbers.")]
    fn add(&self, Parameters(it): Parameters<Add>) -> String {
        (it.a + it.b).to_string()
    }

    #[tool(description = "Sends its argument back.")]
    fn echo(&self, Parameters(it): Parameters<Text>) -> String {
        it.text
    }

    #[tool(description = "Tells how many bytes its argument has.")]
    fn length(&self, Parameters(it): Parameters<Text>) -> String {
        it.text.len().to_string()
    }

    #[tool(description = "Reports progress, then sends its argument back.")]
    async fn report(
        &self,
        Parameters(it): Parameters<Text>,
        meta: RequestMetaObject,
        client: Peer<RoleServer>,
    ) -> String {
        if let Some(token) = meta.get_progress_token() {
            // A client that has gone hears nothing, here as in the other SDK.
            client.notify_progress(ProgressNotificationParam::new(token, 1.0)).await.ok();
        }
        it.text
    }
}

#[tool_handler(router = self.tools, name = "eyot-bench", version = "1")]
impl ServerHandler for Tools {}
