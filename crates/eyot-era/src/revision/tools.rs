//! Tools, their calls and their results.

use eyot_types::{
    CallToolParams, CallToolResult, ContentBlock, JsonObject, ListToolsResult, Revision, Tool,
};
use serde_json::{Value, json};

use super::output_schema::{is_wrapped, legacy_properties, wrapped};
use super::{Convert, Converter, Feature, Losses};

/// Like [`to`](super::to), for the result of a tool whose output schema is known.
///
/// Where the schema is [wrapped](is_wrapped), an object must be wrapped too, or it does not fit.
#[must_use]
pub fn call_tool_result(
    revision: Revision,
    mut result: CallToolResult,
    output_schema: &JsonObject,
) -> (CallToolResult, Losses) {
    let mut converter = Converter::new(revision);
    if converter.lacks(Feature::AnyOutputSchema)
        && !converter.lacks(Feature::OutputSchema)
        && is_wrapped(output_schema)
    {
        wrap_structured_content(&mut result, &mut converter);
    }
    result.convert(&mut converter);
    (result, converter.into_losses())
}

impl Convert for Tool {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::Title, &mut self.title);
        converter.member(Feature::OutputSchema, &mut self.output_schema);
        converter.member(Feature::ToolAnnotations, &mut self.annotations);
        converter.member(Feature::ToolExecution, &mut self.execution);
        converter.member(Feature::Icons, &mut self.icons);
        converter.member(Feature::ItemMeta, &mut self.meta);
        if !converter.lacks(Feature::AnyOutputSchema) {
            return;
        }
        legacy_properties(&mut self.input_schema);
        if let Some(schema) = &mut self.output_schema {
            if is_wrapped(schema) {
                converter.lose(Feature::AnyOutputSchema);
                *schema = wrapped(std::mem::take(schema));
            }
            legacy_properties(schema);
        }
    }
}

impl Convert for ListToolsResult {
    fn convert(&mut self, converter: &mut Converter) {
        self.tools.convert(converter);
        converter.cache(&mut self.ttl_ms, &mut self.cache_scope);
        converter.complete(&mut self.result_type, &mut self.meta);
    }
}

impl Convert for CallToolParams {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::TaskRequest, &mut self.task);
        converter.member(Feature::RoundState, &mut self.input_responses);
        converter.member(Feature::RoundState, &mut self.request_state);
        converter.message_meta(&mut self.meta);
    }
}

impl Convert for CallToolResult {
    fn convert(&mut self, converter: &mut Converter) {
        self.content.convert(converter);
        let is_object = self.structured_content.as_ref().is_none_or(Value::is_object);
        if converter.lacks(Feature::StructuredContent) {
            if let Some(value) = self.structured_content.take() {
                converter.lose(Feature::StructuredContent);
                add_text(&mut self.content, &value);
            }
        } else if converter.lacks(Feature::AnyStructuredContent) && !is_object {
            wrap_structured_content(self, converter);
        }
        converter.complete(&mut self.result_type, &mut self.meta);
    }
}

fn wrap_structured_content(result: &mut CallToolResult, converter: &mut Converter) {
    if let Some(value) = result.structured_content.take() {
        converter.lose(Feature::AnyStructuredContent);
        add_text(&mut result.content, &value);
        result.structured_content = Some(json!({ "result": value }));
    }
}

/// Says a value in words, for clients that do not read structured content.
fn add_text(content: &mut Vec<ContentBlock>, value: &Value) {
    if !content.iter().any(|block| matches!(block, ContentBlock::Text(_))) {
        content.push(ContentBlock::text(value.to_string()));
    }
}
