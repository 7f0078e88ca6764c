//! The tree is tidy.

use super::*;

#[test]
fn tree_is_tidy() {
    let problems = check(&program::project_root()).unwrap();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn product_is_what_users_run() {
    for (name, want) in [
        ("crates/eyot-frame/src/line.rs", true),
        ("crates/eyot-frame/src/line/tests.rs", false),
        ("crates/eyot-frame/src/line/tests/split.rs", false),
        ("crates/eyot-testkit/src/lib.rs", false),
        ("tests/it/main.rs", false),
        ("benches/src/main.rs", false),
        ("xtask/src/main.rs", false),
    ] {
        let file = File { name: name.to_owned(), text: String::new() };
        assert_eq!(file.is_product(), want, "{name}");
    }
}
