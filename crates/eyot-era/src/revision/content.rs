//! Content, and the definitions that share its members.

use eyot_types::{
    Annotations, ContentBlock, EmbeddedResource, MediaContent, ResourceContents, ResourceLink,
    TextContent,
};

use super::{Carrier, Carry, Feature};

impl Carry for ContentBlock {
    fn carry(&mut self, carrier: &mut Carrier) {
        if let Self::Audio(content) = self
            && carrier.lacks(Feature::AudioContent)
        {
            carrier.lose(Feature::AudioContent);
            *self = Self::Text(audio_as_text(content));
        }
        if let Self::ResourceLink(link) = self
            && carrier.lacks(Feature::ResourceLink)
        {
            carrier.lose(Feature::ResourceLink);
            *self = Self::Text(link_as_text(link));
        }
        match self {
            Self::Text(content) => content.carry(carrier),
            Self::Image(content) | Self::Audio(content) => content.carry(carrier),
            Self::Resource(content) => content.carry(carrier),
            Self::ResourceLink(link) => link.carry(carrier),
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

impl Carry for TextContent {
    fn carry(&mut self, carrier: &mut Carrier) {
        self.annotations.carry(carrier);
        carrier.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Carry for MediaContent {
    fn carry(&mut self, carrier: &mut Carrier) {
        self.annotations.carry(carrier);
        carrier.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Carry for EmbeddedResource {
    fn carry(&mut self, carrier: &mut Carrier) {
        self.resource.carry(carrier);
        self.annotations.carry(carrier);
        carrier.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Carry for ResourceContents {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Carry for ResourceLink {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::Title, &mut self.title);
        carrier.member(Feature::Icons, &mut self.icons);
        self.annotations.carry(carrier);
        carrier.member(Feature::ItemMeta, &mut self.meta);
    }
}

impl Carry for Annotations {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::LastModified, &mut self.last_modified);
    }
}
