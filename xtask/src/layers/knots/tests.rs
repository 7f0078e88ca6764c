//! Loops are found, pairs are allowed, and the proof is a way that exists.

use super::*;

/// Checks a graph given by lines `from -> to`; each knot is a line `files: cycle`.
#[track_caller]
fn check(edges: &str, want: &[&str]) {
    let edges: Vec<(&str, &str)> = edges.lines().filter_map(|it| it.split_once(" -> ")).collect();
    let names: BTreeSet<&str> = edges.iter().flat_map(|(from, to)| [*from, *to]).collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let index = |name: &str| names.iter().position(|it| it == name).unwrap();
    let mut graph = FileGraph::new(names.clone());
    for (from, to) in &edges {
        graph.add(index(from), index(to), &to.to_uppercase());
    }
    let found = graph.knots();
    let found = found.iter().map(|it| format!("{}: {}", it.files.join(" "), it.cycle));
    assert_eq!(found.collect::<Vec<_>>(), want);
}

#[test]
fn files_without_a_loop_are_no_knot() {
    check("a -> b\na -> c\nb -> c\nc -> d", &[]);
}

#[test]
fn pair_may_need_each_other() {
    check("a -> b\nb -> a\nb -> c", &[]);
}

#[test]
fn loop_of_three_files_is_a_knot_with_its_proof() {
    check("a -> b\nb -> c\nc -> a\nx -> a", &["a b c: a -> b (B) -> c (C) -> a (A)"]);
}

#[test]
fn proof_is_the_shortest_loop_of_more_than_two_files() {
    let edges = "a -> b\nb -> a\nb -> c\nc -> d\nd -> e\ne -> b\nd -> b";
    check(edges, &["a b c d e: b -> c (C) -> d (D) -> b (B)"]);
}

#[test]
fn pairs_that_share_a_file_are_a_knot() {
    let proof = "a b c: b -> a (A) -> c (C) -> a (A) -> b (B)";
    check("a -> b\nb -> a\na -> c\nc -> a", &[proof]);
}

#[test]
fn biggest_knot_comes_first() {
    let three = "a -> b\nb -> c\nc -> a\n";
    let four = "p -> q\nq -> r\nr -> s\ns -> p";
    check(
        &(three.to_owned() + four),
        &["p q r s: p -> q (Q) -> r (R) -> s (S) -> p (P)", "a b c: a -> b (B) -> c (C) -> a (A)"],
    );
}

#[test]
fn first_proof_of_an_edge_stays() {
    let mut graph = FileGraph::new(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]);
    for (from, to) in [(0, 1), (0, 1), (1, 2), (2, 0)] {
        graph.add(from, to, if from == 0 { "first" } else { "other" });
    }
    graph.add(0, 1, "later");
    assert_eq!(graph.knots()[0].cycle, "a -> b (first) -> c (other) -> a (other)");
}
