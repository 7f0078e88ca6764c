//! The page and the tables of the code agree.

use std::fs;

use super::{BEGIN, END, FILE, parts, with_block};
use crate::matrix::cells;
use crate::matrix::features::FEATURES;
use crate::matrix::outcome::{Column, Matrix};
use crate::program;

#[test]
fn the_page_shows_every_feature_in_every_cell() {
    let page = fs::read_to_string(program::project_root().join(FILE)).unwrap();
    let (_, block, _) = parts(&page).unwrap();
    let rows: Vec<Vec<&str>> = block
        .lines()
        .filter_map(|it| it.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|it| it.split(" | ").collect())
        .collect();
    let headings: Vec<_> = cells::all().iter().map(|it| it.heading()).collect();
    assert_eq!(rows[0][2..], headings, "the cells");
    let shown: Vec<_> = rows[1..].iter().map(|it| (it[0].trim_matches('`'), it[1])).collect();
    let known: Vec<_> = FEATURES.iter().map(|it| (it.id, it.what)).collect();
    assert_eq!(shown, known, "`cargo xtask matrix --write` writes the page");
    for row in &rows[1..] {
        assert_eq!(row.len(), headings.len() + 2, "{row:?}");
        assert!(row.iter().all(|it| !it.contains("**")), "{row:?}");
    }
}

#[test]
fn only_the_matrix_of_a_page_is_replaced() {
    let page = format!("before\n{BEGIN}old{END}after\n");
    let replaced = with_block(&page, "new").unwrap();
    assert_eq!(replaced, format!("before\n{BEGIN}new{END}after\n"));
    assert!(with_block("no place", "new").is_err());
}

#[test]
fn reasons_stand_under_the_table_each_once() {
    let cells = cells::all().into_iter().filter(|it| it.name().starts_with("modern-legacy"));
    let columns = cells.map(|it| Column::new(it, &["FAIL ping: why".to_owned()])).collect();
    let matrix = Matrix { columns, only: Some("ping".to_owned()) }.to_string();
    let wanted = "| feature | what | modern → legacy, stdio | modern → legacy, http |\n\
        |---|---|---|---|\n\
        | `ping` | `ping` | **failed** (1) | **failed** (1) |\n\n1. why\n";
    assert_eq!(matrix, wanted);
}
