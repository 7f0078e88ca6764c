//! URIs and templates.

use super::matches;

#[test]
fn a_uri_is_found_by_the_texts_around_the_expressions() {
    for (template, uri, expected) in [
        ("file:///{path}", "file:///a/b", true),
        ("file:///{path}", "http:///a/b", false),
        ("db://{table}/rows/{id}", "db://people/rows/7", true),
        ("db://{table}/rows/{id}", "db://people/columns/7", false),
        ("db://{table}/schema", "db://people/schema", true),
        ("db://{table}/schema", "db://people/schemas", false),
        ("x:{+a}{?b,c}", "x:1?b=2", true),
        ("x:plain", "x:plain", true),
        ("x:plain", "x:plainer", false),
        ("{uri}", "anything", true),
        ("a{b", "a{b", true),
    ] {
        assert_eq!(matches(template, uri), expected, "{template} {uri}");
    }
}
