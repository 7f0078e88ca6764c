//! Questions to the user, and the answers.

use eyot_types::{
    ElicitMode, ElicitParams, ElicitResult, ElicitSchema, PrimitiveSchema, Question,
    SingleSelectSchema,
};

use super::{Carrier, Carry, Feature};

impl Carry for ElicitParams {
    fn carry(&mut self, carrier: &mut Carrier) {
        if carrier.lacks(Feature::Elicitation) {
            return carrier.lose(Feature::Elicitation);
        }
        match self.mode {
            Some(ElicitMode::Url) => {
                if carrier.lacks(Feature::ElicitationUrl) {
                    carrier.lose(Feature::ElicitationUrl);
                }
            }
            _ => carrier.member(Feature::ElicitationMode, &mut self.mode),
        }
        carrier.member(Feature::ElicitationId, &mut self.elicitation_id);
        self.requested_schema.carry(carrier);
        carrier.member(Feature::TaskRequest, &mut self.task);
        carrier.message_meta(&mut self.meta);
    }
}

impl Carry for ElicitSchema {
    fn carry(&mut self, carrier: &mut Carrier) {
        self.properties.values_mut().for_each(|it| it.carry(carrier));
    }
}

impl Carry for PrimitiveSchema {
    fn carry(&mut self, carrier: &mut Carrier) {
        match self {
            Self::String(schema) => {
                carrier.member(Feature::ElicitationDefaults, &mut schema.default);
            }
            Self::Number(schema) => {
                carrier.member(Feature::ElicitationDefaults, &mut schema.default);
            }
            Self::SingleSelect(schema) => schema.carry(carrier),
            Self::MultiSelect(_) if carrier.lacks(Feature::ElicitationMultiSelect) => {
                carrier.lose(Feature::ElicitationMultiSelect);
            }
            _ => {}
        }
    }
}

impl Carry for SingleSelectSchema {
    fn carry(&mut self, carrier: &mut Carrier) {
        carrier.member(Feature::ElicitationDefaults, &mut self.default);
        if let Some(options) = self.one_of.take_if(|_| carrier.lacks(Feature::ElicitationTitles)) {
            carrier.lose(Feature::ElicitationTitles);
            let Self { values, enum_names, .. } = Self::legacy_titled(options);
            self.values = values;
            self.enum_names = enum_names;
        }
    }
}

impl Carry for ElicitResult {
    fn carry(&mut self, carrier: &mut Carrier) {
        let has_list = self.content.iter().flat_map(|it| it.values()).any(|it| it.is_array());
        if has_list && carrier.lacks(Feature::ElicitationLists) {
            carrier.lose(Feature::ElicitationLists);
        }
        carrier.message_meta(&mut self.meta);
    }
}

impl Carry for Question {
    fn carry(&mut self, carrier: &mut Carrier) {
        match self {
            Self::Elicitation(params) => params.carry(carrier),
            Self::Sampling(params) => params.carry(carrier),
            Self::Roots(params) => params.carry(carrier),
            _ => {}
        }
    }
}
