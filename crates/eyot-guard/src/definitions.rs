//! What is odd in the definitions of a list.

use eyot_jsonrpc::{Items, Members};

use crate::hidden::{Oddity, is_hidden, oddities_of_name, oddities_of_text};
use crate::strings::strings;

/// What is odd in a definition.
pub(crate) fn oddities(definition: &str) -> Vec<Oddity> {
    let name = name_of(definition);
    let of_name = name.iter().flat_map(|it| oddities_of_name(it));
    let texts: Vec<_> = strings(definition).map(|it| it.text()).collect();
    let of_texts = texts.iter().flat_map(|it| oddities_of_text(it));
    of_name.chain(of_texts).collect()
}

/// What is odd in a list of tools, prompts or resources: the definitions that have something odd in them,
/// by their names, and what that is; at most so many.
pub(crate) fn odd_items(result: &str, items_max: usize) -> Vec<String> {
    if !may_be_odd(result) {
        return Vec::new();
    }
    let lists = Members::of(result).into_iter().flatten();
    let lists = lists.filter_map(|(key, list)| Some((kind_of(&key)?, Items::of(list)?)));
    let items = lists.flat_map(|(kind, items)| items.map(move |it| (kind, it)));
    items.filter_map(|(kind, item)| told(kind, item)).take(items_max).collect()
}

/// Whether a text can have anything odd in it: all of that is either not ASCII or written with an escape,
/// but for one character of control.
fn may_be_odd(json: &str) -> bool {
    !json.is_ascii()
        || json.contains("\\u")
        || json.contains('\u{7F}')
        || json.contains("\\b")
        || json.contains("\\f")
}

/// The kind of thing that a list of this name has.
fn kind_of(list: &str) -> Option<&'static str> {
    Some(match list {
        "tools" => "tool",
        "prompts" => "prompt",
        "resources" => "resource",
        _ => return None,
    })
}

fn told(kind: &str, item: &str) -> Option<String> {
    let mut odd: Vec<String> = Vec::new();
    for it in oddities(item) {
        let it = it.to_string();
        if odd.len() < ODDITIES_MAX && !odd.contains(&it) {
            odd.push(it);
        }
    }
    let name = name_of(item).map_or_else(|| "without a name".to_owned(), |it| shown(&it));
    (!odd.is_empty()).then(|| format!("{kind} {name}: {}", odd.join(", ")))
}

/// A name as people can see it, and a terminal is not steered by it.
fn shown(name: &str) -> String {
    let mut shown = String::from("`");
    for it in name.chars().take(NAME_CHARS_MAX) {
        match is_hidden(it) || it.is_control() {
            true => shown.push_str(&format!("<U+{:04X}>", u32::from(it))),
            false => shown.push(it),
        }
    }
    shown.push('`');
    shown
}

fn name_of(definition: &str) -> Option<String> {
    member(definition, "name").and_then(|it| serde_json::from_str(it).ok())
}

pub(crate) fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    Members::of(object)?.find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Kinds of oddities of one definition that are named.
const ODDITIES_MAX: usize = 4;
/// Characters of a name that are shown.
const NAME_CHARS_MAX: usize = 64;

#[cfg(test)]
mod tests;
