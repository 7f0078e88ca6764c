//! Strings plain and escaped.

use super::*;

#[test]
fn keys_and_values_are_found_whatever_they_hold() {
    let json = r#"{"a":["b\"c","",{"d":1}],"e":"\u0066\\"}"#;
    let texts: Vec<_> = strings(json).map(|it| it.text().into_owned()).collect();
    assert_eq!(texts, ["a", "b\"c", "", "d", "e", "f\\"]);
    for token in strings(json) {
        assert_eq!(&json[token.range.clone()], token.inner);
    }
}

#[test]
fn a_text_is_written_so_that_it_is_read_as_it_was() {
    for text in ["plain", "q\"b\\s\n", "\u{7f}é\u{1F600}"] {
        let json = format!("\"{}\"", escaped(text));
        assert_eq!(strings(&json).next().unwrap().text(), text);
    }
}
