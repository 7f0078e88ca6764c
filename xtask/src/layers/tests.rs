//! The workspace obeys the table, and the check notices a violation.

use super::*;
use crate::layers::graph::Edge;

#[test]
fn workspace_depends_downward() {
    let problems = TABLE.check(&Graph::load().unwrap());
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn crates_are_small_typed_and_untied() {
    let problems = EXEMPT.check(&shapes(&Graph::load().unwrap()).unwrap());
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// A small world, so that these tests do not change with the real one.
const WORLD: Table = Table {
    layers: &[("low", &["w-pure"]), ("mid", &["w-io"]), ("high", &["w-app", "w-twin"])],
    support: &["w-testkit"],
    tools: &["w-tool"],
    owners: &[("socket", &["w-io"])],
    bans: &[Ban { users: &["w-pure"], banned: &["runtime"], reason: "stay pure" }],
};

const WORLD_CRATES: &[&str] = &["w-pure", "w-io", "w-app", "w-twin", "w-testkit", "w-tool"];

/// Checks a graph given by lines `user -> used [kind]` among the crates `local`.
#[track_caller]
fn check_among(local: &[&str], edges: &str, want: &[&str]) {
    let mut graph = Graph::default();
    for name in local {
        graph.add_local(name);
    }
    for line in edges.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (user, used, kind) = (words[0], words[2], words.get(3));
        let edge = Edge {
            to: used.to_owned(),
            is_normal: kind.is_none(),
            is_dev_only: kind == Some(&"dev"),
        };
        graph.add_edge(user, edge);
    }
    assert_eq!(WORLD.check(&graph), want);
}

#[track_caller]
fn check(edges: &str, want: &[&str]) {
    check_among(WORLD_CRATES, edges, want);
}

#[test]
fn downward_dependency_is_fine() {
    check("w-app -> w-pure", &[]);
}

#[test]
fn upward_dependency_is_reported_even_for_tests() {
    let want = "w-pure (layer low) -> w-app (layer high): dependencies point strictly downward";
    check("w-pure -> w-app", &[want]);
    check("w-pure -> w-app dev", &[want]);
}

#[test]
fn sideways_dependency_is_reported() {
    let want = "w-app (layer high) -> w-twin (layer high): dependencies point strictly downward";
    check("w-app -> w-twin", &[want]);
}

#[test]
fn support_is_for_tests_only() {
    let want = "w-app -> w-testkit: test support belongs in [dev-dependencies]";
    check("w-app -> w-testkit dev", &[]);
    check("w-app -> w-testkit", &[want]);
}

#[test]
fn nothing_depends_on_a_tool() {
    check("w-tool -> w-app", &[]);
    check("w-app -> w-tool", &["w-app -> w-tool: nothing depends on a tool"]);
}

#[test]
fn ban_reaches_through_other_packages() {
    let edges = "w-pure -> innocent\ninnocent -> runtime";
    check(edges, &["w-pure -> innocent -> runtime: stay pure"]);
}

#[test]
fn ban_holds_for_its_users_and_for_what_they_ship() {
    check("w-app -> runtime", &[]);
    check("w-pure -> runtime dev", &[]);
}

#[test]
fn owned_package_belongs_to_its_owner_and_to_tools() {
    check("w-io -> socket", &[]);
    check("w-tool -> socket", &[]);
    check("w-app -> socket", &["w-app -> socket: belongs to w-io"]);
}

#[test]
fn crate_without_a_row_is_reported() {
    let crates = [WORLD_CRATES, &["w-new"]].concat();
    check_among(&crates, "", &["w-new: not in the table of xtask/src/layers.rs"]);
}

#[test]
fn row_without_a_crate_is_reported() {
    let crates: Vec<&str> = WORLD_CRATES.iter().copied().filter(|it| *it != "w-twin").collect();
    check_among(&crates, "", &["w-twin: in the table, but not in the workspace"]);
}
