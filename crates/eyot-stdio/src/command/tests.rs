//! The variables that a child gets, and the text that a command shows of itself.

use std::ffi::OsString;

use super::{Command, SpawnError, environment};

#[track_caller]
fn check(own: &[(&str, &str)], named: &[(&str, Option<&str>)], expected: &[(&str, &str)]) {
    let os = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
    let named: Vec<(String, Option<String>)> =
        named.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect();
    let expected: Vec<_> = expected.iter().map(os).collect();
    assert_eq!(environment(own.iter().map(os), &named), expected);
}

#[test]
fn only_the_safe_base_is_inherited() {
    check(
        &[
            ("PATH", "/bin"),
            ("LC_ALL", "C"),
            ("AWS_SECRET", "hunter2"),
            ("PATHS", "x"),
            ("LC", "y"),
        ],
        &[],
        &[("PATH", "/bin"), ("LC_ALL", "C")],
    );
}

#[test]
fn exported_shell_functions_stay_behind() {
    check(&[("TERM", "() { :; }; id"), ("LC_X", "()"), ("USER", "u()")], &[], &[("USER", "u()")]);
}

#[test]
fn a_named_variable_is_inherited_as_it_is() {
    check(&[("TOKEN", "() t")], &[("TOKEN", None), ("MISSING", None)], &[("TOKEN", "() t")]);
}

#[test]
fn a_given_value_comes_after_the_inherited_one_and_so_wins() {
    check(
        &[("PATH", "/bin")],
        &[("PATH", Some("/opt")), ("EMPTY", Some(""))],
        &[("PATH", "/bin"), ("PATH", "/opt"), ("EMPTY", "")],
    );
}

#[test]
fn a_command_shows_no_argument_and_no_value() {
    let command = Command {
        program: "npx".into(),
        args: vec!["--key=hunter2".into()],
        env: vec![("TOKEN".into(), Some("hunter3".into()))],
        cwd: None,
    };
    let shown = r#"Command { program: "npx", args_count: 1, env_names: ["TOKEN"], cwd: None }"#;
    assert_eq!(format!("{command:?}"), shown);
}

#[test]
fn impossible_variable_names_are_refused() {
    for name in ["", "A=B", "A\0B"] {
        let env = vec![(name.to_owned(), Some("x".into()))];
        let command = Command { program: "true".into(), args: Vec::new(), env, cwd: None };
        assert!(matches!(command.start(None), Err(SpawnError::EnvironmentName { .. })));
    }
}
