//! Patterns.

use proptest::prelude::proptest;

use super::Glob;

#[track_caller]
fn check(pattern: &str, yes: &[&str], no: &[&str]) {
    let glob = Glob::new(pattern);
    for text in yes {
        assert!(glob.matches(text.as_bytes()), "{pattern} {text}");
    }
    for text in no {
        assert!(!glob.matches(text.as_bytes()), "{pattern} {text}");
    }
}

#[test]
fn a_text_without_a_star_stands_for_itself() {
    check("/mcp", &["/mcp"], &["", "/mcp/", "/mcpx", "x/mcp", "/MCP"]);
    check("", &[""], &["x"]);
}

#[test]
fn a_star_stands_for_any_characters_and_for_none() {
    check("*", &["", "x", "a/b"], &[]);
    check("/mcp/*", &["/mcp/", "/mcp/a/b"], &["/mcp", "/mc"]);
    check("*.example", &[".example", "a.b.example"], &["example", "a.example.org"]);
    check("a*b*c", &["abc", "axbxc", "abbcc", "acbc"], &["ab", "acb", "abcd"]);
    check("a**a", &["aa", "aaa"], &["a"]);
}

#[test]
fn the_last_part_overlaps_no_part_before_it() {
    check("ab*bc", &["abbc"], &["abc"]);
    check("*ab*ab", &["abab", "xabyab"], &["ab"]);
}

#[test]
fn bytes_that_are_no_text_match_a_star_alone() {
    assert!(Glob::new("*").matches(b"\xff"));
    assert!(!Glob::new("a*").matches(b"\xff"));
}

#[test]
fn many_stars_take_no_exponential_time() {
    let glob = Glob::new(&format!("{}b", "*a".repeat(50)));
    assert!(!glob.matches("a".repeat(10_000).as_bytes()));
}

/// What a pattern means, in the words of its definition.
fn means(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|it| means(rest, &text[it..])),
        ([first, pattern @ ..], [byte, text @ ..]) => first == byte && means(pattern, text),
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_pattern_matches_what_it_means(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
        let found = Glob::new(&pattern).matches(text.as_bytes());
        assert_eq!(found, means(pattern.as_bytes(), text.as_bytes()));
    }
}
