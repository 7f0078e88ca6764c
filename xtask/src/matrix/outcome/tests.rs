//! The columns that the lines of clients make.

use super::{Column, Matrix, Said, State, read};
use crate::matrix::cells::{Cell, Table};
use crate::matrix::features::{FEATURES, Reason};

fn cell(name: &str) -> Cell {
    Table::Eras.cells().into_iter().find(|it| it.name() == name).unwrap()
}

fn column(name: &str, lines: &[&str]) -> Column {
    Column::new(cell(name), &lines.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
}

#[track_caller]
fn check_problems(column: Column, only: Option<&str>, problems: &[&str]) {
    let matrix =
        Matrix { table: Table::Eras, columns: vec![column], only: only.map(str::to_owned) };
    assert_eq!(matrix.problems(), problems);
}

#[test]
fn a_line_says_what_became_of_a_feature() {
    assert_eq!(read("ok roots"), Some(("roots", Said::Carried)));
    assert_eq!(read("lost a: b c"), Some(("a", Said::Lost("b c".to_owned()))));
    assert_eq!(read("FAIL a: why: so"), Some(("a", Said::Failed("why: so".to_owned()))));
    assert_eq!(read("Traceback"), None);
}

#[test]
fn the_worst_of_several_servers_counts() {
    let column = column("legacy-legacy-stdio", &["FAIL roots: none", "ok roots"]);
    assert_eq!(column.state("roots"), State::Seen(&Said::Failed("none".to_owned())));
    check_problems(column, Some("roots"), &["legacy-legacy-stdio: roots: none"]);
}

#[test]
fn a_feature_that_no_client_tries_needs_a_reason() {
    let untried = column("modern-modern-http", &[]);
    let reason = Reason::of("ping", &cell("modern-modern-http")).unwrap();
    assert_eq!(untried.state("ping"), State::Explained(reason));
    check_problems(untried, Some("ping"), &[]);
    let problem = "modern-modern-http: roots: no client has tried it";
    check_problems(column("modern-modern-http", &[]), Some("roots"), &[problem]);
}

#[test]
fn what_is_tried_needs_no_reason() {
    let column = column("legacy-modern-http", &["ok tasks"]);
    assert_eq!(column.state("tasks"), State::Seen(&Said::Carried));
}

#[test]
fn a_client_that_cannot_open_a_session_is_a_problem() {
    let column = column("legacy-modern-http", &["FAIL initialize: no answer", "ok roots"]);
    let problem = "legacy-modern-http: FAIL initialize: no answer";
    check_problems(column, Some("roots"), &[problem]);
}

#[test]
fn a_feature_that_is_not_in_the_table_is_a_problem() {
    let column = column("legacy-modern-http", &["ok juggling", "ok initialize", "ok roots"]);
    check_problems(column, Some("roots"), &["legacy-modern-http: ok juggling"]);
}

#[test]
fn a_cell_has_numbers() {
    let said = column("modern-legacy-http", &["ok roots", "lost tool_execution: a"]).to_string();
    let all = FEATURES.len();
    assert_eq!(said, format!("modern-legacy-http: 1 of {all} carried, 2 lost"));
}
