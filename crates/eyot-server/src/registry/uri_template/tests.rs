//! The addresses that a template matches.

use super::{InvalidTemplate, UriTemplate};

#[track_caller]
fn check(template: &str, uri: &str, expected: Option<&[(&str, &str)]>) {
    let values = UriTemplate::parse(template).unwrap().matches(uri);
    let expected = expected.map(|it| {
        it.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    });
    assert_eq!(values, expected, "{template} {uri}");
}

#[test]
fn variables_are_found_between_the_texts() {
    check("test://template/{id}/data", "test://template/123/data", Some(&[("id", "123")]));
    check("a:{x}-{y}", "a:1-2", Some(&[("x", "1"), ("y", "2")]));
    check("a:{x}-{y}", "a:1-2-3", Some(&[("x", "1"), ("y", "2-3")]));
    check("a:{x}.txt", "a:b.txt.txt", Some(&[("x", "b.txt")]));
    check("plain:", "plain:", Some(&[]));
}

#[test]
fn another_address_is_not_matched() {
    check("a:{x}/b", "a:1/c", None);
    check("a:{x}/b", "a:/b", None);
    check("a:{x}", "a:1/2", None);
    check("a:{x}", "b:1", None);
    check("a:{x}.txt", "a:.tx", None);
    check("plain:", "plain:x", None);
}

#[test]
fn a_reserved_variable_takes_slashes() {
    check("file:///{+path}", "file:///a/b.txt", Some(&[("path", "a/b.txt")]));
}

#[test]
fn percent_encoding_is_undone() {
    check("a:{x}", "a:b%20c%2Fd", Some(&[("x", "b c/d")]));
    check("a:{x}", "a:%zz", None);
    check("a:{x}", "a:%C3", None);
    check("a:{x}", "a:%", None);
}

#[test]
fn a_template_that_cannot_be_matched_is_refused() {
    let parse = |it| UriTemplate::parse(it).unwrap_err();
    assert_eq!(parse("a:{x"), InvalidTemplate::Braces);
    assert_eq!(parse("a:x}"), InvalidTemplate::Braces);
    assert_eq!(parse("a:{x}{y}"), InvalidTemplate::Adjacent);
    assert_eq!(parse("a:{?x}"), InvalidTemplate::Expression("?x".to_owned()));
    assert_eq!(parse("a:{}"), InvalidTemplate::Expression(String::new()));
}
