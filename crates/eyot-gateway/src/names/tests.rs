//! Names: unique, short, plain, reversible, and the same in any order.

use std::borrow::Cow;
use std::collections::HashSet;

use proptest::prelude::*;

use super::{NAME_CHARS_MAX, Prefix};

/// The names of what servers offer, list by list.
fn exposed<'a>(
    lists: &[(&'a str, Vec<&'a str>)],
    prefix: Prefix,
) -> Vec<Vec<Option<Cow<'a, str>>>> {
    let offered = lists.iter().flat_map(|(server, own)| own.iter().map(|name| (*server, *name)));
    let mut names = super::exposed(&offered.collect::<Vec<_>>(), prefix).into_iter();
    lists.iter().map(|(_, own)| names.by_ref().take(own.len()).collect()).collect()
}

#[track_caller]
fn check(prefix: Prefix, lists: &[(&str, &[&str])], expected: &[&[&str]]) {
    let lists: Vec<_> = lists.iter().map(|(server, names)| (*server, names.to_vec())).collect();
    let names = exposed(&lists, prefix);
    let names: Vec<Vec<&str>> = names
        .iter()
        .map(|it| it.iter().map(|name| name.as_deref().unwrap_or("-")).collect())
        .collect();
    assert_eq!(names, expected);
}

#[test]
fn a_name_that_one_server_has_stays_as_it_is() {
    check(Prefix::Auto, &[("a", &["x"]), ("b", &["y", "z-1_2"])], &[&["x"], &["y", "z-1_2"]]);
}

#[test]
fn a_name_that_two_servers_have_gets_the_server_in_front_at_both() {
    check(
        Prefix::Auto,
        &[("a", &["echo", "x"]), ("b", &["echo"])],
        &[&["a_echo", "x"], &["b_echo"]],
    );
}

#[test]
fn all_names_have_the_server_in_front_if_that_is_asked_for() {
    check(Prefix::Always, &[("a", &["x"]), ("b", &["y"])], &[&["a_x"], &["b_y"]]);
}

#[test]
fn a_name_that_a_server_gives_twice_counts_once() {
    check(Prefix::Auto, &[("a", &["x", "x"])], &[&["x", "-"]]);
}

#[test]
fn a_prefixed_name_that_is_anothers_own_is_marked() {
    let lists = [("a", vec!["x", "b_x"]), ("b", vec!["x"])];
    let names = exposed(&lists, Prefix::Auto);
    assert_eq!(names[0], [Some("a_x".into()), Some("b_x".into())]);
    let marked = names[1][0].as_deref().unwrap();
    assert!(marked.starts_with("b_x_") && marked.len() > 4, "{marked}");
}

#[test]
fn names_that_become_the_same_by_their_prefix_are_both_marked() {
    let lists = [("a", vec!["b_c"]), ("a_b", vec!["c"])];
    let names = exposed(&lists, Prefix::Always);
    let names: HashSet<_> = names.iter().flatten().flatten().collect();
    assert_eq!(names.len(), 2);
    assert!(names.iter().all(|it| it.starts_with("a_b_c_")), "{names:?}");
}

#[test]
fn long_and_foreign_names_are_shortened_and_stay_apart() {
    let long = "x".repeat(130);
    let longer = "x".repeat(131);
    let lists = [("a", vec![&*long, &*longer, "größe", "grösse", "a.b/c", ""])];
    let names = exposed(&lists, Prefix::Auto);
    let names: HashSet<_> = names.iter().flatten().flatten().collect();
    assert_eq!(names.len(), 6);
    assert!(names.iter().all(|it| it.len() <= NAME_CHARS_MAX), "{names:?}");
}

fn lists() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    let name = prop_oneof!["[ab_.]{0,4}", "[a-c]{60,70}", "\\PC{0,3}"];
    let servers =
        prop::collection::btree_map("[ab_]{1,3}", prop::collection::vec(name, 0..6), 1..5);
    servers.prop_map(|it| it.into_iter().collect())
}

proptest! {
    #[test]
    fn names_are_unique_plain_and_equal_in_any_order(lists in lists(), always in any::<bool>()) {
        let prefix = if always { Prefix::Always } else { Prefix::Auto };
        let borrowed: Vec<(&str, Vec<&str>)> = lists
            .iter()
            .map(|(server, names)| (&**server, names.iter().map(|it| &**it).collect()))
            .collect();
        let names = exposed(&borrowed, prefix);
        let mut seen = HashSet::new();
        for ((_, own), names) in borrowed.iter().zip(&names) {
            prop_assert_eq!(own.len(), names.len());
            let different: HashSet<_> = own.iter().collect();
            prop_assert_eq!(different.len(), names.iter().flatten().count());
            for name in names.iter().flatten() {
                let is_plain = |it: u8| it.is_ascii_alphanumeric() || it == b'_' || it == b'-';
                prop_assert!(name.bytes().all(is_plain) && !name.is_empty(), "{}", name);
                prop_assert!(name.len() <= NAME_CHARS_MAX);
                prop_assert!(seen.insert(name.clone()), "{} twice", name);
            }
        }
        let reversed: Vec<_> = borrowed.iter().rev().cloned().collect();
        let mut again = exposed(&reversed, prefix);
        again.reverse();
        prop_assert_eq!(names, again);
    }
}
