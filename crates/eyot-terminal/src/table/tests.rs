//! Tables.

use proptest::prelude::*;

use super::*;

fn table<const N: usize>(rows: &[[&str; N]]) -> Vec<[String; N]> {
    rows.iter().map(|row| row.map(str::to_owned)).collect()
}

#[test]
fn columns_are_as_wide_as_their_widest_cell() {
    let rows = table(&[["a", "bcd", "e"], ["fgh", "", "i"], ["jä", "", ""]]);
    assert_eq!(lines(&rows, None), ["a    bcd  e", "fgh       i", "jä"]);
    assert_eq!(lines::<2>(&[], Some(80)), Vec::<String>::new());
}

#[test]
fn wide_characters_and_marks_do_not_shift_the_next_column() {
    let rows = table(&[["日本", "x"], ["e\u{301}", "y"], ["abcd", "z"]]);
    assert_eq!(lines(&rows, None), ["日本  x", "e\u{301}     y", "abcd  z"]);
}

#[test]
fn a_cell_stays_on_its_line() {
    let rows = table(&[["a\nforged", "b\tc\u{1b}[2J\u{202e}"]]);
    assert_eq!(lines(&rows, None), ["a\\nforged  b c\\u{1b}[2J\\u{202e}"]);
}

#[test]
fn cells_are_cut_where_the_terminal_ends() {
    let rows = table(&[["name", "arguments and more", "words words words"], ["n", "a", "w"]]);
    assert_eq!(
        lines(&rows, Some(30)),
        ["name  arguments …  words word…", "n     a            w"].map(str::to_owned)
    );
    let name = "n".repeat(70_000);
    let long = table(&[[name.as_str(), "b"], ["c", "d"]]);
    assert_eq!(lines(&long, Some(20))[1], format!("c{}d", " ".repeat(18)));
    // A program gets the name, and the other rows are not filled up to it.
    let whole = lines(&long, None);
    assert!(whole[0].starts_with(&name) && whole[1].len() <= 203, "{}", whole[1].len());
}

#[test]
fn marks_without_end_are_cut() {
    let cell = format!("a{}", "\u{301}".repeat(10_000));
    assert!(cut(&cell, 10).chars().count() <= 41);
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_terminal(
        cells in proptest::collection::vec([".{0,40}", ".{0,40}", ".{0,40}"], 0..4),
        room in 0_usize..100,
    ) {
        for line in lines(&cells, Some(room)) {
            prop_assert!(line.width() <= room.max(GAP * 2), "{line:?}");
            prop_assert!(!line.contains(char::is_control));
        }
    }
}
