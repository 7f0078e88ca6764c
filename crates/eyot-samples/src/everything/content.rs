//! The content of tools' answers: text, pictures, sounds, resources, errors.

use eyot::types::{ContentBlock, ResourceContents};
use eyot::{CallContext, HandlerError, HandlerResult, NoArguments, ServerBuilder, tool};

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .tool(tool("test_simple_text", text).description("Answers with a text."))
        .tool(tool("test_image_content", image).description("Answers with a picture."))
        .tool(tool("test_audio_content", audio).description("Answers with a sound."))
        .tool(tool("test_embedded_resource", resource).description("Answers with a resource."))
        .tool(tool("test_multiple_content_types", several).description("Answers with a mixture."))
        .tool(tool("test_error_handling", fail).description("Fails."))
}

async fn text(_: NoArguments, _: CallContext) -> &'static str {
    "This is a simple text response for testing."
}

async fn image(_: NoArguments, _: CallContext) -> ContentBlock {
    picture()
}

async fn audio(_: NoArguments, _: CallContext) -> ContentBlock {
    ContentBlock::audio(WAV, "audio/wav")
}

async fn resource(_: NoArguments, _: CallContext) -> ContentBlock {
    let text = "This is an embedded resource content.";
    let contents = ResourceContents::text("test://embedded-resource", text);
    ContentBlock::resource(contents.with_mime_type("text/plain"))
}

async fn several(_: NoArguments, _: CallContext) -> Vec<ContentBlock> {
    let json = r#"{"test":"data","value":123}"#;
    let contents = ResourceContents::text("test://mixed-content-resource", json);
    vec![
        ContentBlock::text("Multiple content types test:"),
        picture(),
        ContentBlock::resource(contents.with_mime_type("application/json")),
    ]
}

/// Any error becomes a result with its text: a model reads the text and can try something else.
async fn fail(_: NoArguments, _: CallContext) -> HandlerResult<()> {
    Err(HandlerError::new("This tool intentionally returns an error for testing"))
}

pub(super) fn picture() -> ContentBlock {
    ContentBlock::image(PNG, "image/png")
}

/// One pixel.
pub(super) const PNG: &[u8] = include_bytes!("pixel.png");
/// A moment without sound.
const WAV: &[u8] = include_bytes!("silence.wav");
