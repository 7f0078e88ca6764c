//! Paths lead to the file that defines their target, through facades and out of macros.

use super::*;

/// Checks the edges of a crate given by `== file` lines, each with its text below.
#[track_caller]
fn check(files: &str, want: &[&str]) {
    let files: BTreeMap<&str, &str> =
        files.split("== ").filter_map(|it| it.trim_start().split_once('\n')).collect();
    let read = |name: &str| {
        let text = name.strip_prefix("src/").and_then(|it| files.get(it));
        text.map(|it| (*it).to_owned()).with_context(|| format!("no file {name}"))
    };
    let graph = Modules::load("src/lib.rs", &read).unwrap().file_graph();
    let edges: Vec<String> = graph.edges().map(|it| it.replace("src/", "")).collect();
    assert_eq!(edges, want);
}

#[test]
fn declaration_of_a_module_needs_nothing() {
    check("== lib.rs\nmod a;\nmod b;\n== a.rs\nstruct A;\n== b.rs\n", &[]);
}

#[test]
fn import_needs_the_file_that_defines_the_name() {
    check(
        "== lib.rs\nmod a;\nmod b;\nmod c;\n== a.rs\npub struct A;\n\
         == b.rs\nuse crate::a::A;\n== c.rs\nuse super::{a::A as Other, b};\nstruct C(Other);\n",
        &["b.rs -> a.rs: crate::a::A", "c.rs -> a.rs: super::a::A"],
    );
}

#[test]
fn path_in_the_code_counts_like_an_import() {
    check(
        "== lib.rs\nmod a;\nmod b;\nfn f() -> a::A { a::A::new(1) }\n== a.rs\npub struct A;\n\
         == b.rs\nfn g(it: crate::a::A) { match it { super::a::A => {} } }\n",
        &["lib.rs -> a.rs: a::A", "b.rs -> a.rs: crate::a::A"],
    );
}

#[test]
fn path_in_a_macro_counts() {
    check(
        "== lib.rs\nmod a;\nmod b;\nmod c;\n== a.rs\npub const ONE: u8 = 1;\n\
         == b.rs\nfn f() -> bool { matches!(1, crate::a::ONE) }\n\
         == c.rs\nmacro_rules! one { () => { $crate::a::ONE } }\n",
        &["b.rs -> a.rs: crate::a::ONE", "c.rs -> a.rs: crate::a::ONE"],
    );
}

#[test]
fn import_through_a_facade_needs_what_is_behind_it() {
    check(
        "== lib.rs\nmod face;\nmod user;\npub use crate::face::Deep;\n\
         == face.rs\nmod deep;\npub(crate) use self::deep::Deep;\n\
         == face/deep.rs\npub struct Deep;\n\
         == user.rs\nuse crate::face::Deep;\nuse crate::Deep as Again;\n",
        &["user.rs -> face/deep.rs: crate::face::Deep"],
    );
}

#[test]
fn facade_that_uses_what_it_re_exports_needs_it() {
    check(
        "== lib.rs\nmod deep;\npub use self::deep::Deep;\nfn f(_: Deep) {}\n\
         == deep.rs\npub struct Deep;\n",
        &["lib.rs -> deep.rs: Deep"],
    );
}

#[test]
fn glob_of_a_facade_leads_on() {
    check(
        "== lib.rs\nmod exports;\nmod deep;\nmod user;\npub use crate::exports::*;\n\
         == exports.rs\npub use crate::deep::Deep;\n== deep.rs\npub struct Deep;\n\
         == user.rs\nuse crate::Deep;\n",
        &["user.rs -> deep.rs: crate::Deep"],
    );
}

#[test]
fn child_and_parent_may_need_each_other() {
    check(
        "== lib.rs\nmod a;\n== a.rs\nmod b;\nstruct A(b::B);\n== a/b.rs\nuse super::A;\npub struct B;\n",
        &["a.rs -> a/b.rs: b::B", "a/b.rs -> a.rs: super::A"],
    );
}

#[test]
fn name_that_the_parent_imported_leads_to_its_own_file() {
    check(
        "== lib.rs\nmod a;\nmod b;\n== a.rs\npub struct A;\n\
         == b.rs\nmod c;\nuse crate::a::A;\nstruct B(A);\n== b/c.rs\nuse super::A;\n",
        &["b.rs -> a.rs: crate::a::A", "b/c.rs -> a.rs: super::A"],
    );
}

#[test]
fn code_for_tests_does_not_count() {
    check(
        "== lib.rs\nmod a;\nmod b;\n#[cfg(test)]\nmod tests;\n#[cfg(test)]\nmod fixture;\n\
         == a.rs\npub struct A;\n#[cfg(test)]\nuse crate::b::B;\n\
         impl A {\n    #[cfg(test)]\n    fn f(_: crate::b::B) {}\n}\n\
         == b.rs\npub struct B;\n#[cfg(all(test, unix))]\nfn g(_: crate::a::A) {}\n",
        &[],
    );
}

