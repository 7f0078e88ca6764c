//! Resources: fixed ones, one that changes, and those that a template describes.

use eyot::types::ResourceContents;
use eyot::{CallContext, ServerBuilder, UriVariables, resource, resource_template};
use serde_json::json;

use super::content;

/// The resource that clients may subscribe to.
pub(super) const WATCHED: &str = "test://watched-resource";

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .resource(
            resource("test://static-text", text)
                .name("static-text")
                .description("A text that stays as it is.")
                .mime_type("text/plain"),
        )
        .resource(
            resource("test://static-binary", binary)
                .name("static-binary")
                .description("A picture that stays as it is.")
                .mime_type("image/png"),
        )
        .resource(
            resource(WATCHED, watched)
                .name("watched-resource")
                .description("A text that changes; subscribe to it.")
                .mime_type("text/plain"),
        )
        .resource_template(
            resource_template("test://template/{id}/data", data)
                .name("template-data")
                .description("What is known of an id.")
                .mime_type("application/json")
                .complete("id", |so_far: String, _| async move {
                    let ids = ["123", "124", "456"].into_iter();
                    ids.filter(|it| it.starts_with(&so_far)).collect::<Vec<_>>()
                }),
        )
}

async fn text(_: CallContext) -> &'static str {
    "This is the content of the static text resource."
}

async fn binary(_: CallContext) -> ResourceContents {
    ResourceContents::blob("test://static-binary", content::PNG)
}

async fn watched(_: CallContext) -> &'static str {
    "This is the content of the watched resource."
}

async fn data(variables: UriVariables, _: CallContext) -> String {
    let id = variables.get("id").map_or("", String::as_str);
    let data = format!("Data for ID: {id}");
    json!({ "id": id, "templateTest": true, "data": data }).to_string()
}
