//! Prompts, resources, completion, and the small messages.

use eyot_types::{
    CancelledParams, CompleteParams, CompleteResult, CompletionReference, CreateTaskResult,
    EmptyParams, EmptyResult, GetPromptParams, GetPromptResult, Implementation,
    InputRequiredResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListRootsResult, LoggingMessageParams, PaginatedParams, ProgressParams, Prompt, PromptArgument,
    PromptMessage, ReadResourceParams, ReadResourceResult, Resource, ResourceTemplate, Root,
    RoundResult, SubscribeParams,
};

use super::{Convert, Converter, Feature};

impl Convert for Implementation {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::Title, &mut self.title);
        converter.member(Feature::ProgramDetails, &mut self.description);
        converter.member(Feature::ProgramDetails, &mut self.website_url);
        converter.member(Feature::Icons, &mut self.icons);
    }
}

impl Convert for Prompt {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::Title, &mut self.title);
        self.arguments.convert(converter);
        converter.member(Feature::Icons, &mut self.icons);
        converter.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Convert for PromptArgument {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::Title, &mut self.title);
    }
}

impl Convert for PromptMessage {
    fn convert(&mut self, converter: &mut Converter) {
        self.content.convert(converter);
    }
}

impl Convert for GetPromptParams {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::RoundState, &mut self.input_responses);
        converter.member(Feature::RoundState, &mut self.request_state);
        converter.message_meta(&mut self.meta);
    }
}

impl Convert for GetPromptResult {
    fn convert(&mut self, converter: &mut Converter) {
        self.messages.convert(converter);
        converter.complete(&mut self.result_type, &mut self.meta);
    }
}

impl Convert for Resource {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::Title, &mut self.title);
        self.annotations.convert(converter);
        converter.member(Feature::Icons, &mut self.icons);
        converter.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Convert for ResourceTemplate {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::Title, &mut self.title);
        self.annotations.convert(converter);
        converter.member(Feature::Icons, &mut self.icons);
        converter.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Convert for ReadResourceParams {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::RoundState, &mut self.input_responses);
        converter.member(Feature::RoundState, &mut self.request_state);
        converter.message_meta(&mut self.meta);
    }
}

impl Convert for ReadResourceResult {
    fn convert(&mut self, converter: &mut Converter) {
        self.contents.convert(converter);
        converter.cache(&mut self.ttl_ms, &mut self.cache_scope);
        converter.complete(&mut self.result_type, &mut self.meta);
    }
}

/// Converts results of lists: each item.
macro_rules! convert_lists {
    ( $( $name:ident { $items:ident } )+ ) => {
        $(
            impl Convert for $name {
                fn convert(&mut self, converter: &mut Converter) {
                    self.$items.convert(converter);
                    converter.cache(&mut self.ttl_ms, &mut self.cache_scope);
                    converter.complete(&mut self.result_type, &mut self.meta);
                }
            }
        )+
    };
}

convert_lists! {
    ListPromptsResult { prompts }
    ListResourcesResult { resources }
    ListResourceTemplatesResult { resource_templates }
}

/// Converts messages that differ between revisions in their metadata only.
macro_rules! convert_meta {
    ( $( $name:ident )+ ) => {
        $(
            impl Convert for $name {
                fn convert(&mut self, converter: &mut Converter) {
                    converter.message_meta(&mut self.meta);
                }
            }
        )+
    };
}

convert_meta! {
    CancelledParams
    EmptyParams
    LoggingMessageParams
    PaginatedParams
    SubscribeParams
}

impl Convert for ProgressParams {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::ProgressMessage, &mut self.message);
        converter.message_meta(&mut self.meta);
    }
}

impl Convert for CompleteParams {
    fn convert(&mut self, converter: &mut Converter) {
        if let CompletionReference::Prompt(prompt) = &mut self.reference {
            converter.member(Feature::Title, &mut prompt.title);
        }
        converter.member(Feature::CompletionContext, &mut self.context);
        converter.message_meta(&mut self.meta);
    }
}

impl Convert for CompleteResult {
    fn convert(&mut self, converter: &mut Converter) {
        converter.complete(&mut self.result_type, &mut self.meta);
    }
}

impl Convert for EmptyResult {
    fn convert(&mut self, converter: &mut Converter) {
        converter.complete(&mut self.result_type, &mut self.meta);
    }
}

impl Convert for Root {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Convert for ListRootsResult {
    fn convert(&mut self, converter: &mut Converter) {
        self.roots.convert(converter);
        converter.message_meta(&mut self.meta);
    }
}

impl Convert for InputRequiredResult {
    fn convert(&mut self, converter: &mut Converter) {
        if converter.lacks(Feature::InputRequired) {
            converter.lose(Feature::InputRequired);
        }
    }
}

impl Convert for CreateTaskResult {
    fn convert(&mut self, converter: &mut Converter) {
        if converter.lacks(Feature::TaskResult) {
            converter.lose(Feature::TaskResult);
        }
    }
}

impl<T: Convert> Convert for RoundResult<T> {
    fn convert(&mut self, converter: &mut Converter) {
        match self {
            Self::Complete(result) => result.convert(converter),
            Self::InputRequired(result) => result.convert(converter),
            Self::Task(result) => result.convert(converter),
            _ => {}
        }
    }
}
