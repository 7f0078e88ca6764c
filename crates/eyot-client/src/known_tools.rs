//! What is known of the server's tools from its lists.

use std::sync::Arc;

use eyot_era::{ToolFact, ToolFacts};
use eyot_service::{Limits, SharedTotal, TotalQuota};
use eyot_types::{InvalidMirror, JsonObject, Tool};
use eyot_upstream::param_headers;
use http::HeaderMap;
use parking_lot::Mutex;
use tokio::time::Instant;

/// The tools that were listed.
#[derive(Debug)]
pub(crate) struct KnownTools(Mutex<ToolFacts>);

impl KnownTools {
    /// Nothing is known yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        let quota = TotalQuota::new(SharedTotal::KnownTools, &limits.of_one_principal());
        Self(Mutex::new(ToolFacts::new(quota.quota().clone())))
    }

    /// Remembers what calls of a tool need to know; of one tool too many nothing is remembered, and
    /// its calls go without.
    ///
    /// # Errors
    /// [`InvalidMirror`] when the tool is not to be used at all.
    pub(crate) fn learn(&self, tool: &Tool) -> Result<(), InvalidMirror> {
        let fact = ToolFact::of(tool);
        if let Some(error) = fact.invalid_headers() {
            return Err(error.clone());
        }
        self.0.lock().learn(None, &tool.name, fact, Instant::now().into_std());
        Ok(())
    }

    /// The headers of a call with these arguments (a JSON object, as text).
    pub(crate) fn headers(&self, tool: &str, arguments: Option<&str>) -> HeaderMap {
        let known = self.0.lock().find(None, tool).map(Arc::clone);
        let Some(params) = known.as_ref().and_then(|it| it.param_headers()) else {
            return HeaderMap::new();
        };
        let arguments = arguments.and_then(|it| serde_json::from_str::<JsonObject>(it).ok());
        param_headers(params, &arguments.unwrap_or_default())
    }
}
