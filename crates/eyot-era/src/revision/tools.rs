//! Tools, their calls and their results.

use eyot_types::{
    CallToolParams, CallToolResult, ContentBlock, JsonObject, ListToolsResult, Revision, Tool,
};
use serde_json::{Value, json};

use super::output_schema::{is_wrapped, legacy_properties, wrapped};
use super::{Carrier, Carry, Feature, Losses};

/// The same as [`to`](super::to) for the result of a tool whose output schema is known.
///
/// Where the schema is [wrapped](is_wrapped), an object must be wrapped too, or it does not fit.
#[must_use]
pub fn call_tool_result(
    revision: Revision,
    mut result: CallToolResult,
    output_schema: &JsonObject,
) -> (CallToolResult, Losses) {
    let mut carrier = Carrier::new(revision);
    if carrier.lacks(Feature::AnyOutputSchema)
        && !carrier.lacks(Feature::OutputSchema)
        && is_wrapped(output_schema)
    {
        wrap_structured_content(&mut result, &mut carrier);
    }
    result.carry(&mut carrier);
    (result, carrier.into_losses())
}

impl Carry for Tool {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::Title, &mut self.title);
        carrier.member(Feature::OutputSchema, &mut self.output_schema);
        carrier.member(Feature::ToolAnnotations, &mut self.annotations);
        carrier.member(Feature::ToolExecution, &mut self.execution);
        carrier.member(Feature::Icons, &mut self.icons);
        carrier.member(Feature::ItemMeta, &mut self.meta);
        if !carrier.lacks(Feature::AnyOutputSchema) {
            return;
        }
        legacy_properties(&mut self.input_schema);
        if let Some(schema) = &mut self.output_schema {
            if is_wrapped(schema) {
                carrier.lose(Feature::AnyOutputSchema);
                *schema = wrapped(std::mem::take(schema));
            }
            legacy_properties(schema);
        }
    }
}

impl Carry for ListToolsResult {
    fn carry(&mut self, carrier: &mut Carrier) {
        self.tools.carry(carrier);
        carrier.cache(&mut self.ttl_ms, &mut self.cache_scope);
        carrier.complete(&mut self.result_type, &mut self.meta);
    }
}

impl Carry for CallToolParams {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::TaskRequest, &mut self.task);
        carrier.member(Feature::RoundState, &mut self.input_responses);
        carrier.member(Feature::RoundState, &mut self.request_state);
        carrier.message_meta(&mut self.meta);
    }
}

impl Carry for CallToolResult {
    fn carry(&mut self, carrier: &mut Carrier) {
        self.content.carry(carrier);
        let is_object = self.structured_content.as_ref().is_none_or(Value::is_object);
        if carrier.lacks(Feature::StructuredContent) {
            if let Some(value) = self.structured_content.take() {
                carrier.lose(Feature::StructuredContent);
                add_text(&mut self.content, &value);
            }
        } else if carrier.lacks(Feature::AnyStructuredContent) && !is_object {
            wrap_structured_content(self, carrier);
        }
        carrier.complete(&mut self.result_type, &mut self.meta);
    }
}

fn wrap_structured_content(result: &mut CallToolResult, carrier: &mut Carrier) {
    if let Some(value) = result.structured_content.take() {
        carrier.lose(Feature::AnyStructuredContent);
        add_text(&mut result.content, &value);
        result.structured_content = Some(json!({ "result": value }));
    }
}

/// Says a value in words, for whoever does not read structured content.
fn add_text(content: &mut Vec<ContentBlock>, value: &Value) {
    if !content.iter().any(|block| matches!(block, ContentBlock::Text(_))) {
        content.push(ContentBlock::text(value.to_string()));
    }
}
