//! Conversations with a model.

use eyot_types::{
    CreateMessageParams, CreateMessageResult, OneOrMany, SamplingContent, SamplingMessage,
    ToolResultContent,
};

use super::content::audio_as_text;
use super::{Convert, Converter, Feature};

impl Convert for CreateMessageParams {
    fn convert(&mut self, converter: &mut Converter) {
        if converter.lacks(Feature::SamplingMany) {
            let messages = std::mem::take(&mut self.messages).into_iter();
            self.messages = messages.flat_map(|it| split(it, converter)).collect();
        }
        self.messages.convert(converter);
        let has_tools = self.tools.is_some() || self.tool_choice.is_some();
        if has_tools && converter.lacks(Feature::SamplingTools) {
            converter.lose(Feature::SamplingTools);
        }
        self.tools.convert(converter);
        converter.member(Feature::TaskRequest, &mut self.task);
        converter.message_meta(&mut self.meta);
    }
}

/// One message for each piece of a message.
fn split(message: SamplingMessage, converter: &mut Converter) -> Vec<SamplingMessage> {
    let SamplingMessage { role, content, meta, other, .. } = message;
    let pieces = content.into_vec();
    if pieces.len() != 1 {
        converter.lose(Feature::SamplingMany);
    }
    let one = |piece| {
        let mut message = SamplingMessage::new(role.clone(), OneOrMany::One(piece));
        message.meta.clone_from(&meta);
        message.other.clone_from(&other);
        message
    };
    pieces.into_iter().map(one).collect()
}

impl Convert for SamplingMessage {
    fn convert(&mut self, converter: &mut Converter) {
        self.content.convert(converter);
    }
}

impl Convert for CreateMessageResult {
    fn convert(&mut self, converter: &mut Converter) {
        if converter.lacks(Feature::SamplingMany) {
            join(&mut self.content, converter);
        }
        self.content.convert(converter);
        converter.message_meta(&mut self.meta);
    }
}

/// One piece of an answer that has several, if they are texts.
fn join(content: &mut OneOrMany<SamplingContent>, converter: &mut Converter) {
    let OneOrMany::Many(pieces) = content else { return };
    if pieces.len() == 1
        && let Some(piece) = pieces.pop()
    {
        *content = OneOrMany::One(piece);
        return;
    }
    let text = |piece: &SamplingContent| match piece {
        SamplingContent::Text(content) => Some(content.text.clone()),
        _ => None,
    };
    match pieces.iter().map(text).collect::<Option<Vec<_>>>() {
        Some(texts) => {
            converter.lose(Feature::SamplingMany);
            *content = OneOrMany::One(SamplingContent::text(texts.join("\n")));
        }
        None => converter.lose(Feature::SamplingMixed),
    }
}

impl<T: Convert> Convert for OneOrMany<T> {
    fn convert(&mut self, converter: &mut Converter) {
        match self {
            Self::One(value) => value.convert(converter),
            Self::Many(values) => values.convert(converter),
        }
    }
}

impl Convert for SamplingContent {
    fn convert(&mut self, converter: &mut Converter) {
        if let Self::Audio(content) = self
            && converter.lacks(Feature::AudioContent)
        {
            converter.lose(Feature::AudioContent);
            *self = Self::Text(audio_as_text(content));
        }
        match self {
            Self::Text(content) => content.convert(converter),
            Self::Image(content) | Self::Audio(content) => content.convert(converter),
            Self::ToolUse(_) | Self::ToolResult(_) if converter.lacks(Feature::SamplingTools) => {
                converter.lose(Feature::SamplingTools);
            }
            Self::ToolResult(content) => content.convert(converter),
            _ => {}
        }
    }
}

impl Convert for ToolResultContent {
    fn convert(&mut self, converter: &mut Converter) {
        self.content.convert(converter);
        if let Some(value) = &mut self.structured_content
            && converter.lacks(Feature::AnyStructuredContent)
            && !value.is_object()
        {
            converter.lose(Feature::AnyStructuredContent);
            *value = serde_json::json!({ "result": value });
        }
    }
}
