//! Files with variables.

use super::parse;

#[test]
fn variables_stand_one_a_line_with_comments_and_quotes() {
    let text =
        "# all\n\nA=1\nexport B = two words # said\nC=\"a # b\" # c\nD='x\\n'\nE=\"x\\ny\"\nF=\n";
    let pairs = [("A", "1"), ("B", "two words"), ("C", "a # b"), ("D", "x\\n"), ("E", "x\ny")];
    let mut expected: Vec<_> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    expected.push(("F".to_owned(), String::new()));
    assert_eq!(parse(text), Ok(expected));
}

#[test]
fn line_that_is_no_variable_is_named() {
    assert_eq!(parse("A=1\nsecret\n"), Err(2));
    assert_eq!(parse("=1"), Err(1));
    assert_eq!(parse("A B=1"), Err(1));
}
