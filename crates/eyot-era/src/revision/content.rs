//! Content, and the definitions that share its members.

use eyot_types::{
    Annotations, ContentBlock, EmbeddedResource, MediaContent, ResourceContents, ResourceLink,
    TextContent,
};

use super::{Convert, Converter, Feature};

impl Convert for ContentBlock {
    fn convert(&mut self, converter: &mut Converter) {
        if let Self::Audio(content) = self
            && converter.lacks(Feature::AudioContent)
        {
            converter.lose(Feature::AudioContent);
            *self = Self::Text(audio_as_text(content));
        }
        if let Self::ResourceLink(link) = self
            && converter.lacks(Feature::ResourceLink)
        {
            converter.lose(Feature::ResourceLink);
            *self = Self::Text(link_as_text(link));
        }
        match self {
            Self::Text(content) => content.convert(converter),
            Self::Image(content) | Self::Audio(content) => content.convert(converter),
            Self::Resource(content) => content.convert(converter),
            Self::ResourceLink(link) => link.convert(converter),
            _ => {}
        }
    }
}

/// What stands for a sound where there is none.
pub(super) fn audio_as_text(content: &MediaContent) -> TextContent {
    // Three bytes for four characters of Base64, whatever the padding: it is for people.
    let bytes = content.data.len() / 4 * 3;
    let text = format!("[{} left out, {bytes} bytes]", content.mime_type);
    annotated(TextContent::new(text), content.annotations.as_ref())
}

fn link_as_text(link: &ResourceLink) -> TextContent {
    let name = link.title.as_ref().unwrap_or(&link.name);
    let mut text = format!("{name}: {}", link.uri);
    if let Some(description) = &link.description {
        text.extend(["\n", description]);
    }
    annotated(TextContent::new(text), link.annotations.as_ref())
}

fn annotated(mut text: TextContent, annotations: Option<&Annotations>) -> TextContent {
    text.annotations = annotations.cloned();
    text
}

impl Convert for TextContent {
    fn convert(&mut self, converter: &mut Converter) {
        self.annotations.convert(converter);
        converter.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Convert for MediaContent {
    fn convert(&mut self, converter: &mut Converter) {
        self.annotations.convert(converter);
        converter.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Convert for EmbeddedResource {
    fn convert(&mut self, converter: &mut Converter) {
        self.resource.convert(converter);
        self.annotations.convert(converter);
        converter.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Convert for ResourceContents {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Convert for ResourceLink {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::Title, &mut self.title);
        converter.member(Feature::Icons, &mut self.icons);
        self.annotations.convert(converter);
        converter.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Convert for Annotations {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::LastModified, &mut self.last_modified);
    }
}
