//! What clients and servers declare.

use eyot_types::{ClientCapabilities, JsonObject, ServerCapabilities};
use serde_json::Value;

use super::{Carrier, Carry, Feature};

impl Carry for ClientCapabilities {
    fn carry(&mut self, carrier: &mut Carrier) {
        let declared = &mut self.0;
        carry_elicitation(declared, carrier);
        if let Some(settings) = settings(declared, "sampling") {
            carrier.key(Feature::SamplingSettings, settings, "context");
            carrier.key(Feature::SamplingSettings, settings, "tools");
        }
        if let Some(settings) = settings(declared, "roots") {
            carrier.key(Feature::RootsListChanged, settings, "listChanged");
        }
        carrier.key(Feature::TaskRequest, declared, "tasks");
        carrier.key(Feature::Extensions, declared, "extensions");
    }
}

/// A capability that may not be used must not be declared: the server would ask.
fn carry_elicitation(declared: &mut JsonObject, carrier: &mut Carrier) {
    carrier.key(Feature::ElicitationCapability, declared, "elicitation");
    let Some(modes) = settings(declared, "elicitation") else { return };
    if !carrier.lacks(Feature::ElicitationUrlSetting) {
        return;
    }
    // There is one mode only, so that nothing names it.
    let has_form = modes.remove("form").is_some();
    if modes.remove("url").is_some() {
        carrier.lose(Feature::ElicitationUrlSetting);
        if !has_form {
            declared.remove("elicitation");
        }
    }
}

impl Carry for ServerCapabilities {
    fn carry(&mut self, carrier: &mut Carrier) {
        let declared = &mut self.0;
        carrier.key(Feature::CompletionCapability, declared, "completions");
        carrier.key(Feature::TaskRequest, declared, "tasks");
        carrier.key(Feature::Extensions, declared, "extensions");
    }
}

fn settings<'a>(declared: &'a mut JsonObject, name: &str) -> Option<&'a mut JsonObject> {
    declared.get_mut(name).and_then(Value::as_object_mut)
}
