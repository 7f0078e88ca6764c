//! Files with settings.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Document;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    name: String,
    kind: Kind,
    rates: Vec<Rate>,
    set: BTreeMap<String, u8>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
enum Kind {
    #[default]
    A,
    B,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rate {
    per: u32,
}

fn read(path: &str, text: &str) -> Result<Settings, Vec<String>> {
    let document = Document::read(path, text.as_bytes());
    let decoded = document.and_then(|it| it.decode().map_err(|it| vec![it]));
    decoded.map_err(|it| it.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let found = read("p.yaml", text).unwrap_err().join("\n");
    assert!(found.starts_with(expected), "{found}");
}

#[test]
fn one_thing_is_said_in_three_formats() {
    let yaml = read("p.yaml", "name: a\nrates: [{ per: 3 }]\nset: { a.b: 1 }").unwrap();
    let json =
        read("p.json", r#"{"name":"a","rates":[{"per":3},],"set":{"a.b":1} /* */}"#).unwrap();
    let toml = read("p.toml", "name = 'a'\nrates = [{ per = 3 }]\n[set]\n'a.b' = 1").unwrap();
    assert_eq!((&yaml, yaml.rates[0].per, yaml.set["a.b"]), (&json, 3, 1));
    assert_eq!(yaml, toml);
}

#[test]
fn what_the_type_does_not_take_has_a_place() {
    refused(
        "name: a\nrates:\n  - per: 1\n  - per: x",
        "p.yaml:4:5: error: `rates[1].per`: expected u32",
    );
    refused("name: a\nset:\n  a.b: 300", "p.yaml:3:3: error: `set.a.b`: expected u8");
    refused(
        "name: a\nrates:\n  - pre: 1",
        "p.yaml:3:5: error: `rates[0].pre`: unknown field `pre`",
    );
    refused("name: a\nnmae: b", "p.yaml:2:1: error: `nmae`: unknown field `nmae`");
    refused("- a", "p.yaml:1:1: error: expected a map, not a list");
}

#[test]
fn what_is_no_text_of_the_format_has_a_place() {
    refused("name: [", "p.yaml:");
    refused("name: a\nname: b", "p.yaml:2:1: error: `name` is given twice");
    refused("", "p.yaml:1:1: error: the file is empty");
    assert!(Document::read("p.yaml", b"name: \xff").is_err());
}

#[test]
fn a_member_that_is_missing_has_the_place_of_what_is_around_it() {
    let document = Document::read("p.yaml", b"name: a\nrates:\n  - per: 1").unwrap();
    assert_eq!(document.problem("rates[0].burst", "x").to_string(), "p.yaml:3:5: error: x");
    assert_eq!(document.problem("rates[7]", "x").to_string(), "p.yaml:2:1: error: x");
    assert_eq!(document.problem("none", "x").to_string(), "p.yaml:1:1: error: x");
}

#[test]
fn no_value_is_repeated() {
    for text in [
        "rates: top-secret",
        "rates: [{ per: top-secret }]",
        "rates: [{ per: 'x, expected top-secret' }]",
        "kind: top-secret",
        "kind: 'expected top-secret'",
    ] {
        let found = read("p.yaml", text).unwrap_err().join("");
        assert!(!found.contains("top-secret") && found.contains("expected "), "{found}");
    }
}

#[test]
fn a_section_is_read_by_itself_and_a_file_without_it_as_a_whole() {
    let several = Document::read("p.yaml", b"servers: {}\nmine:\n  name: a\n  rates: 7").unwrap();
    assert!(several.has_section("mine") && !several.has_section("yours"));
    let problem = several.section("mine").decode::<Settings>().unwrap_err().to_string();
    assert!(problem.starts_with("p.yaml:4:3: error: `rates`"), "{problem}");
    let one = Document::read("p.yaml", b"name: a").unwrap().section("mine");
    assert_eq!(one.decode::<Settings>().unwrap().name, "a");
}
