//! Questions to the user, and the answers.

use eyot_types::{
    ElicitMode, ElicitParams, ElicitResult, ElicitSchema, PrimitiveSchema, Question,
    SingleSelectSchema,
};

use super::{Convert, Converter, Feature};

impl Convert for ElicitParams {
    fn convert(&mut self, converter: &mut Converter) {
        if converter.lacks(Feature::Elicitation) {
            return converter.lose(Feature::Elicitation);
        }
        match self.mode {
            Some(ElicitMode::Url) => {
                if converter.lacks(Feature::ElicitationUrl) {
                    converter.lose(Feature::ElicitationUrl);
                }
            }
            _ => converter.member(Feature::ElicitationMode, &mut self.mode),
        }
        converter.member(Feature::ElicitationId, &mut self.elicitation_id);
        self.requested_schema.convert(converter);
        converter.member(Feature::TaskRequest, &mut self.task);
        converter.message_meta(&mut self.meta);
    }
}

impl Convert for ElicitSchema {
    fn convert(&mut self, converter: &mut Converter) {
        self.properties.values_mut().for_each(|it| it.convert(converter));
    }
}

impl Convert for PrimitiveSchema {
    fn convert(&mut self, converter: &mut Converter) {
        match self {
            Self::String(schema) => {
                converter.member(Feature::ElicitationDefaults, &mut schema.default);
            }
            Self::Number(schema) => {
                converter.member(Feature::ElicitationDefaults, &mut schema.default);
            }
            Self::SingleSelect(schema) => schema.convert(converter),
            Self::MultiSelect(_) if converter.lacks(Feature::ElicitationMultiSelect) => {
                converter.lose(Feature::ElicitationMultiSelect);
            }
            _ => {}
        }
    }
}

impl Convert for SingleSelectSchema {
    fn convert(&mut self, converter: &mut Converter) {
        converter.member(Feature::ElicitationDefaults, &mut self.default);
        if let Some(options) = self.one_of.take_if(|_| converter.lacks(Feature::ElicitationTitles))
        {
            converter.lose(Feature::ElicitationTitles);
            let Self { values, enum_names, .. } = Self::legacy_titled(options);
            self.values = values;
            self.enum_names = enum_names;
        }
    }
}

impl Convert for ElicitResult {
    fn convert(&mut self, converter: &mut Converter) {
        let has_list = self.content.iter().flat_map(|it| it.values()).any(|it| it.is_array());
        if has_list && converter.lacks(Feature::ElicitationLists) {
            converter.lose(Feature::ElicitationLists);
        }
        converter.message_meta(&mut self.meta);
    }
}

impl Convert for Question {
    fn convert(&mut self, converter: &mut Converter) {
        match self {
            Self::Elicitation(params) => params.convert(converter),
            Self::Sampling(params) => params.convert(converter),
            Self::Roots(params) => params.convert(converter),
            _ => {}
        }
    }
}
