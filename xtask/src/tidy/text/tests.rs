//! An untidy line is noticed, a tidy one is not.

use super::*;

#[track_caller]
fn check_text(name: &str, text: &str, want: &[&str]) {
    let file = File { name: name.to_owned(), text: text.to_owned() };
    assert_eq!(check(&file), want);
}

/// Checks a line in the middle of an otherwise tidy product file.
#[track_caller]
fn check_product_line(line: &str, want: &[&str]) {
    check_text("crates/a/src/b.rs", &format!("//! B.\n{line}\n"), want);
}

#[test]
fn file_without_a_header_is_reported() {
    let want = ["a.rs:1: the first line says what the file is for (`//! ...`)"];
    check_text("a.rs", "fn a() {}\n", &want);
    check_text("a.toml", "a = 1\n", &[]);
}

#[test]
fn file_ends_with_one_line_break() {
    check_text("a.md", "a\n", &[]);
    check_text("a.md", "a", &["a.md:1: ends with one line break"]);
    check_text("a.md", "a\n\n", &["a.md:2: ends with one line break"]);
}

#[test]
fn white_space_at_the_end_is_reported() {
    check_text(
        "a.md",
        "a \nb\t\nc\n",
        &[
            "a.md:1: white space at the end of the line",
            "a.md:2: white space at the end of the line",
        ],
    );
}

#[test]
fn long_product_file_is_reported_and_a_long_test_is_not() {
    let text = format!("//! A.\n{}", "// a\n".repeat(500));
    check_text("xtask/src/a.rs", &text, &["xtask/src/a.rs:500: 501 lines; split the file"]);
    check_text("xtask/src/a/tests.rs", &text, &[]);
}

#[test]
fn table_of_contents_stays_short() {
    let text = format!("//! A.\n{}", "// a\n".repeat(60));
    let want = "crates/a/src/lib.rs:60: 61 lines; a table of contents has at most 60";
    check_text("crates/a/src/lib.rs", &text, &[want]);
}

#[test]
fn file_name_that_says_nothing_is_reported() {
    let want = ["a/mod.rs: name the file after the one thing that it holds"];
    check_text("a/mod.rs", "//! A.\n", &want);
}

#[test]
fn banned_text_comes_with_its_replacement() {
    let want = concat!("crates/a/src/b.rs:2: `mod ", "utils`: name the module after what it holds");
    check_product_line(concat!("mod ", "utils;"), &[want]);
    check_text("a.md", concat!("mod ", "utils;\n"), &[]);
}

#[test]
fn path_of_one_machine_is_reported() {
    let want = concat!("a.md:1: `/ho", "me/` is a folder of one machine; write a relative path");
    check_text("a.md", concat!("see `/ho", "me/me/a`\n"), &[want]);
    check_text("a.md", concat!("`file:///ho", "me/user` and `./ho", "me/a` are examples\n"), &[]);
}

#[test]
fn tasks_start_in_few_files_only() {
    let spawn = concat!("tokio::", "spawn(a);");
    let text = format!("//! A.\n{spawn}\n");
    let rule = "one task for each connection; they start in crates/eyot-upstream/src/driver.rs, \
                crates/eyot-bridge/src/modern_to_legacy/driver.rs, crates/eyot-endpoint/src/accept.rs, \
                crates/eyot-endpoint/src/http_server.rs, crates/eyot-endpoint/src/detached_calls.rs, \
                crates/eyot-gateway/src/background.rs";
    check_product_line(spawn, &[&format!("crates/a/src/b.rs:2: {rule}")]);
    let tracked = concat!("runtime.tasks.", "spawn(a);");
    check_product_line(tracked, &[&format!("crates/a/src/b.rs:2: {rule}")]);
    check_product_line(&format!("// not: {spawn}"), &[]);
    check_text("crates/eyot-endpoint/src/accept.rs", &text, &[]);
    check_text("crates/a/src/b/tests.rs", &text, &[]);
}

#[test]
fn data_is_not_text() {
    for (name, want) in
        [("a/b.rs", true), (".ci/run", true), ("a.json", false), ("a.sse", false), ("run", false)]
    {
        assert_eq!(is_text(name), want, "{name}");
    }
}
