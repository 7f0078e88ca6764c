//! Sections at their places.

use super::*;
use crate::config::Config;
use crate::imported::{Imported, Secrets};
use crate::shown::Shown;
use crate::tests::World;

fn read(path: &str, text: &str) -> Result<Sections, String> {
    Sections::read(path, text.as_bytes(), None).map_err(|it| {
        let lines: Vec<_> = it.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })
}

fn keys(document: &Document) -> Vec<&str> {
    document.root().members().iter().map(|it| it.key.as_str()).collect()
}

const FILE: &str = "\
servers:
  files:
    command: files
    rules: [files.yaml]
    guard: {pins: files.json}
  plain:
    command: plain
  off:
    command: off
    enabled: false
    guard: {taint: true}
interceptors:
  boundary: downstream
guard:
  secrets: {}
rules:
  - all.yaml
";

#[test]
fn what_stands_beside_is_gathered_with_its_places() {
    let sections = read("eyot.yaml", FILE).unwrap();
    let all = sections.all.as_ref().unwrap();
    assert_eq!(keys(all), ["boundary", "guard", "rules"]);
    let place = |document: &Document, member: &str| document.problem(member, "x").to_string();
    assert_eq!(place(all, "rules[0]"), "eyot.yaml:17:5: error: x");
    assert_eq!(place(all, "guard.secrets"), "eyot.yaml:15:3: error: x");
    assert_eq!(place(all, "boundary"), "eyot.yaml:13:3: error: x");
    let names: Vec<_> = sections.enabled.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(names, ["files"]);
    let files = sections.of_server("files").unwrap();
    assert_eq!(files.problem("rules[0]", "x").server.as_deref(), Some("files"));
    assert_eq!(place(files, "guard.pins"), "eyot.yaml:5:13: error: x");
    assert_eq!(keys(sections.of_server("off").unwrap()), ["guard"]);
    assert!(sections.of_server("plain").is_none());
}

#[test]
fn one_thing_in_two_places_is_told_with_both() {
    let twice = "servers:\n  a:\n    command: a\ninterceptors:\n  rules: [a.yaml]\nrules: [b.yaml]";
    let expected = "eyot.yaml:6:1: error: `rules` stands in `interceptors`, at eyot.yaml:5:3, as \
                    well: keep one of them";
    assert_eq!(read("eyot.yaml", twice).unwrap_err(), expected);
    let of_server = "servers:\n  a:\n    guard: {}\n    interceptors: {guard: {}}";
    let problems = Sections::read("eyot.yaml", of_server.as_bytes(), None).unwrap_err();
    assert_eq!(problems[0].server.as_deref(), Some("a"));
    let list = "servers: {}\ninterceptors: [a]";
    let told = read("eyot.yaml", list).unwrap_err();
    assert_eq!(told, "eyot.yaml:2:15: error: `interceptors` is a list: it must be a map");
}

#[test]
fn files_of_other_programs_have_what_they_always_had() {
    let text = r#"{"mcpServers":{"a":{"command":"a","rules":["x"]}},"rules":["x"],"interceptors":{"guard":{}}}"#;
    let sections = read(".mcp.json", text).unwrap();
    assert_eq!(keys(&sections.all.unwrap()), ["guard"]);
    assert!(sections.enabled.is_empty());
    let nothing = read("eyot.yaml", "servers: {a: {command: a}}").unwrap();
    assert!(nothing.all.is_none() && nothing.enabled.is_empty());
}

fn config(text: &str) -> Config {
    Config::read("eyot.yaml", text.as_bytes(), None, &World::new())
}

#[test]
fn a_server_is_as_it_was_while_its_rules_change_and_another_when_it_gets_its_first() {
    let of = |text: &str| config(text).server("a").unwrap().unwrap().fingerprint();
    let [none, one, other] = ["", "\n    rules: [x.yaml]", "\n    guard: {taint: true}"]
        .map(|it| of(&format!("servers:\n  a:\n    command: a{it}")));
    assert_eq!(one, other);
    assert_ne!(none, one);
}

#[test]
fn sections_of_servers_are_printed_without_what_looks_like_a_secret_and_imported_as_they_are() {
    let text = "servers:\n  a:\n    command: a\n    rules: [x.yaml]\n    interceptors:\n      servers: \
                {s: {url: 'https://u:top-secret@h/mcp', command: [c, --token, top-secret]}}";
    let config = config(text);
    assert!(config.problems.is_empty(), "{:?}", config.problems);
    let shown = Shown::new([&config]).to_yaml(false).join("\n");
    assert!(shown.contains("rules: [\"x.yaml\"]"), "{shown}");
    assert!(shown.contains("interceptors: {") && !shown.contains("top-secret"), "{shown}");
    let imported = Imported::new(&[config], Secrets::AsVariables).unwrap().to_yaml().join("\n");
    let again = Sections::read("eyot.yaml", imported.as_bytes(), None).unwrap();
    let expected = Sections::read("eyot.yaml", text.as_bytes(), None).unwrap();
    let json = |it: &Sections| crate::document::json(it.of_server("a").unwrap().root()).to_string();
    assert_eq!(json(&again), json(&expected));
}

#[test]
fn a_policy_of_one_server_is_refused_with_what_to_do() {
    let config = config("servers:\n  a:\n    command: a\n    policy: {}\n  b:\n    command: b");
    let told = config.server("a").unwrap_err()[0].to_string();
    assert!(told.starts_with("eyot.yaml:4:5: error: a server has no `policy`"), "{told}");
    assert!(config.server("b").is_ok());
}
