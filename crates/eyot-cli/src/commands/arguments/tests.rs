//! Arguments become the types that the schema asks for.

use serde_json::json;

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
        },
    });
    schema.as_object().unwrap().clone()
}

fn typed_words(words: &[&str]) -> Result<Value, String> {
    let words = words.iter().map(|it| (*it).to_owned()).collect();
    let typed = pairs(words).and_then(|it| typed(Some(&schema()), JsonObject::new(), it));
    typed.map(Value::Object).map_err(|it| it.to_string())
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
    check("loop=[1]", &json!([1]));
    check("unknown=yes", &json!("yes"));
    let pairs = pairs(vec!["a=5".to_owned()]).unwrap();
    assert_eq!(Value::Object(typed(None, JsonObject::new(), pairs).unwrap()), json!({ "a": 5 }));
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
    assert_eq!(Value::Object(arguments), json!({ "text": "a", "whole": 2 }));
    assert!(object(Some("[]")).unwrap_err().to_string().starts_with("--args is no JSON object"));
    assert!(object(Some("@/no/such/file")).is_err());
}
