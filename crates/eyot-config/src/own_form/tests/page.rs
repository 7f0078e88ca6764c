//! The page about settings shows what the schema says.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::schema;

/// What stands before and after the tables in the page.
const BEGIN: &str =
    "<!-- settings: written by `EYOT_WRITE_PAGES=1 cargo test -p eyot-config` -->\n";
const END: &str = "\n<!-- settings: end -->\n";

#[test]
fn the_page_about_settings_shows_the_schema() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..");
    let file = root.join("docs/guide/settings.md");
    let page = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a place for settings");
    let (shown, after) = rest.split_once(END).expect("the place for settings has an end");
    let tables = tables(&schema());
    if std::env::var_os("EYOT_WRITE_PAGES").is_some() {
        std::fs::write(&file, [before, BEGIN, &tables, END, after].concat()).unwrap();
        return;
    }
    let how = "`EYOT_WRITE_PAGES=1 cargo test -p eyot-config` writes docs/guide/settings.md anew";
    assert_eq!(shown, tables, "{how}");
}

#[test]
fn every_setting_of_the_schema_and_each_of_its_words_is_described() {
    let schema = schema();
    let mut rows = Vec::new();
    rows_of(&schema, &schema["$defs"]["Server"], "", &mut rows);
    for Row { name, node, .. } in rows {
        assert!(description(&schema, node).is_some(), "{name}");
        for word in words(&schema, node) {
            assert!(word["description"].is_string(), "{name}: {word}");
        }
    }
}

/// One setting.
struct Row<'s> {
    name: String,
    /// Which servers it is for.
    servers: &'static str,
    node: &'s Value,
}

/// The settings, and the words of those that have a choice.
fn tables(schema: &Value) -> String {
    let mut rows = Vec::new();
    rows_of(schema, &schema["$defs"]["Server"], "", &mut rows);
    // Servers of one kind together, and first what makes a server one of that kind.
    let kinds = ["with a `command`", "at a `url`", "all"];
    rows.sort_by_key(|it| {
        let kind = kinds.iter().position(|kind| *kind == it.servers);
        (kind, it.name != "command" && it.name != "url", it.name.clone())
    });
    let mut text =
        "\n| setting | for servers | what it is | default | |\n|---|---|---|---|---|\n".to_owned();
    for Row { name, servers, node } in &rows {
        let (kind, default) = (kind(schema, node), default(node));
        let description = description(schema, node).unwrap_or_default();
        text += &format!("| `{name}` | {servers} | {kind} | {default} | {description} |\n");
    }
    for Row { name, node, .. } in &rows {
        let words = words(schema, node);
        if !words.is_empty() {
            text += &format!("\n| `{name}` | |\n|---|---|\n");
        }
        for word in words {
            let description = one_line(word["description"].as_str().unwrap_or_default());
            text += &format!("| `{}` | {description} |\n", word["const"].as_str().unwrap());
        }
    }
    text
}

/// The settings of a map. Those of a map in it have its name in front.
fn rows_of<'s>(schema: &'s Value, map: &'s Value, before: &str, rows: &mut Vec<Row<'s>>) {
    for (name, node) in properties(map) {
        let owner = &schema["$defs"]["Server"]["dependentRequired"];
        if before == "interceptors." && ["guard", "rules"].contains(&name.as_str()) {
            // They are said beside.
            continue;
        }
        let key = before.strip_suffix('.').unwrap_or(name);
        let servers = match (key, owner[key][0].as_str()) {
            ("command", _) | (_, Some("command")) => "with a `command`",
            ("url", _) | (_, Some("url")) => "at a `url`",
            _ => "all",
        };
        let (name, below) = (format!("{before}{name}"), resolved(schema, node));
        rows.push(Row { name: name.clone(), servers, node });
        rows_of(schema, below, &format!("{name}."), rows);
    }
}

fn properties(map: &Value) -> impl Iterator<Item = (&String, &Value)> {
    map["properties"].as_object().into_iter().flat_map(Map::iter)
}

/// What a reference, or one that may be left out, stands for.
fn resolved<'s>(schema: &'s Value, node: &'s Value) -> &'s Value {
    let node = node["anyOf"].as_array().and_then(|it| it.first()).unwrap_or(node);
    match node["$ref"].as_str().and_then(|it| it.strip_prefix('#')) {
        Some(path) => schema.pointer(path).unwrap(),
        None => node,
    }
}

/// Its own description, with what holds for all of its kind.
fn description(schema: &Value, node: &Value) -> Option<String> {
    let own = one_line(node["description"].as_str()?);
    let map = resolved(schema, node);
    let general = map["description"].as_str().filter(|_| map["properties"].is_object());
    Some(match general {
        Some(general) => format!("{own} {}", one_line(general)),
        None => own,
    })
}

/// The words of a choice.
fn words<'s>(schema: &'s Value, node: &'s Value) -> Vec<&'s Value> {
    let choices = resolved(schema, node)["oneOf"].as_array();
    choices.into_iter().flatten().filter(|it| it["const"].is_string()).collect()
}

fn kind(schema: &Value, node: &Value) -> String {
    let words = words(schema, node);
    if !words.is_empty() {
        let words: Vec<_> =
            words.iter().map(|it| format!("`{}`", it["const"].as_str().unwrap())).collect();
        return words.join(", ");
    }
    let node = resolved(schema, node);
    let kinds = match &node["type"] {
        Value::String(kind) => vec![kind.as_str()],
        kinds => kinds.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
    };
    let kinds: Vec<_> = kinds.into_iter().filter(|it| *it != "null").collect();
    match kinds[..] {
        ["string"] => "text".to_owned(),
        ["boolean"] => "`true` or `false`".to_owned(),
        ["string", "number", "boolean"] => "text or number".to_owned(),
        ["array"] => format!("list: {}", kind(schema, &node["items"])),
        ["integer"] => "number".to_owned(),
        ["array", "object"] => "list: text or map; or a map".to_owned(),
        ["object"] if node["properties"].is_object() => "map".to_owned(),
        ["object"] if node["additionalProperties"] == true => "map".to_owned(),
        ["object"] => format!("map: {}", kind(schema, &node["additionalProperties"])),
        _ => panic!("a type that this page has no word for: {node}"),
    }
}

fn default(node: &Value) -> String {
    match &node["default"] {
        Value::Null => String::new(),
        Value::String(text) => format!("`{text}`"),
        value => format!("`{value}`"),
    }
}

/// A text of several lines as one that can stand in a table.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
