//! The page and the tables of the code agree.

use std::fs;

use super::{FILE, parts, with_block};
use crate::matrix::cells::Table;
use crate::matrix::features::FEATURES;
use crate::matrix::outcome::{Column, Matrix};
use crate::program;

/// The rows of a table of the page, its heading first.
fn rows(table: Table) -> Vec<Vec<String>> {
    let page = fs::read_to_string(program::project_root().join(FILE)).unwrap();
    let (_, block, _) = parts(&page, table).unwrap();
    let rows: Vec<Vec<String>> = block
        .lines()
        .filter_map(|it| it.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|it| it.split(" | ").map(str::to_owned).collect())
        .collect();
    for row in &rows {
        assert_eq!(row.len(), rows[0].len(), "{row:?}");
        assert!(row.iter().all(|it| !it.contains("**")), "{row:?}");
    }
    rows
}

#[test]
fn the_page_shows_every_feature_in_every_cell() {
    let rows = rows(Table::Eras);
    let headings: Vec<_> = Table::Eras.cells().iter().map(|it| it.heading()).collect();
    assert_eq!(rows[0][2..], headings, "the cells");
    let shown: Vec<_> = rows[1..].iter().map(|it| (it[0].trim_matches('`'), &*it[1])).collect();
    let known: Vec<_> = FEATURES.iter().map(|it| (it.id, it.what)).collect();
    assert_eq!(shown, known, "`cargo xtask matrix --write` writes the page");
}

#[test]
fn the_page_shows_every_pair_of_transports() {
    let rows = rows(Table::Transports);
    let known: Vec<_> = Table::Transports
        .transports()
        .map(|(downstream, upstream)| [downstream.full_name(), upstream.full_name()])
        .collect();
    let shown: Vec<_> = rows[1..].iter().map(|it| [&*it[0], &*it[1]]).collect();
    assert_eq!(shown, known, "`cargo xtask matrix --write` writes the page");
    let states = rows[1..].iter().flat_map(|it| &it[2..]);
    let shown = states.filter(|it| !it.starts_with("not in era")).count();
    assert_eq!(shown, Table::Transports.cells().len());
}

#[test]
fn only_the_matrix_of_a_page_is_replaced() {
    for table in [Table::Eras, Table::Transports] {
        let (begin, end) = table.marks();
        let page = format!("before\n{begin}old{end}after\n");
        let replaced = with_block(&page, table, "new").unwrap();
        assert_eq!(replaced, format!("before\n{begin}new{end}after\n"));
        assert!(with_block("no place", table, "new").is_err());
    }
}

#[test]
fn reasons_stand_under_the_table_each_once() {
    let cells = Table::Eras.cells().into_iter().filter(|it| it.name().starts_with("modern-legacy"));
    let columns = cells.map(|it| Column::new(it, &["FAIL ping: why".to_owned()])).collect();
    let matrix = Matrix { table: Table::Eras, columns, only: Some("ping".to_owned()) }.to_string();
    let wanted = "| feature | what | modern → legacy, stdio | modern → legacy, http |\n\
        |---|---|---|---|\n\
        | `ping` | `ping` | **failed** (1) | **failed** (1) |\n\n1. why\n";
    assert_eq!(matrix, wanted);
}

#[test]
fn a_pair_of_transports_is_carried_when_every_feature_is() {
    let cells = Table::Transports.cells().into_iter();
    let columns = cells.map(|cell| {
        let mut said: Vec<_> =
            Table::Transports.features().map(|it| format!("ok {}", it.id)).collect();
        if cell.name() == "legacy-legacy-stdio-from-ws" {
            said.push("FAIL progress: why".to_owned());
        }
        Column::new(cell, &said)
    });
    let columns = columns.collect();
    let table = Matrix { table: Table::Transports, columns, only: None }.to_string();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines[2], "| stdio | stdio | carried | carried | carried | carried |");
    let wanted = "| WebSocket | stdio | `progress`: **failed** (2) | carried | carried | carried |";
    assert!(lines.contains(&wanted), "{table}");
    assert!(lines.contains(&"2. why"), "{table}");
}
