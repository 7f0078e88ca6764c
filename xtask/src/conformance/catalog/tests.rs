//! The list names every scenario once, with its side and its weight.

use super::*;

const LIST: &str = "Required for 2026-07-28 (3 scenarios, frozen; run at the 2026-07-28 wire):\n\n\
    Server scenarios (test against a server):\n  - ping\n  - tools-list\n\n\
    Client scenarios (test against a client):\n  - tools_call\n\n\
    Run and reported, but never scored:\n  \
      extension (2):\n    - auth/dpop [client]\n    - tasks-lifecycle [server]\n  \
      pending (1):\n    - json-schema [server]\n\n";

#[track_caller]
fn check(side: Side, want: &[(&str, Option<&str>)]) {
    let catalog = Catalog::parse(LIST).unwrap();
    let scenarios = catalog.of(side).map(|it| (it.name.as_str(), it.unscored.as_deref()));
    assert_eq!(scenarios.collect::<Vec<_>>(), want);
}

#[test]
fn unscored_scenarios_of_a_server_follow_the_required_ones() {
    check(
        Side::Server,
        &[
            ("ping", None),
            ("tools-list", None),
            ("tasks-lifecycle", Some("extension")),
            ("json-schema", Some("pending")),
        ],
    );
}

#[test]
fn scenarios_of_a_client_are_told_apart_from_those_of_a_server() {
    check(Side::Client, &[("tools_call", None), ("auth/dpop", Some("extension"))]);
}

#[test]
fn list_without_requirements_is_refused() {
    assert!(Catalog::parse("").is_err());
    assert!(Catalog::parse("Unknown requirements: 2030-01-01\n").is_err());
}

#[test]
fn scenario_without_a_side_is_refused() {
    let list = LIST.replace(" [client]", "");
    assert!(Catalog::parse(&list).unwrap_err().to_string().contains("auth/dpop"));
    assert!(Catalog::parse("  - ping\n").is_err());
}

fn catalogs() -> Catalogs {
    let legacy = LIST.replace("  - ping\n", "").replace("pending", "added-after-release");
    let list = |leg| match leg {
        Leg::Legacy => Ok(legacy.clone()),
        Leg::Modern => Ok(LIST.to_owned()),
    };
    Catalogs::load(list).unwrap()
}

#[track_caller]
fn check_pick(leg: Leg, name: &str, want: &[(&str, Option<&str>)]) {
    let picked = catalogs().pick(Side::Server, leg, Some(name));
    let picked = picked.iter().map(|it| (it.name.as_str(), it.unscored.as_deref()));
    assert_eq!(picked.collect::<Vec<_>>(), want);
}

#[test]
fn named_scenario_runs_in_the_legs_that_have_it() {
    check_pick(Leg::Modern, "ping", &[("ping", None)]);
    check_pick(Leg::Legacy, "ping", &[]);
    check_pick(Leg::Legacy, "json-schema", &[("json-schema", Some("added-after-release"))]);
}

#[test]
fn scenario_that_no_leg_has_is_run_without_a_score() {
    check_pick(Leg::Modern, "skills", &[("skills", Some("not required"))]);
}

#[test]
fn without_a_name_a_leg_is_run_as_a_whole() {
    assert_eq!(catalogs().pick(Side::Server, Leg::Modern, None).len(), 4);
    assert_eq!(catalogs().pick(Side::Client, Leg::Legacy, None).len(), 2);
}
