//! No error of the command line repeats a secret.

use clap::Parser as _;

use super::refusal;
use crate::args::Args;

#[track_caller]
fn refused(args: &[&str]) -> String {
    let refused = Args::try_parse_from([&["eyot"], args].concat()).unwrap_err();
    refusal(refused)
}

#[test]
fn no_error_repeats_a_secret() {
    for args in [
        &["list", "--token", "S3CRET", "http://a/"][..],
        &["list", "--token=S3CRET", "http://a/"],
        &["list", "--header", "S3CRET", "http://a/"],
        &["list", "--env", "=S3CRET", "--", "a"],
        &["call", "--answer", "S3CRET", "http://a/", "t"],
        &["call", "--answer", "{\"a\":S3CRET}", "http://a/", "t"],
        &["call", "--answer", "\"S3CRET\"", "http://a/", "t"],
        &["list", "--timeout", "S3CRET", "http://a/"],
        &["serve", "--api-key", "S3CRET", "--", "a"],
        &["serve", "--api-key", "=S3CRET", "--", "a"],
        &["serve", "--upstream-token", "S3CRET", "--upstream", "http://a/"],
        &["serve", "--upstream-header", "S3CRET", "--upstream", "http://a/"],
        &["serve", "--listen", "S3CRET", "--", "a"],
        &["serve", "--store", "S3CRET", "--", "a"],
        &["serve", "--apikey=alice=S3CRET", "--", "a"],
        &["serve", "http://u:S3CRET@a/mcp"],
        &["http://u:S3CRET@a/mcp"],
        &["http://a/mcp?token=S3CRET"],
        &["list", "--json=S3CRET"],
    ] {
        let text = refused(args);
        assert!(!text.contains("S3CRET"), "{args:?}: {text}");
        assert!(text.starts_with("error: "), "{text}");
    }
}

#[test]
fn an_error_says_what_is_wrong() {
    let text = refused(&["list", "--token", "S3CRET", "http://a/"]);
    let first = "error: invalid value '…' for '--token <SOURCE>': expected @FILE or env:VAR";
    assert_eq!(text.lines().next(), Some(first));
    let text = refused(&["list", "--era", "modren", "http://a/"]);
    assert!(text.contains("modren") && text.contains("a similar value exists: 'modern'"), "{text}");
    assert!(refused(&["lst", "http://a/"]).contains("'lst'"));
}
