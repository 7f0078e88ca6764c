//! The official schemas of all five revisions.

use std::path::Path;

use eyot_testkit::{read_json, shared};
use eyot_types::Revision;
use serde::Serialize;
use serde_json::{Value, json};

/// One revision's schema.
pub(super) struct Schema {
    pub(super) revision: Revision,
    pub(super) root: Value,
    pub(super) definitions: &'static str,
}

impl Schema {
    /// The schemas of the given revisions; none where the data is absent.
    pub(super) fn of(revisions: &[Revision]) -> Vec<Self> {
        let Some(folder) = shared("schema") else { return Vec::new() };
        revisions.iter().map(|&revision| Self::read(&folder, revision)).collect()
    }

    fn read(folder: &Path, revision: Revision) -> Self {
        let root = read_json(&folder.join(revision.as_str()).join("schema.json"));
        let definitions = if root.get("$defs").is_some() { "$defs" } else { "definitions" };
        Self { revision, root, definitions }
    }

    /// The definition at `path` behind its references. `None`: the revision does not have it.
    pub(super) fn find(&self, path: &str) -> Option<&Value> {
        let definitions = &self.root[self.definitions];
        let mut found = definitions;
        for step in path.split('/') {
            found = found.get(step)?;
            if let Some(reference) = found["$ref"].as_str() {
                found = definitions.get(reference.rsplit('/').next()?)?;
            }
        }
        Some(found)
    }

    /// Holds `value` against the definition at `path`, for example `CallToolRequest/properties/params`.
    #[track_caller]
    pub(super) fn check(&self, path: &str, value: &impl Serialize) {
        let value = serde_json::to_value(value).unwrap();
        let schema = json!({
            "$schema": self.root["$schema"],
            "$ref": format!("#/{}/{path}", self.definitions),
            self.definitions: self.root[self.definitions],
        });
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{} {path} {value}: {errors:?}", self.revision);
    }

    /// Holds the parameters of a request or notification against its definition.
    #[track_caller]
    pub(super) fn check_params(&self, message: &str, params: &impl Serialize) {
        self.check(&format!("{message}/properties/params"), params);
    }
}

pub(super) fn modern() -> Vec<Schema> {
    Schema::of(&[Revision::MODERN])
}

pub(super) fn legacy() -> Vec<Schema> {
    Schema::of(Revision::LEGACY)
}

pub(super) fn since(first: Revision) -> Vec<Schema> {
    let revisions: Vec<_> =
        Revision::SUPPORTED.iter().copied().filter(|&revision| revision >= first).collect();
    Schema::of(&revisions)
}
