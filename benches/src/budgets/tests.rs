//! Every budget that the program asks for is in the file, and is judged the right way round.

use super::*;

#[test]
fn every_table_of_the_file_is_complete() {
    let file = include_str!("../../budgets.toml");
    let tables = file.lines().filter_map(|it| it.strip_prefix('[')?.strip_suffix(']'));
    let tables: Vec<&str> = tables.collect();
    assert!(!tables.is_empty());
    for table in tables {
        assert!(Budget::find(table).is_ok(), "{table}");
    }
}

#[test]
fn table_that_is_missing_or_incomplete_is_no_budget() {
    let text = "[a]\nlimit = 1\n[b]\ngoal = 1\nlimit = 2\n";
    assert_eq!(parse(text, "a"), None);
    assert_eq!(parse(text, "c"), None);
    assert_eq!(parse(text, "b"), Some(Budget { limit: 2.0, goal: 1.0 }));
}

#[test]
fn figure_is_judged_from_the_side_of_the_goal() {
    let cost = Budget { limit: 1.25, goal: 1.05 };
    let gain = Budget { limit: 0.80, goal: 0.95 };
    for (budget, figure, want) in [
        (cost, 1.0, Verdict::Goal),
        (cost, 1.25, Verdict::Within),
        (cost, 1.26, Verdict::Broken),
        (gain, 1.0, Verdict::Goal),
        (gain, 0.80, Verdict::Within),
        (gain, 0.79, Verdict::Broken),
    ] {
        assert_eq!(budget.judge(figure), want, "{figure}");
    }
}
