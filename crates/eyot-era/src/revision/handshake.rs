//! How peers of the two eras get to know each other: `initialize` and `server/discover`.

use eyot_types::{
    DiscoverResult, Implementation, InitializeParams, InitializeResult, JsonObject, Revision, meta,
};

use super::{Convert, Converter, Losses, to};

/// What a modern server says of itself as the answer to the `initialize` of a legacy client.
///
/// A server need not say who it is in the modern era; `unnamed` stands for one that does not.
#[must_use]
pub fn to_initialize_result(
    revision: Revision,
    discovered: DiscoverResult,
    unnamed: Implementation,
) -> (InitializeResult, Losses) {
    let known = discovered.meta.as_ref().and_then(meta::server_info);
    let server_info = known.unwrap_or(unnamed);
    let mut result = InitializeResult::new(revision, discovered.capabilities, server_info);
    result.instructions = discovered.instructions;
    result.meta = discovered.meta;
    to(revision, result)
}

/// What a legacy server has answered to `initialize` as what a modern server says of itself, for
/// one that speaks the revisions `supported`.
#[must_use]
pub fn to_discover_result(
    supported: &[Revision],
    initialized: InitializeResult,
) -> (DiscoverResult, Losses) {
    let mut result = DiscoverResult::new(supported, initialized.capabilities);
    result.instructions = initialized.instructions;
    let mut metadata: JsonObject = initialized.meta.unwrap_or_default();
    meta::set_server_info(&mut metadata, &initialized.server_info);
    result.meta = Some(metadata);
    to(Revision::MODERN, result)
}

impl Convert for InitializeParams {
    fn convert(&mut self, converter: &mut Converter) {
        self.capabilities.convert(converter);
        self.client_info.convert(converter);
        converter.message_meta(&mut self.meta);
    }
}

impl Convert for InitializeResult {
    fn convert(&mut self, converter: &mut Converter) {
        self.capabilities.convert(converter);
        self.server_info.convert(converter);
        converter.message_meta(&mut self.meta);
    }
}

impl Convert for DiscoverResult {
    fn convert(&mut self, converter: &mut Converter) {
        self.capabilities.convert(converter);
        converter.cache(&mut self.ttl_ms, &mut self.cache_scope);
        converter.complete(&mut self.result_type, &mut self.meta);
    }
}
