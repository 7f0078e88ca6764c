//! JSON Schemas made from Rust types, and the check of arguments against them.

mod field_order;
mod shape;

use std::borrow::Cow;
use std::sync::OnceLock;

use jsonschema::Validator;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use eyot_types::{ElicitSchema, JsonObject};

use self::field_order::field_names;
use self::shape::Shape;

/// The schema of a tool's arguments. A type that is no object has none.
pub(crate) fn input_schema<T: JsonSchema>() -> JsonObject {
    let mut schema = schema_of::<T>();
    schema.entry("type").or_insert_with(|| "object".into());
    schema
}

/// The schema of a tool's structured content.
pub(crate) fn output_schema<T: JsonSchema>() -> JsonObject {
    schema_of::<T>()
}

/// The schema of a form: "flat objects with primitive properties only" (2025-11-25,
/// client/elicitation, Requested Schema).
///
/// # Errors
/// When the type is no such object.
pub(crate) fn form_schema<T>() -> Result<ElicitSchema, serde_json::Error>
where
    T: JsonSchema + DeserializeOwned,
{
    let mut schema = schema_of::<T>();
    schema.remove("$schema");
    schema.remove("title");
    if let Some(Value::Object(fields)) = schema.get_mut("properties") {
        fields.values_mut().for_each(plain_field);
    }
    let mut form: ElicitSchema = serde_json::from_value(Value::Object(schema))?;
    form.properties.arrange(field_names::<T>());
    Ok(form)
}

/// Rewrites a field as forms have it: one type, and no format that only Rust has.
fn plain_field(field: &mut Value) {
    let Value::Object(field) = field else { return };
    if let Some(Value::Array(types)) = field.get_mut("type") {
        types.retain(|it| it != "null");
        if let [only] = types.as_mut_slice() {
            let only = only.take();
            field.insert("type".to_owned(), only);
        }
    }
    let is_number = field.get("type").is_some_and(|it| it == "integer" || it == "number");
    if is_number {
        field.remove("format");
    }
    // An optional enum comes as a choice between itself and nothing.
    if let Some(Value::Array(choices)) = field.remove("anyOf") {
        let choice = choices.into_iter().find(|it| it.get("type").is_none_or(|it| it != "null"));
        if let Some(Value::Object(choice)) = choice {
            field.extend(choice);
        }
    }
    if let Some(values) = field.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|it| !it.is_null());
    }
    // Variants with comments come as constants, one by one.
    if let Some(Value::Array(variants)) = field.get("oneOf")
        && variants.iter().all(|it| it.get("const").is_some())
    {
        let names = variants.iter().filter_map(|it| it.get("const").cloned()).collect();
        field.remove("oneOf");
        field.insert("type".to_owned(), "string".into());
        field.insert("enum".to_owned(), Value::Array(names));
    }
}

fn schema_of<T: JsonSchema>() -> JsonObject {
    let settings = SchemaSettings::draft2020_12().with(|it| it.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut schema = schema;
    // Names of Rust types mean nothing to a client, and no revision knows their formats.
    RecursiveTransform(drop_number_formats).transform(&mut schema);
    match schema.to_value() {
        Value::Object(members) => members,
        // `true`: anything goes.
        _ => Map::new(),
    }
}

fn drop_number_formats(schema: &mut Schema) {
    let format = schema.get("format").and_then(Value::as_str).map(str::to_owned);
    let is_rust = format.is_some_and(|it| {
        ["int", "uint", "float", "double"].iter().any(|prefix| it.starts_with(prefix))
    });
    if is_rust {
        schema.remove("format");
    }
}

/// A schema that arguments are checked against.
pub(crate) struct Arguments {
    schema: Value,
    /// Made when it is first needed: the shape is enough for most calls, and making a validator
    /// takes longer than the rest of a small server's start.
    validator: OnceLock<Result<Validator, InvalidSchema>>,
    /// The schema as a shape, if it can be checked without a tree of values.
    shape: Option<Shape>,
}

/// Arguments that fit their schema.
pub(crate) enum Fitting<'a> {
    /// Arguments as they came.
    Text(&'a str),
    /// Arguments as a tree, which the schema needed.
    Tree(Value),
}

/// A schema that cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSchema(String);

impl Arguments {
    /// Takes a schema. Nothing is fetched: a reference to elsewhere makes it unusable.
    pub(crate) fn new(schema: &JsonObject) -> Result<Self, InvalidSchema> {
        let shape = Shape::of(schema);
        let schema = Value::Object(schema.clone());
        let arguments = Self { schema, validator: OnceLock::new(), shape };
        // A schema with a shape is valid; any other must be tried.
        if arguments.shape.is_none() {
            arguments.validator().map_err(Clone::clone)?;
        }
        Ok(arguments)
    }

    fn validator(&self) -> Result<&Validator, &InvalidSchema> {
        let made = self.validator.get_or_init(|| {
            let validator = jsonschema::validator_for(&self.schema);
            validator.map_err(|error| InvalidSchema(error.to_string()))
        });
        made.as_ref()
    }

    /// Checks arguments against the schema: the raw JSON of a part of a message.
    ///
    /// # Errors
    /// A text for the caller that names each problem and its place: up to three problems.
    pub(crate) fn check<'a>(&self, arguments: &'a str) -> Result<Fitting<'a>, String> {
        if self.shape.as_ref().is_some_and(|shape| shape.accepts(arguments)) {
            return Ok(Fitting::Text(arguments));
        }
        let tree = serde_json::from_str(arguments);
        let tree = tree.map_err(|error| format!("invalid arguments: {error}"))?;
        let validator = self.validator().map_err(|error| format!("schema of the tool: {error}"))?;
        if validator.is_valid(&tree) {
            return Ok(Fitting::Tree(tree));
        }
        let problems = validator.iter_errors(&tree).take(PROBLEMS_MAX);
        let problems: Vec<_> = problems.map(|it| problem(it.instance_path(), &it)).collect();
        Err(format!("invalid arguments: {}", problems.join("; ")))
    }
}

impl Fitting<'_> {
    /// Reads the arguments as the type of the handler.
    ///
    /// # Errors
    /// A text for the caller that names the problem and its place: a type may ask for more than its
    /// schema says.
    pub(crate) fn decode<T: DeserializeOwned>(self) -> Result<T, String> {
        let tree = match self {
            Self::Text(text) => match serde_json::from_str(text) {
                Ok(arguments) => return Ok(arguments),
                // Decodes once more, slowly: with a tree, the error names the place.
                Err(_) => serde_json::from_str(text).unwrap_or_default(),
            },
            Self::Tree(tree) => tree,
        };
        serde_path_to_error::deserialize(tree)
            .map_err(|error| format!("invalid arguments: {}: {}", error.path(), error.inner()))
    }
}

fn problem(path: &impl ToString, error: &impl ToString) -> String {
    let path = path.to_string();
    let place: Cow<'_, str> = if path.is_empty() { "arguments".into() } else { path.into() };
    format!("{place}: {}", error.to_string())
}

impl std::fmt::Debug for Arguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Arguments")
    }
}

/// How many problems one error names.
const PROBLEMS_MAX: usize = 3;
