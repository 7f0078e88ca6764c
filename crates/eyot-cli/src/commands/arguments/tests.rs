//! Arguments become the types that the schema asks for.

use serde_json::{Value, json};

use super::*;

fn schema() -> JsonObject {
    let schema = json!({
        "type": "object",
        "$defs": {
            "count": { "type": "integer" },
            "loop": { "$ref": "#/$defs/loop" },
            "a/b": { "type": "boolean" },
        },
        "properties": {
            "text": { "type": "string" },
            "whole": { "type": "integer" },
            "any_number": { "type": "number" },
            "flag": { "type": "boolean" },
            "list": { "type": "array" },
            "thing": { "type": "object" },
            "maybe": { "type": ["integer", "null"] },
            "either": { "anyOf": [{ "type": "boolean" }, { "$ref": "#/$defs/count" }] },
            "choice": { "enum": ["a", "b"] },
            "size": { "enum": [1, 2] },
            "count": { "$ref": "#/$defs/count" },
            "loop": { "$ref": "#/$defs/loop" },
            "slash": { "$ref": "#/$defs/a~1b" },
            "open": {},
            "odd": { "type": "int" },
        },
    });
    schema.as_object().unwrap().clone()
}

fn document(arguments: &Arguments) -> Value {
    serde_json::to_value(arguments).unwrap()
}

fn typed_words(words: &[&str]) -> Result<Value, String> {
    let words = words.iter().map(|it| (*it).to_owned()).collect();
    let typed = pairs(words).and_then(|it| typed(Some(&schema()), Arguments::new(), it));
    typed.map(|it| document(&it)).map_err(|it| it.to_string())
}

#[track_caller]
fn check(word: &str, expected: &Value) {
    let name = word.split_once(['=', ':']).unwrap().0;
    assert_eq!(typed_words(&[word]).unwrap()[name], *expected, "{word}");
}

#[test]
fn values_have_the_types_of_the_schema() {
    check("text=5", &json!("5"));
    check("text=true", &json!("true"));
    check("text=a=b", &json!("a=b"));
    check("text=", &json!(""));
    check("whole=-5", &json!(-5));
    check("any_number=5", &json!(5));
    check("any_number=0.5", &json!(0.5));
    check("flag=true", &json!(true));
    check("list=[1,\"a\"]", &json!([1, "a"]));
    check("thing={\"a\":1}", &json!({ "a": 1 }));
    check("maybe=7", &json!(7));
    check("maybe=null", &json!(null));
    check("either=7", &json!(7));
    check("either=false", &json!(false));
    check("choice=a", &json!("a"));
    check("size=2", &json!(2));
    check("count=3", &json!(3));
    check("slash=true", &json!(true));
}

#[test]
fn what_no_schema_types_is_json_if_it_can_be() {
    check("open=5", &json!(5));
    check("odd=5", &json!(5));
    check("loop=[1]", &json!([1]));
    check("unknown=yes", &json!("yes"));
    let pairs = pairs(vec!["a=5".to_owned()]).unwrap();
    assert_eq!(document(&typed(None, Arguments::new(), pairs).unwrap()), json!({ "a": 5 }));
}

#[test]
fn json_is_taken_as_it_is() {
    check("text:=5", &json!(5));
    check("text:=\"5\"", &json!("5"));
    check("whole:=[{\"a\":null}]", &json!([{ "a": null }]));
}

#[test]
fn what_does_not_fit_is_refused_with_the_name_of_the_argument() {
    for (word, said) in [
        ("whole=5.5", "`whole` must be integer, not `5.5`"),
        ("whole=five", "`whole` must be integer, not `five`"),
        ("flag=yes", "`flag` must be boolean, not `yes`"),
        ("list={}", "`list` must be array, not `{}`"),
        ("maybe=x", "`maybe` must be integer or null, not `x`"),
        ("text:={", "`text` is no JSON: EOF while parsing an object at line 1 column 1"),
        ("text", "`text` is no NAME=VALUE"),
        ("=5", "`=5` is no NAME=VALUE"),
    ] {
        assert_eq!(typed_words(&[word]).unwrap_err(), said);
    }
}

#[test]
fn pairs_are_put_over_the_object() {
    let base = object(Some(r#"{ "text": "a", "whole": 1 }"#)).unwrap();
    let pairs = pairs(vec!["whole=2".to_owned()]).unwrap();
    let arguments = typed(Some(&schema()), base, pairs).unwrap();
    assert_eq!(document(&arguments), json!({ "text": "a", "whole": 2 }));
    assert!(object(Some("[]")).unwrap_err().to_string().starts_with("--args is no JSON object"));
    assert!(object(Some("@/no/such/file")).is_err());
}

#[test]
fn numbers_stay_as_they_were_written() {
    let numbers = ["123456789012345678901234567890", "-0", "1e400", "0.10", "5.0", "2E+3"];
    for number in numbers {
        for word in [format!("any_number={number}"), format!("open:={number}")] {
            let base = object(Some(&format!("{{\"base\":{number}}}"))).unwrap();
            let typed = typed(Some(&schema()), base, pairs(vec![word.clone()]).unwrap()).unwrap();
            let values: Vec<_> = typed.values().map(|it| it.get()).collect();
            assert_eq!(values, [number, number], "{word}");
        }
    }
    for (word, is_taken) in [
        ("whole=123456789012345678901234567890", true),
        ("whole=1e400", true),
        ("whole=5.0", true),
        ("whole=5.5", false),
        ("whole=1e-1", false),
    ] {
        let typed = typed(Some(&schema()), Arguments::new(), pairs(vec![word.into()]).unwrap());
        assert_eq!(typed.is_ok(), is_taken, "{word}");
    }
}

#[test]
fn a_schema_that_points_at_itself_is_looked_at_for_a_bounded_time() {
    let branches = vec![json!({ "$ref": "#/$defs/x" }); 24];
    let many: JsonObject = (0..10_000)
        .map(|it| (it.to_string(), json!({ "$ref": format!("#/$defs/{}", it + 1) })))
        .collect();
    for schema in [
        json!({ "properties": { "a": { "$ref": "#/$defs/x" } }, "$defs": { "x": { "anyOf": branches } } }),
        json!({ "properties": { "a": { "anyOf": [{ "$ref": "#/properties/a" }, { "$ref": "#/properties" }] } } }),
        json!({ "properties": { "a": { "$ref": "#/$defs/0" } }, "$defs": many }),
    ] {
        let schema = schema.as_object().unwrap();
        let typed = typed(Some(schema), Arguments::new(), pairs(vec!["a=1".to_owned()]).unwrap());
        assert_eq!(document(&typed.unwrap()), json!({ "a": 1 }));
    }
}

#[test]
fn a_byte_order_mark_before_the_object_is_skipped() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "\u{feff}{\"a\":1}").unwrap();
    for source in ["\u{feff}{\"a\":1}".to_owned(), format!("@{}", file.path().display())] {
        assert_eq!(document(&object(Some(&source)).unwrap()), json!({ "a": 1 }), "{source}");
    }
}
