//! Conversations with a model.

use eyot_types::{
    CreateMessageParams, CreateMessageResult, OneOrMany, SamplingContent, SamplingMessage,
    ToolResultContent,
};

use super::content::audio_as_text;
use super::{Carrier, Carry, Feature};

impl Carry for CreateMessageParams {
    fn carry(&mut self, carrier: &mut Carrier) {
        if carrier.lacks(Feature::SamplingMany) {
            let messages = std::mem::take(&mut self.messages).into_iter();
            self.messages = messages.flat_map(|it| split(it, carrier)).collect();
        }
        self.messages.carry(carrier);
        let has_tools = self.tools.is_some() || self.tool_choice.is_some();
        if has_tools && carrier.lacks(Feature::SamplingTools) {
            carrier.lose(Feature::SamplingTools);
        }
        self.tools.carry(carrier);
        carrier.member(Feature::TaskRequest, &mut self.task);
        carrier.message_meta(&mut self.meta);
    }
}

/// One message for each piece of a message.
fn split(message: SamplingMessage, carrier: &mut Carrier) -> Vec<SamplingMessage> {
    let SamplingMessage { role, content, meta, other, .. } = message;
    let pieces = content.into_vec();
    if pieces.len() != 1 {
        carrier.lose(Feature::SamplingMany);
    }
    let one = |piece| {
        let mut message = SamplingMessage::new(role.clone(), OneOrMany::One(piece));
        message.meta.clone_from(&meta);
        message.other.clone_from(&other);
        message
    };
    pieces.into_iter().map(one).collect()
}

impl Carry for SamplingMessage {
    fn carry(&mut self, carrier: &mut Carrier) {
        self.content.carry(carrier);
    }
}

impl Carry for CreateMessageResult {
    fn carry(&mut self, carrier: &mut Carrier) {
        if carrier.lacks(Feature::SamplingMany) {
            join(&mut self.content, carrier);
        }
        self.content.carry(carrier);
        carrier.message_meta(&mut self.meta);
    }
}

/// One piece of an answer that has several, if they are texts.
fn join(content: &mut OneOrMany<SamplingContent>, carrier: &mut Carrier) {
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
            carrier.lose(Feature::SamplingMany);
            *content = OneOrMany::One(SamplingContent::text(texts.join("\n")));
        }
        None => carrier.lose(Feature::SamplingMixed),
    }
}

impl<T: Carry> Carry for OneOrMany<T> {
    fn carry(&mut self, carrier: &mut Carrier) {
        match self {
            Self::One(value) => value.carry(carrier),
            Self::Many(values) => values.carry(carrier),
        }
    }
}

impl Carry for SamplingContent {
    fn carry(&mut self, carrier: &mut Carrier) {
        if let Self::Audio(content) = self
            && carrier.lacks(Feature::AudioContent)
        {
            carrier.lose(Feature::AudioContent);
            *self = Self::Text(audio_as_text(content));
        }
        match self {
            Self::Text(content) => content.carry(carrier),
            Self::Image(content) | Self::Audio(content) => content.carry(carrier),
            Self::ToolUse(_) | Self::ToolResult(_) if carrier.lacks(Feature::SamplingTools) => {
                carrier.lose(Feature::SamplingTools);
            }
            Self::ToolResult(content) => content.carry(carrier),
            _ => {}
        }
    }
}

impl Carry for ToolResultContent {
    fn carry(&mut self, carrier: &mut Carrier) {
        self.content.carry(carrier);
        if let Some(value) = &mut self.structured_content
            && carrier.lacks(Feature::AnyStructuredContent)
            && !value.is_object()
        {
            carrier.lose(Feature::AnyStructuredContent);
            *value = serde_json::json!({ "result": value });
        }
    }
}
