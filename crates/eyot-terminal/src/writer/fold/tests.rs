//! Folding.

use super::folded;

#[track_caller]
fn check(line: &str, expected: &str) {
    assert_eq!(folded(line, Some(20)), expected);
}

#[test]
fn a_line_that_fits_stays() {
    check("12345678901234567890", "12345678901234567890");
    check("日本語日本語日本語語", "日本語日本語日本語語");
    let long = "x".repeat(100);
    assert_eq!(folded(&long, None), long);
}

#[test]
fn what_does_not_fit_stands_behind_a_bar() {
    let line = format!("eyot: x{}eyot: FORGED", " ".repeat(13));
    check(&line, "eyot: x             \n│ eyot: FORGED");
    check("日本語日本語日本語語x", "日本語日本語日本語語\n│ x");
    check("\t\tx\teyot: FORGED", "\t\tx\n│ \teyot: FORGED");
    check(&"❤\u{fe0f}".repeat(11), &format!("{}\n│ ❤\u{fe0f}", "❤\u{fe0f}".repeat(10)));
}
