//! Questions with a list of answers to select from.
//!
//! The specification has five shapes: one or several answers, each with or without titles, and the
//! older `enumNames`. They are two types here, and [`options`](SingleSelectSchema::options) reads
//! all shapes alike.

use serde::{Deserialize, Serialize};

use crate::JsonObject;
use crate::with_members::with_members;

/// Something to select.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SelectOption {
    /// What is sent.
    #[serde(rename = "const")]
    pub value: String,
    /// What the user sees.
    pub title: String,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl SelectOption {
    /// Sends `value` and shows `title`.
    #[must_use]
    pub fn new(value: impl Into<String>, title: impl Into<String>) -> Self {
        Self { value: value.into(), title: title.into(), other: JsonObject::new() }
    }
}

/// Asks for one of several texts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SingleSelectSchema {
    /// The question for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What can be selected, without titles or with those of `enum_names`.
    #[serde(rename = "enum", default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
    /// The titles of `values`, in the same order. Superseded since 2025-11-25.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enum_names: Option<Vec<String>>,
    /// What can be selected, with titles. From 2025-11-25 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<SelectOption>>,
    /// What is selected at first. From 2025-11-25 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl SingleSelectSchema {
    /// One of these texts, shown as they are.
    #[must_use]
    pub fn untitled<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Self {
        Self { values: Some(texts(values)), ..Self::default() }
    }

    /// One of these, shown by their titles. From 2025-11-25 on.
    #[must_use]
    pub fn titled(options: Vec<SelectOption>) -> Self {
        Self { one_of: Some(options), ..Self::default() }
    }

    /// One of these, shown by their titles, as clients of 2025-06-18 understand it.
    #[must_use]
    pub fn legacy_titled(options: Vec<SelectOption>) -> Self {
        let (values, names) = options.into_iter().map(|it| (it.value, it.title)).unzip();
        Self { values: Some(values), enum_names: Some(names), ..Self::default() }
    }

    with_members! {
        /// Adds the question for people.
        with_title(title: impl Into<String>),
        /// Says more about it.
        with_description(description: impl Into<String>),
        /// Selects something at first.
        with_default(default: impl Into<String>),
    }

    /// What can be selected, each with what the user sees.
    #[must_use]
    pub fn options(&self) -> Vec<(&str, &str)> {
        options(self.one_of.as_deref(), self.values.as_deref(), self.enum_names.as_deref())
    }
}

/// Asks for any of several texts. From 2025-11-25 on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MultiSelectSchema {
    /// The question for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What can be selected.
    pub items: MultiSelectItems,
    /// The least number of answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_items: Option<u64>,
    /// The greatest number of answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_items: Option<u64>,
    /// What is selected at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Vec<String>>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl MultiSelectSchema {
    /// Any of these texts, shown as they are.
    #[must_use]
    pub fn untitled<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::of(MultiSelectItems {
            kind: Some("string".to_owned()),
            values: Some(texts(values)),
            ..MultiSelectItems::default()
        })
    }

    /// Any of these, shown by their titles.
    #[must_use]
    pub fn titled(options: Vec<SelectOption>) -> Self {
        Self::of(MultiSelectItems { any_of: Some(options), ..MultiSelectItems::default() })
    }

    with_members! {
        /// Adds the question for people.
        with_title(title: impl Into<String>),
        /// Says more about it.
        with_description(description: impl Into<String>),
        /// Sets the least number of answers.
        with_min_items(min_items: u64),
        /// Sets the greatest number of answers.
        with_max_items(max_items: u64),
        /// Selects something at first.
        with_default(default: impl Into<Vec<String>>),
    }

    /// What can be selected, each with what the user sees.
    #[must_use]
    pub fn options(&self) -> Vec<(&str, &str)> {
        options(self.items.any_of.as_deref(), self.items.values.as_deref(), None)
    }

    fn of(items: MultiSelectItems) -> Self {
        Self {
            title: None,
            description: None,
            items,
            min_items: None,
            max_items: None,
            default: None,
            other: JsonObject::new(),
        }
    }
}

/// What can be selected several times.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MultiSelectItems {
    /// The type of the answers: `string`, said only where they have no titles.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What can be selected, without titles.
    #[serde(rename = "enum", default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
    /// What can be selected, with titles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any_of: Option<Vec<SelectOption>>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

fn texts<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(Into::into).collect()
}

fn options<'a>(
    titled: Option<&'a [SelectOption]>,
    values: Option<&'a [String]>,
    names: Option<&'a [String]>,
) -> Vec<(&'a str, &'a str)> {
    let titled = titled.unwrap_or_default().iter().map(|it| (it.value.as_str(), it.title.as_str()));
    let title = |at: usize, value: &'a String| names.and_then(|it| it.get(at)).unwrap_or(value);
    let untitled = values.unwrap_or_default().iter().enumerate();
    titled.chain(untitled.map(|(at, value)| (value.as_str(), title(at, value).as_str()))).collect()
}
