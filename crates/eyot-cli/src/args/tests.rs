//! Flags as people write them.

use std::time::Duration;

use clap::{CommandFactory as _, Parser as _};

use super::{Args, Command, EnvVar, KeySource, StoreUrl, parse_duration};

#[test]
fn flags_are_consistent() {
    Args::command().debug_assert();
}

#[test]
fn everything_behind_the_two_dashes_is_the_child() {
    let args = ["eyot", "serve", "--listen", "127.0.0.1:0", "--", "node", "a.js", "--json"];
    let Command::Serve(serve) = Args::try_parse_from(args).unwrap().command else {
        panic!("not serve")
    };
    assert_eq!(serve.command, ["node", "a.js", "--json"]);
}

#[test]
fn an_upstream_is_a_url_or_a_command_and_not_both() {
    assert!(Args::try_parse_from(["eyot", "serve"]).is_err());
    let both = ["eyot", "serve", "--upstream", "http://a/mcp", "--", "node"];
    assert!(Args::try_parse_from(both).is_err());
}

#[test]
fn times_have_a_unit() {
    assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
    assert_eq!(parse_duration("2h"), Ok(Duration::from_secs(7200)));
    for text in ["", "5", "s", "-1s", "1y", "0s", "99999999999999999999d", "1.5s"] {
        assert!(parse_duration(text).is_err(), "{text}");
    }
}

#[test]
fn stores_are_named_by_scheme() {
    assert_eq!("memory:".parse(), Ok(StoreUrl::Memory));
    assert_eq!("sqlite:/a/b".parse(), Ok(StoreUrl::Sqlite("/a/b".into())));
    for text in ["", "sqlite", "sqlite:", "memory:x", "/a/b", "redis://x"] {
        assert!(text.parse::<StoreUrl>().is_err(), "{text}");
    }
}

#[test]
fn keys_and_variables_do_not_show_their_values() {
    let key: KeySource = "alice=top-secret".parse().unwrap();
    let variable: EnvVar = "TOKEN=top-secret".parse().unwrap();
    assert!(!format!("{key:?}{variable:?}").contains("top-secret"));
}
