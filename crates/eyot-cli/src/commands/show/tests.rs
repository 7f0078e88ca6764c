//! Output for people.

use super::*;

#[test]
fn nothing_that_steers_a_terminal_is_shown() {
    assert_eq!(plain("a\tb\nc ü"), "a\tb\nc ü");
    assert_eq!(plain("\u{1b}[2Jgone\r\u{7}\u{9b}1A"), "\\u{1b}[2Jgone\\r\\u{7}\\u{9b}1A");
}

#[test]
fn what_is_no_text_is_described() {
    assert_eq!(content(&ContentBlock::text("a")), "a");
    assert_eq!(content(&ContentBlock::image(b"abc", "image/png")), "[image: image/png, 3 bytes]");
    assert_eq!(content(&ContentBlock::resource_link("a:b", "b")), "[resource a:b]");
    let text = ContentBlock::resource(ResourceContents::text("a:b", "text"));
    assert_eq!(content(&text), "text");
    let bytes = ResourceContents::blob("a:b", b"abcd");
    assert_eq!(contents(&bytes), "[a:b: unknown type, 4 bytes]");
}

#[test]
fn whole_numbers_have_no_fraction() {
    let shown = ["50.0", "0.5", "7", "-1.0"].map(|it| number(&serde_json::from_str(it).unwrap()));
    assert_eq!(shown, ["50", "0.5", "7", "-1"]);
}

#[test]
fn columns_are_as_wide_as_their_widest_cell() {
    let row = |cells: [&str; 3]| cells.map(str::to_owned);
    let rows = [row(["a", "bcd", "e"]), row(["fgh", "", "i"]), row(["jä", "", ""])];
    assert_eq!(table(&rows), ["a    bcd  e", "fgh       i", "jä"]);
    assert_eq!(table::<2>(&[]), Vec::<String>::new());
}
