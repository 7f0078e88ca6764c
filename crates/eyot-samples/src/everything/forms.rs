//! Forms put together by hand.

use eyot::types::{
    BooleanSchema, ElicitSchema, MultiSelectSchema, NumberSchema, SelectOption, SingleSelectSchema,
    StringSchema,
};

/// Every kind of question, each with a default answer.
pub(super) fn with_defaults() -> ElicitSchema {
    let status = SingleSelectSchema::untitled(["active", "inactive", "pending"]);
    ElicitSchema::new()
        .with_optional("name", StringSchema::new().with_default("John Doe"))
        .with_optional("age", NumberSchema::integer().with_default(30))
        .with_optional("score", NumberSchema::number().with_default(95.5))
        .with_optional("status", status.with_default("active"))
        .with_optional("verified", BooleanSchema::new().with_default(true))
}

/// Every way to choose: one or several, with titles and without.
pub(super) fn with_choices() -> ElicitSchema {
    let untitled = ["option1", "option2", "option3"];
    let titled = || options([("value1", "First"), ("value2", "Second"), ("value3", "Third")]);
    let legacy = options([("opt1", "One"), ("opt2", "Two"), ("opt3", "Three")]);
    ElicitSchema::new()
        .with_optional("untitledSingle", SingleSelectSchema::untitled(untitled))
        .with_optional("titledSingle", SingleSelectSchema::titled(titled()))
        .with_optional("legacyEnum", SingleSelectSchema::legacy_titled(legacy))
        .with_optional("untitledMulti", MultiSelectSchema::untitled(untitled))
        .with_optional("titledMulti", MultiSelectSchema::titled(titled()))
}

fn options(options: [(&str, &str); 3]) -> Vec<SelectOption> {
    options.into_iter().map(|(value, title)| SelectOption::new(value, title)).collect()
}
