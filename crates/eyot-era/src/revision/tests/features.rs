//! The table of features against the schemas and the page that shows it.

use std::path::PathBuf;

use eyot_types::Revision;

use super::schema::{Schema, since};
use crate::revision::{FEATURES, Feature, bridge_markdown, markdown};

/// Where the schemas have a feature.
fn paths(feature: Feature) -> &'static [&'static str] {
    match feature {
        Feature::Title => &["Tool/properties/title"],
        Feature::Icons => &["Tool/properties/icons"],
        Feature::ProgramDetails => &["Implementation/properties/websiteUrl"],
        Feature::ItemMeta => &["Tool/properties/_meta"],
        Feature::LastModified => &["Annotations/properties/lastModified"],
        Feature::ToolAnnotations => &["Tool/properties/annotations"],
        Feature::ToolExecution => &["Tool/properties/execution"],
        Feature::OutputSchema => &["Tool/properties/outputSchema"],
        Feature::StructuredContent => &["CallToolResult/properties/structuredContent"],
        Feature::AudioContent => &["AudioContent"],
        Feature::ResourceLink => &["ResourceLink"],
        Feature::ProgressMessage => &["ProgressNotification/properties/params/properties/message"],
        Feature::CompletionContext => &["CompleteRequest/properties/params/properties/context"],
        Feature::CompletionCapability => &["ServerCapabilities/properties/completions"],
        Feature::SamplingMany | Feature::SamplingMixed => &["SamplingMessageContentBlock"],
        Feature::SamplingTools => &["ToolUseContent"],
        Feature::SamplingSettings => &["ClientCapabilities/properties/sampling/properties/tools"],
        Feature::Elicitation => &["ElicitRequest"],
        Feature::ElicitationCapability => &["ClientCapabilities/properties/elicitation"],
        Feature::ElicitationUrlSetting => {
            &["ClientCapabilities/properties/elicitation/properties/url"]
        }
        Feature::ElicitationMode | Feature::ElicitationUrl => &["ElicitRequestURLParams"],
        Feature::ElicitationId => &["ElicitRequestURLParams/properties/elicitationId"],
        Feature::ElicitationTitles => &["TitledSingleSelectEnumSchema"],
        Feature::ElicitationMultiSelect | Feature::ElicitationLists => &["MultiSelectEnumSchema"],
        Feature::ElicitationDefaults => &["StringSchema/properties/default"],
        Feature::RootsListChanged => {
            &["ClientCapabilities/properties/roots/properties/listChanged"]
        }
        Feature::Extensions => &["ClientCapabilities/properties/extensions"],
        Feature::ResultType => &["Result/properties/resultType"],
        Feature::CacheHints => &["ListToolsResult/properties/ttlMs"],
        Feature::InputRequired => &["InputRequiredResult"],
        Feature::RoundState => &["CallToolRequest/properties/params/properties/requestState"],
        Feature::TaskRequest => &["CallToolRequest/properties/params/properties/task"],
        Feature::RelatedTask => &["RelatedTaskMetadata"],
        Feature::ModernMeta => &["RequestMetaObject"],
        Feature::UrlRequiredCode => &["URLElicitationRequiredError"],
        Feature::ModernCodes => &["UnsupportedProtocolVersionError"],
        // What a schema allows rather than names, extensions, and what stands in the prose only.
        Feature::AnyOutputSchema
        | Feature::AnyStructuredContent
        | Feature::TaskResult
        | Feature::ResourceNotFoundCode
        | Feature::SdkCodes
        | Feature::MalformedMended
        | Feature::MalformedDropped => &[],
    }
}

#[test]
fn each_revision_has_the_features_of_its_schema() {
    for schema in since(Revision::V2024_11_05) {
        for row in FEATURES {
            for path in paths(row.feature) {
                let is_there = schema.find(path).is_some();
                let expected = row.feature.is_in(schema.revision);
                assert_eq!(is_there, expected, "{} {path}", schema.revision);
            }
        }
    }
}

/// Whether a schema lets the member at `path` be something else than an object.
fn allows_any(schema: &Schema, path: &str) -> bool {
    schema.find(path).is_some_and(|it| {
        it.get("type").is_none_or(|kind| kind != "object")
            || it["properties"]["type"].get("const").is_none() && it.get("properties").is_some()
    })
}

#[test]
fn only_the_modern_revision_has_structured_content_of_any_type() {
    for schema in since(Revision::V2025_06_18) {
        let content = allows_any(&schema, "CallToolResult/properties/structuredContent");
        assert_eq!(content, Feature::AnyStructuredContent.is_in(schema.revision));
        let output = allows_any(&schema, "Tool/properties/outputSchema");
        assert_eq!(output, Feature::AnyOutputSchema.is_in(schema.revision));
    }
}

#[test]
fn the_names_of_the_features_differ() {
    let mut names: Vec<_> = FEATURES.iter().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FEATURES.len());
    let no_revision_has = FEATURES.iter().filter(|row| row.first > row.last);
    let no_revision_has: Vec<_> = no_revision_has.map(|row| row.name).collect();
    assert_eq!(no_revision_has, ["malformed_mended", "malformed_dropped"]);
}

#[track_caller]
fn check_page(name: &str, table: &str) {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..");
    let page = std::fs::read_to_string(root.join(name)).unwrap();
    assert!(page.contains(table), "{name} should show:\n{table}");
}

#[test]
fn the_page_about_revisions_shows_the_table() {
    check_page("docs/protocol/revisions.md", &markdown());
}

#[test]
fn the_page_about_eras_shows_the_table_of_the_bridge() {
    check_page("docs/protocol/eras.md", &bridge_markdown());
}

#[test]
fn what_a_bridge_does_depends_on_the_way() {
    let table = bridge_markdown();
    for row in [
        "| `title` | `title` of tools, prompts, resources and programs | carried | carried; ignored before 2025-06-18 |  |",
        "| `tool_execution` | `execution` of tools | dropped |  |  |",
        "| `cache_hints` | `ttlMs` and `cacheScope` |  | dropped |  |",
        "| `malformed_dropped` | members and elements of a result that no revision has in this form, with no meaning | dropped | dropped | the others are carried |",
    ] {
        assert!(table.lines().any(|it| it == row), "{row}\n{table}");
    }
}
