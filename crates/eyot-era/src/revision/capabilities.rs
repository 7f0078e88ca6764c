//! What clients and servers declare.

use eyot_types::{ClientCapabilities, JsonObject, ServerCapabilities};
use serde_json::Value;

use super::{Convert, Converter, Feature};

impl Convert for ClientCapabilities {
    fn convert(&mut self, converter: &mut Converter) {
        let declared = &mut self.0;
        convert_elicitation(declared, converter);
        if let Some(settings) = settings(declared, "sampling") {
            converter.key(Feature::SamplingSettings, settings, "context");
            converter.key(Feature::SamplingSettings, settings, "tools");
        }
        if let Some(settings) = settings(declared, "roots") {
            converter.key(Feature::RootsListChanged, settings, "listChanged");
        }
        converter.key(Feature::TaskRequest, declared, "tasks");
        converter.key(Feature::Extensions, declared, "extensions");
    }
}

/// A capability that may not be used must not be declared: the server would ask.
fn convert_elicitation(declared: &mut JsonObject, converter: &mut Converter) {
    converter.key(Feature::ElicitationCapability, declared, "elicitation");
    let Some(modes) = settings(declared, "elicitation") else { return };
    if !converter.lacks(Feature::ElicitationUrlSetting) {
        return;
    }
    // There is one mode only, so that nothing names it.
    let has_form = modes.remove("form").is_some();
    if modes.remove("url").is_some() {
        converter.lose(Feature::ElicitationUrlSetting);
        if !has_form {
            declared.remove("elicitation");
        }
    }
}

impl Convert for ServerCapabilities {
    fn convert(&mut self, converter: &mut Converter) {
        let declared = &mut self.0;
        converter.key(Feature::CompletionCapability, declared, "completions");
        converter.key(Feature::TaskRequest, declared, "tasks");
        converter.key(Feature::Extensions, declared, "extensions");
    }
}

fn settings<'a>(declared: &'a mut JsonObject, name: &str) -> Option<&'a mut JsonObject> {
    declared.get_mut(name).and_then(Value::as_object_mut)
}
