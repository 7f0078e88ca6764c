//! Where rules are: in a file of their own, or in place.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eyot_config::Node;
use eyot_rules::{Problems, RuleSet};
use serde::de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

/// Where a set of rules is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RuleSource {
    /// In a file of rules.
    File(PathBuf),
    /// Here: what would be in a file of rules.
    InPlace(RulesInPlace),
}

/// Rules that stand among other settings.
#[derive(Clone)]
pub struct RulesInPlace {
    json: Json,
    /// The file that they stand in, and their tree there. `None`: there is no file.
    place: Option<(Arc<str>, Arc<Node>)>,
}

impl RuleSource {
    /// The file of the rules; `None`: they are in place.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(file) => Some(file),
            Self::InPlace(_) => None,
        }
    }

    /// Says where rules in place stand.
    pub(crate) fn locate(&mut self, file: &str, node: &Node) {
        if let Self::InPlace(rules) = self {
            rules.place = Some((file.into(), Arc::new(node.clone())));
        }
    }
}

impl RulesInPlace {
    /// The file that they stand in.
    pub(crate) fn file(&self) -> &str {
        self.place.as_ref().map_or("settings", |it| &it.0)
    }

    /// Compiles them, with the places that they have in their file.
    pub(crate) fn compile(&self) -> Result<RuleSet, Problems> {
        match &self.place {
            Some((file, node)) => RuleSet::compile_part(file, node),
            None => RuleSet::compile(self.file(), &self.json.to_string()),
        }
    }

    /// Whether it is a rule, where a set of rules is wanted.
    pub(crate) fn is_a_rule(&self) -> bool {
        self.json.get("rules").is_none() && self.json.get("name").is_some()
    }
}

/// The debug output has no value.
impl fmt::Debug for RulesInPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RulesInPlace").field("place", &self.place).finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for RuleSource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OneSource)
    }
}

/// A list of sources; a map is one alone.
pub(crate) fn rules<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<RuleSource>, D::Error> {
    from.deserialize_any(AllSources)
}

struct OneSource;

impl<'de> Visitor<'de> for OneSource {
    type Value = RuleSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a file of rules, or a map as in a file of rules")
    }

    fn visit_str<E: Error>(self, file: &str) -> Result<RuleSource, E> {
        Ok(RuleSource::File(file.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RuleSource, A::Error> {
        let json = Json::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RuleSource::InPlace(RulesInPlace { json, place: None }))
    }
}

struct AllSources;

impl<'de> Visitor<'de> for AllSources {
    type Value = Vec<RuleSource>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of files of rules, or a map as in a file of rules")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut sources = Vec::new();
        while let Some(source) = list.next_element()? {
            sources.push(source);
        }
        Ok(sources)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        OneSource.visit_map(map).map(|it| vec![it])
    }
}
