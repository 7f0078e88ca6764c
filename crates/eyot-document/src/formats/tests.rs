//! One tree for all formats.

use super::{Format, parse};
use crate::node::{Node, Value};
use crate::position::Position;

fn read(text: &str, format: Format) -> (Node, usize) {
    let (node, faults) = parse(text, format).unwrap();
    (node, faults.len())
}

#[track_caller]
fn refuse(text: &str, format: Format, at: (usize, usize), part: &str) {
    let fault = parse(text, format).unwrap_err();
    let (line, column) = at;
    assert_eq!(fault.at, Position { line, column }, "{}", fault.message);
    assert!(fault.message.contains(part), "{}", fault.message);
}

#[test]
fn three_formats_give_one_tree() {
    let json = "// c\n{ \"a\": { \"b\": [1, \"x\", true, ], }, /* d */ \"e\": \"y\" }";
    let yaml = "# c\na:\n  b: [1, x, true]\n\"e\": y\n";
    let toml = "# c\ne = \"y\"\n[a]\nb = [1, \"x\", true]\n";
    for (text, format) in [(json, Format::Json), (yaml, Format::Yaml), (toml, Format::Toml)] {
        let (node, faults) = read(text, format);
        assert_eq!(faults, 0);
        let list = node.member("a").unwrap().member("b").unwrap();
        let values: Vec<_> = list.elements().iter().map(|it| it.value.clone()).collect();
        let expected = [Value::Number("1".into()), Value::Text("x".into()), Value::Bool(true)];
        assert_eq!(values, expected);
        assert_eq!(node.member("e").unwrap().text(), Some("y"));
    }
}

#[test]
fn places_are_those_of_an_editor() {
    let (node, _) = read("{\n  \"ä\": { \"b\": 1 } }", Format::Json);
    let member = &node.members()[0];
    assert_eq!(member.at, Position { line: 2, column: 3 });
    assert_eq!(member.node.at, Position { line: 2, column: 8 });
    let (node, _) = read("a:\n  ä: 1\n", Format::Yaml);
    let member = &node.members()[0].node.members()[0];
    assert_eq!((member.at, member.node.at.column), (Position { line: 2, column: 3 }, 6));
    let (node, _) = read("[z]\nb = 1\n[a]\n", Format::Toml);
    assert_eq!(node.members()[0].key, "z");
    assert_eq!(node.members()[1].at, Position { line: 3, column: 2 });
}

#[test]
fn key_that_is_given_twice_is_a_fault() {
    for (text, format) in [("{\"a\":1,\"a\":2}", Format::Json), ("a: 1\na: 2\n", Format::Yaml)] {
        let (node, faults) = read(text, format);
        assert_eq!((faults, node.members().len()), (1, 1));
    }
    refuse("a = 1\na = 2\n", Format::Toml, (2, 1), "duplicate");
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    refuse("{\n  \"a\" 1 }", Format::Json, (2, 7), "no JSON");
    refuse("{'a': 1}", Format::Json, (1, 2), "no JSON");
    refuse("a: [1\nb: 2\n", Format::Yaml, (2, 2), "no YAML");
    refuse("a = \n", Format::Toml, (1, 5), "no TOML");
    refuse("--- 1\n--- 2\n", Format::Yaml, (2, 1), "second document");
    refuse("# nothing\n", Format::Yaml, (1, 1), "empty");
    refuse("// nothing\n", Format::Json, (1, 1), "empty");
}

#[test]
fn depth_has_a_bound_in_every_format() {
    for (text, format) in [
        ("[".repeat(100_000), Format::Json),
        (format!("{}{}", "[".repeat(100), "]".repeat(100)), Format::Json),
        ("[".repeat(100_000), Format::Yaml),
        ("- ".repeat(100_000), Format::Yaml),
        (format!("a = {}", "[".repeat(100_000)), Format::Toml),
    ] {
        assert!(parse(&text, format).is_err());
    }
}

#[test]
fn aliases_have_a_bound() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    assert!(parse(&bomb, Format::Yaml).unwrap_err().message.contains("too much"));
    let (node, _) = read("a: &x {b: 1}\nc: *x\n", Format::Yaml);
    assert_eq!(node.member("a").unwrap().value, node.member("c").unwrap().value);
}

#[test]
fn debug_output_has_no_values() {
    let (node, _) = read("{\"a\": \"top-secret\"}", Format::Json);
    assert!(!format!("{node:?}").contains("top-secret"));
    assert!(!format!("{:?}", node.members()).contains("top-secret"));
}
