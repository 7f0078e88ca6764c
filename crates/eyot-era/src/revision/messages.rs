//! Prompts, resources, completion, and the small messages.

use eyot_types::{
    CancelledParams, CompleteParams, CompleteResult, CompletionReference, CreateTaskResult,
    EmptyParams, EmptyResult, GetPromptParams, GetPromptResult, Implementation,
    InputRequiredResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListRootsResult, LoggingMessageParams, PaginatedParams, ProgressParams, Prompt, PromptArgument,
    PromptMessage, ReadResourceParams, ReadResourceResult, Resource, ResourceTemplate, Root,
    RoundResult, SubscribeParams,
};

use super::{Carrier, Carry, Feature};

impl Carry for Implementation {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::Title, &mut self.title);
        carrier.member(Feature::ProgramDetails, &mut self.description);
        carrier.member(Feature::ProgramDetails, &mut self.website_url);
        carrier.member(Feature::Icons, &mut self.icons);
    }
}

impl Carry for Prompt {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::Title, &mut self.title);
        self.arguments.carry(carrier);
        carrier.member(Feature::Icons, &mut self.icons);
        carrier.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Carry for PromptArgument {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::Title, &mut self.title);
    }
}

impl Carry for PromptMessage {
    fn carry(&mut self, carrier: &mut Carrier) {
        self.content.carry(carrier);
    }
}

impl Carry for GetPromptParams {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::RoundState, &mut self.input_responses);
        carrier.member(Feature::RoundState, &mut self.request_state);
        carrier.message_meta(&mut self.meta);
    }
}

impl Carry for GetPromptResult {
    fn carry(&mut self, carrier: &mut Carrier) {
        self.messages.carry(carrier);
        carrier.complete(&mut self.result_type, &mut self.meta);
    }
}

impl Carry for Resource {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::Title, &mut self.title);
        self.annotations.carry(carrier);
        carrier.member(Feature::Icons, &mut self.icons);
        carrier.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Carry for ResourceTemplate {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::Title, &mut self.title);
        self.annotations.carry(carrier);
        carrier.member(Feature::Icons, &mut self.icons);
        carrier.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Carry for ReadResourceParams {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::RoundState, &mut self.input_responses);
        carrier.member(Feature::RoundState, &mut self.request_state);
        carrier.message_meta(&mut self.meta);
    }
}

impl Carry for ReadResourceResult {
    fn carry(&mut self, carrier: &mut Carrier) {
        self.contents.carry(carrier);
        carrier.cache(&mut self.ttl_ms, &mut self.cache_scope);
        carrier.complete(&mut self.result_type, &mut self.meta);
    }
}

/// The results of lists differ in what they list.
macro_rules! carry_lists {
    ( $( $name:ident { $items:ident } )+ ) => {
        $(
            impl Carry for $name {
                fn carry(&mut self, carrier: &mut Carrier) {
                    self.$items.carry(carrier);
                    carrier.cache(&mut self.ttl_ms, &mut self.cache_scope);
                    carrier.complete(&mut self.result_type, &mut self.meta);
                }
            }
        )+
    };
}

carry_lists! {
    ListPromptsResult { prompts }
    ListResourcesResult { resources }
    ListResourceTemplatesResult { resource_templates }
}

/// Messages that differ in their metadata only.
macro_rules! carry_meta {
    ( $( $name:ident )+ ) => {
        $(
            impl Carry for $name {
                fn carry(&mut self, carrier: &mut Carrier) {
                    carrier.message_meta(&mut self.meta);
                }
            }
        )+
    };
}

carry_meta! {
    CancelledParams
    EmptyParams
    LoggingMessageParams
    PaginatedParams
    SubscribeParams
}

impl Carry for ProgressParams {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::ProgressMessage, &mut self.message);
        carrier.message_meta(&mut self.meta);
    }
}

impl Carry for CompleteParams {
    fn carry(&mut self, carrier: &mut Carrier) {
        if let CompletionReference::Prompt(prompt) = &mut self.reference {
            carrier.member(Feature::Title, &mut prompt.title);
        }
        carrier.member(Feature::CompletionContext, &mut self.context);
        carrier.message_meta(&mut self.meta);
    }
}

impl Carry for CompleteResult {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.complete(&mut self.result_type, &mut self.meta);
    }
}

impl Carry for EmptyResult {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.complete(&mut self.result_type, &mut self.meta);
    }
}

impl Carry for Root {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Carry for ListRootsResult {
    fn carry(&mut self, carrier: &mut Carrier) {
        self.roots.carry(carrier);
        carrier.message_meta(&mut self.meta);
    }
}

impl Carry for InputRequiredResult {
    fn carry(&mut self, carrier: &mut Carrier) {
        if carrier.lacks(Feature::InputRequired) {
            carrier.lose(Feature::InputRequired);
        }
    }
}

impl Carry for CreateTaskResult {
    fn carry(&mut self, carrier: &mut Carrier) {
        if carrier.lacks(Feature::TaskResult) {
            carrier.lose(Feature::TaskResult);
        }
    }
}

impl<T: Carry> Carry for RoundResult<T> {
    fn carry(&mut self, carrier: &mut Carrier) {
        match self {
            Self::Complete(result) => result.carry(carrier),
            Self::InputRequired(result) => result.carry(carrier),
            Self::Task(result) => result.carry(carrier),
            _ => {}
        }
    }
}
