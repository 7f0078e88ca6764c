//! Which names match.

use proptest::prelude::*;

use super::Glob;

#[track_caller]
fn check(pattern: &str, name: &str, expected: bool) {
    assert_eq!(Glob::parse(pattern).unwrap().matches(name), expected, "{pattern} on {name}");
}

#[test]
fn whole_names_match_with_their_case() {
    check("search", "search", true);
    check("search", "Search", false);
    check("search", "search2", false);
    check("", "", true);
    check("", "a", false);
}

#[test]
fn stars_take_any_text_and_question_marks_one_character() {
    check("admin_*", "admin_drop", true);
    check("admin_*", "admin_", true);
    check("*_delete", "user_delete", true);
    check("*a*b*", "xxaxxbxx", true);
    check("*a*b*", "xxbxxa", false);
    check("file:///srv/*", "file:///srv/a/b", true);
    check("v?", "vé", true);
    check("v?", "v", false);
}

#[test]
fn classes_take_one_character() {
    check("v[0-9a]", "v7", true);
    check("v[0-9a]", "va", true);
    check("v[!0-9]", "v7", false);
    check("[[]x[]]", "[x]", true);
    check("a[*]", "a*", true);
    check("a[-]", "a-", true);
}

#[test]
fn wrong_classes_are_refused() {
    assert!(Glob::parse("a[").unwrap_err().contains("no `]`"));
    assert!(Glob::parse("a[z-a]").unwrap_err().contains("turn the range around"));
    assert!(Glob::parse(&"a".repeat(1_000)).unwrap_err().contains("512"));
}

#[test]
fn many_stars_end_soon() {
    let glob = Glob::parse(&"*a".repeat(200)).unwrap();
    assert!(!glob.matches(&"a".repeat(199)));
    assert!(!glob.matches(&"ab".repeat(20_000)));
}

#[test]
fn overlap_is_seen_where_beginnings_agree() {
    let glob = |text| Glob::parse(text).unwrap();
    assert!(glob("a*").may_overlap(&glob("ab")));
    assert!(!glob("a*").may_overlap(&glob("b*")));
    assert!(glob("a*").may_overlap(&glob("*b")));
    assert!(!glob("a").may_overlap(&glob("b")));
}

proptest! {
    #[test]
    fn globs_agree_with_a_plain_recursion(pattern in "[ab*?]{0,8}", name in "[ab]{0,8}") {
        fn holds(pattern: &[u8], name: &[u8]) -> bool {
            match pattern.split_first() {
                None => name.is_empty(),
                Some((b'*', rest)) => (0..=name.len()).any(|it| holds(rest, &name[it..])),
                Some((first, rest)) => name
                    .split_first()
                    .is_some_and(|(it, tail)| (*first == b'?' || first == it) && holds(rest, tail)),
            }
        }
        let glob = Glob::parse(&pattern).unwrap();
        prop_assert_eq!(glob.matches(&name), holds(pattern.as_bytes(), name.as_bytes()));
    }
}
