//! Lines and columns as an editor counts them.

use super::{Position, Positions};

#[test]
fn columns_are_characters_and_not_bytes() {
    let text = "äö x\n\n  y";
    let positions = Positions::new(text);
    let at = |byte| positions.at(byte);
    assert_eq!(at(0), Position { line: 1, column: 1 });
    assert_eq!(at(5), Position { line: 1, column: 4 });
    assert_eq!(at(7), Position { line: 2, column: 1 });
    assert_eq!(at(text.find('y').unwrap()), Position { line: 3, column: 3 });
    assert_eq!(at(9_999), Position { line: 3, column: 4 });
    assert_eq!(Positions::new("").at(0), Position { line: 1, column: 1 });
}

#[test]
fn long_lines_are_counted_like_short_ones() {
    let text = "é".repeat(10_000);
    assert_eq!(Positions::new(&text).at(19_998), Position { line: 1, column: 10_000 });
}
