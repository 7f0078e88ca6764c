//! The `Mcp-Param-*` headers of tool calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use eyot_types::{InvalidMirror, JsonObject, MirroredArguments, Tool};
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;

/// Which arguments of each listed tool its calls repeat in headers.
#[derive(Debug)]
pub(crate) struct ParamHeaders {
    tools: Mutex<BTreeMap<String, Arc<MirroredArguments>>>,
    tools_max: usize,
}

impl ParamHeaders {
    pub(crate) fn new(tools_max: usize) -> Self {
        Self { tools: Mutex::default(), tools_max }
    }

    /// Remembers which arguments a tool mirrors. Beyond the bound nothing is remembered, and the
    /// calls of the tool go without such headers.
    ///
    /// # Errors
    /// [`InvalidMirror`] when the tool is not to be used at all.
    pub(crate) fn learn(&self, tool: &Tool) -> Result<(), InvalidMirror> {
        let mirrored = MirroredArguments::of(&tool.input_schema)?;
        let mut tools = self.tools.lock();
        if tools.len() < self.tools_max || tools.contains_key(&tool.name) {
            tools.insert(tool.name.clone(), Arc::new(mirrored));
        }
        Ok(())
    }

    /// The headers of a call with these arguments (a JSON object, as text).
    pub(crate) fn headers(&self, tool: &str, arguments: Option<&str>) -> HeaderMap {
        let mirrored = self.tools.lock().get(tool).cloned();
        let Some(mirrored) = mirrored.filter(|it| !it.is_empty()) else { return HeaderMap::new() };
        let arguments = arguments.and_then(|it| serde_json::from_str::<JsonObject>(it).ok());
        let headers = mirrored.headers(&arguments.unwrap_or_default());
        let headers = headers.into_iter().filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(&value).ok()?))
        });
        headers.collect()
    }
}
