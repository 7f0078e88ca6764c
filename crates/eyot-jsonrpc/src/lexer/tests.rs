//! Strings and numbers, one by one.

use super::Lexer;
use crate::error::{Fault, Halt, ParseErrorKind};

fn outcome(text: &str, pass: fn(&mut Lexer<'_>) -> Result<(), Halt>) -> Result<(), Fault> {
    let mut lexer = Lexer::new(text, 0);
    pass(&mut lexer).and_then(|()| lexer.finish()).map_err(|it| *it)
}

#[track_caller]
fn check_string(text: &str, expected: Result<(), (ParseErrorKind, usize)>) {
    let expected = expected.map_err(|(kind, offset)| Fault { kind, offset });
    assert_eq!(outcome(text, |lexer| lexer.string().map(drop)), expected, "{text}");
}

#[track_caller]
fn check_number(text: &str, expected: Result<(), (ParseErrorKind, usize)>) {
    let expected = expected.map_err(|(kind, offset)| Fault { kind, offset });
    assert_eq!(outcome(text, |lexer| lexer.number()), expected, "{text}");
}

#[test]
fn every_escape_of_the_grammar_passes() {
    check_string(r#""""#, Ok(()));
    check_string(r#""\"\\\/\b\f\n\r\t\u0000\uFFFF\uabcD""#, Ok(()));
    check_string(r#""\ud83d\uDE00 😀 \u2028""#, Ok(()));
    check_string("\"\u{7f}\u{2028}\u{10FFFF}\"", Ok(()));
}

#[test]
fn other_escapes_do_not_pass() {
    check_string(r#""\a""#, Err((ParseErrorKind::UnknownEscape, 2)));
    check_string(r#""\U0041""#, Err((ParseErrorKind::UnknownEscape, 2)));
    check_string(r#""\u00g0""#, Err((ParseErrorKind::UnexpectedByte(b'g'), 5)));
    check_string(r#""\u+041""#, Err((ParseErrorKind::UnexpectedByte(b'+'), 3)));
    check_string(r#""\u12"#, Err((ParseErrorKind::UnexpectedEnd, 5)));
    check_string(r#""\"#, Err((ParseErrorKind::UnexpectedEnd, 2)));
}

#[test]
fn half_a_surrogate_pair_does_not_pass() {
    check_string(r#"" \ud800""#, Err((ParseErrorKind::LoneSurrogate, 2)));
    check_string(r#""\udc00""#, Err((ParseErrorKind::LoneSurrogate, 1)));
    check_string(r#""\ud800\ud800\udc00""#, Err((ParseErrorKind::LoneSurrogate, 1)));
    check_string(r#""\ud800\n""#, Err((ParseErrorKind::LoneSurrogate, 1)));
    check_string(r#""\udc00\ud800""#, Err((ParseErrorKind::LoneSurrogate, 1)));
    check_string(r#""\ud800\u0041""#, Err((ParseErrorKind::LoneSurrogate, 1)));
}

#[test]
fn control_characters_and_open_ends_do_not_pass() {
    check_string("\"a\nb\"", Err((ParseErrorKind::ControlCharacter, 2)));
    check_string("\"\0\"", Err((ParseErrorKind::ControlCharacter, 1)));
    check_string("\"a", Err((ParseErrorKind::UnexpectedEnd, 2)));
    check_string("a\"", Err((ParseErrorKind::UnexpectedByte(b'a'), 0)));
}

#[test]
fn every_form_of_number_passes() {
    for number in ["0", "-0", "10", "-1.5", "0.0", "1e5", "1E+5", "1e-5", "-0.5e-7", "0e400"] {
        check_number(number, Ok(()));
    }
}

#[test]
fn numbers_of_other_languages_do_not_pass() {
    check_number("01", Err((ParseErrorKind::UnexpectedByte(b'1'), 1)));
    check_number("+1", Err((ParseErrorKind::UnexpectedByte(b'+'), 0)));
    check_number(".5", Err((ParseErrorKind::UnexpectedByte(b'.'), 0)));
    check_number("1.", Err((ParseErrorKind::UnexpectedEnd, 2)));
    check_number("1.e5", Err((ParseErrorKind::UnexpectedByte(b'e'), 2)));
    check_number("-", Err((ParseErrorKind::UnexpectedEnd, 1)));
    check_number("1e", Err((ParseErrorKind::UnexpectedEnd, 2)));
    check_number("0x1", Err((ParseErrorKind::UnexpectedByte(b'x'), 1)));
}

#[test]
fn a_number_is_a_finite_double() {
    check_number("1.7976931348623157e308", Ok(()));
    check_number("1e308", Ok(()));
    check_number("1e-400", Ok(()));
    check_number("-1e-99999999999999999999", Ok(()));
    check_number(&format!("1{}", "0".repeat(308)), Ok(()));
    check_number("1e309", Err((ParseErrorKind::NumberOutOfRange, 0)));
    check_number("-1e400", Err((ParseErrorKind::NumberOutOfRange, 0)));
    check_number("1e99999999999999999999", Err((ParseErrorKind::NumberOutOfRange, 0)));
    check_number(&"9".repeat(309), Err((ParseErrorKind::NumberOutOfRange, 0)));
    check_number(&format!("{}e99", "9".repeat(250)), Err((ParseErrorKind::NumberOutOfRange, 0)));
}

#[test]
fn a_number_has_a_bounded_length() {
    check_number(&format!("0.{}", "1".repeat(1_098)), Ok(()));
    check_number(&format!("0.{}", "1".repeat(1_099)), Err((ParseErrorKind::NumberTooLong, 0)));
}
