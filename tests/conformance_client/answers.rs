//! The client's answers to the questions of the suite's servers.

use eyot::ErrorObject;
use eyot::types::{
    CreateMessageParams, CreateMessageResult, ElicitParams, ElicitResult, JsonObject,
    ListRootsResult, PrimitiveSchema, Root, SamplingContent,
};
use serde_json::Value;

/// A user who accepts every form as it is proposed.
pub(crate) async fn elicit(params: ElicitParams) -> Result<ElicitResult, ErrorObject> {
    let mut content = JsonObject::new();
    let fields = params.requested_schema.iter().flat_map(|it| it.properties.iter());
    for (name, schema) in fields {
        if let Some(value) = proposal(schema) {
            content.insert(name.to_owned(), value);
        }
    }
    Ok(ElicitResult::accept(content))
}

/// The value of a field before the user types. Consent has no default, and is given.
fn proposal(schema: &PrimitiveSchema) -> Option<Value> {
    match schema {
        PrimitiveSchema::String(it) => it.default.clone().map(Value::from),
        PrimitiveSchema::Number(it) => it.default.clone().map(Value::from),
        PrimitiveSchema::Boolean(it) => Some(Value::from(it.default.unwrap_or(true))),
        PrimitiveSchema::SingleSelect(it) => it.default.clone().map(Value::from),
        PrimitiveSchema::MultiSelect(it) => it.default.clone().map(Value::from),
        _ => None,
    }
}

/// A model that always gives one answer.
pub(crate) async fn sample(
    _params: CreateMessageParams,
) -> Result<CreateMessageResult, ErrorObject> {
    Ok(CreateMessageResult::new("a-model", SamplingContent::text("Paris")))
}

/// One folder to work in.
pub(crate) async fn roots() -> Result<ListRootsResult, ErrorObject> {
    Ok(ListRootsResult::new(vec![Root::new("file:///islands").with_name("islands")]))
}