#[test]
fn code_that_tests_do_without_counts() {
    check(
        "== lib.rs\nmod a;\n#[cfg(not(test))]\nfn f(_: a::A) {}\n== a.rs\npub struct A;\n",
        &["lib.rs -> a.rs: a::A"],
    );
}

#[test]
fn text_in_comments_and_restricted_visibility_do_not_count() {
    check(
        "== lib.rs\nmod a;\npub struct L;\n\
         == a.rs\n//! [`crate::L`]\n/// Like [`super::L`].\npub(super) struct A;\n\
         pub(in crate::a) struct B;\nconst TEXT: &str = \"crate::L\";\n",
        &[],
    );
}

#[test]
fn variable_with_the_name_of_a_function_is_no_use_of_it() {
    check(
        "== lib.rs\nmod tool;\npub use self::tool::tool;\nfn f(tool: u8) -> u8 { tool + 1 }\n\
         fn g(it: G) { it.tool(); println!(\"{}\", it.tool(1)) }\n== tool.rs\npub fn tool() {}\n",
        &[],
    );
    check(
        "== lib.rs\nmod tool;\npub use self::tool::tool;\nfn f() { tool() }\n\
         == tool.rs\npub fn tool() {}\n",
        &["lib.rs -> tool.rs: tool"],
    );
}

#[test]
fn module_and_function_of_one_name_are_told_apart() {
    check(
        "== lib.rs\nmod face;\nmod user;\n\
         == face.rs\nmod tool;\npub use self::tool::tool;\npub struct Face;\n\
         == face/tool.rs\npub fn tool() {}\npub struct Tool;\n\
         == user.rs\nuse crate::face::tool;\nfn f() { tool(); }\n",
        &["user.rs -> face/tool.rs: crate::face::tool"],
    );
}

#[test]
fn imported_module_is_a_way_and_no_end() {
    check(
        "== lib.rs\nmod face;\nmod user;\n== face.rs\nmod deep;\npub use self::deep::Deep;\n\
         == face/deep.rs\npub struct Deep;\n\
         == user.rs\nuse crate::face;\nfn f(_: face::Deep) {}\n",
        &["user.rs -> face/deep.rs: face::Deep"],
    );
}

#[test]
fn inline_module_belongs_to_its_file() {
    check(
        "== lib.rs\nmod a;\nmod b;\n== a.rs\npub mod inner { pub struct A; use super::Own; }\nstruct Own;\n\
         == b.rs\nmod within { use crate::a::inner::A; }\n",
        &["b.rs -> a.rs: crate::a::inner::A"],
    );
}

#[test]
fn what_a_macro_defines_is_in_the_module_that_expands_it() {
    check(
        "== lib.rs\nmod made;\nmod user;\npub use crate::made::Kind;\n\
         == made.rs\nmake! { Kind }\n== user.rs\nuse crate::Kind;\n",
        &["user.rs -> made.rs: crate::Kind"],
    );
}

#[test]
fn paths_out_of_the_crate_need_no_file() {
    check(
        "== lib.rs\nmod user;\n\
         == user.rs\nuse std::fmt;\nuse serde::serde;\nfn f(_: fmt::Error, _: serde::Value) {}\n",
        &[],
    );
}

#[test]
fn imports_that_lead_in_a_circle_lead_nowhere() {
    check(
        "== lib.rs\nmod a;\nmod b;\n== a.rs\npub use crate::b::*;\n\
         == b.rs\npub use crate::a::*;\nfn f(_: Nothing) {}\n",
        &[],
    );
}

#[test]
fn forgotten_types_and_lines_are_counted() {
    let text = "use std::any::Any;\nstruct A(Box<dyn Any + Send>);\n\
                fn f(it: A) { it.0.downcast::<u8>(); assert!(g.downcast_ref::<u8>()); }\n\
                #[cfg(test)]\nfn g(_: &dyn Any) {}\n";
    let read = |_: &str| Ok(text.to_owned());
    let tree = Modules::load("src/lib.rs", &read).unwrap();
    assert_eq!((tree.erasures_count(), tree.lines_count()), (3, 5));
}

#[test]
fn file_that_is_missing_or_no_rust_is_an_error_with_its_name() {
    let missing = |name: &str| match name {
        "src/lib.rs" => Ok("mod a;".to_owned()),
        _ => anyhow::bail!("no {name}"),
    };
    let error = Modules::load("src/lib.rs", &missing).unwrap_err();
    assert_eq!(error.to_string(), "no src/a.rs");
    let error = Modules::load("src/lib.rs", &|_| Ok("fn".to_owned())).unwrap_err();
    assert_eq!(error.to_string(), "parse src/lib.rs");
}
