//! What the client answers when the suite's servers ask.

use eyot::ErrorObject;
use eyot::types::{
    CreateMessageParams, CreateMessageResult, ElicitParams, ElicitResult, JsonObject,
    ListRootsResult, PrimitiveSchema, Root, SamplingContent,
};
use serde_json::Value;

/// A person who accepts every form as it is proposed.
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

/// What a form has in a field before anybody types. Consent has no default, and is given.
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

/// A model that always says the same.
pub(crate) async fn sample(
    _params: CreateMessageParams,
) -> Result<CreateMessageResult, ErrorObject> {
    Ok(CreateMessageResult::new("a-model", SamplingContent::text("Paris")))
}

/// One folder to work in.
pub(crate) async fn roots() -> Result<ListRootsResult, ErrorObject> {
    Ok(ListRootsResult::new(vec![Root::new("file:///islands").with_name("islands")]))
}
