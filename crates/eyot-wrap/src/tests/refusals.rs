//! What is not changed, and what is said of it.

use crate::tests::{document, wrapper};
use crate::{Document, Outcome};

#[track_caller]
fn check(path: &str, text: &str, names: &[&str], expected: &str) {
    let names: Vec<_> = names.iter().map(|it| (*it).to_owned()).collect();
    let refused = Document::read(path, text.as_bytes(), None);
    let refused = refused.and_then(|it| it.wrap(&names, &wrapper()).map(|_| ()));
    let refused = refused.expect_err("it is refused").to_string();
    assert!(refused.contains(expected), "{refused}");
}

#[test]
fn text_that_is_no_json_is_refused_with_its_place() {
    check(
        ".mcp.json",
        "{\n  \"mcpServers\": {,}\n}",
        &[],
        ".mcp.json:2:18: error: this is no JSON",
    );
    check(".codex/config.toml", "a = \n", &[], ".codex/config.toml:1:5: error: this is no TOML");
    let twice = r#"{"mcpServers":{"a":{"command":"x"},"a":{"command":"y"}}}"#;
    check(".mcp.json", twice, &[], "given twice");
}

#[test]
fn our_own_form_needs_no_wrapping() {
    check("eyot.yaml", "servers: {a: {command: x}}", &[], "eyot run --config FILE");
    check(
        "server.json",
        r#"{"name":"a","remotes":[{"type":"sse","url":"https://h"}]}"#,
        &[],
        "eyot import",
    );
}

#[test]
fn unknown_name_is_refused_with_those_that_exist() {
    let text = r#"{"mcpServers":{"a":{"command":"x"},"b":{"command":"x"}}}"#;
    check(".mcp.json", text, &["c"], "there is no server `c` in .mcp.json, but `a`, `b`");
}

#[test]
fn entry_that_cannot_be_changed_is_refused_if_it_is_named() {
    let text =
        r#"{"mcpServers":{"a":{"url":"https://h","env":{"A":"b"}},"b":{"command":"x"},"c":{}}}"#;
    check(".mcp.json", text, &["a"], ".mcp.json:1:16: `a` has `env` beside its URL: remove it");
    let signs_in = r#"{"mcpServers":{"a":{"url":"https://h","oauth":{"clientId":"b"}}}}"#;
    check(".mcp.json", signs_in, &["a"], "`a` has `oauth`, and `eyot connect` does not sign in");
    check(".mcp.json", text, &["c"], "`c` cannot be read: a server needs a `command` or a `url`");
    let document = document(".mcp.json", text.as_bytes());
    let change = document.wrap(&[], &wrapper()).unwrap();
    let is_refused = |at: usize| matches!(change.outcomes[at].1, Outcome::Refused(_));
    assert!(is_refused(0) && is_refused(2));
    assert_eq!(change.outcomes[1].1, Outcome::Wrapped);
}

#[test]
fn tables_that_stand_in_the_way_are_refused() {
    let text =
        "[mcp_servers.a]\nurl = \"https://h\"\n[mcp_servers.a.env_http_headers]\nA = \"B\"\n";
    check(".codex/config.toml", text, &["a"], "is written in a way that eyot cannot change");
    let text = "mcp_servers.a.url = \"https://h\"\nmcp_servers.a.http_headers.A = \"b\"\n\
                mcp_servers.a.http_headers.C = \"d\"\n";
    check(".codex/config.toml", text, &["a"], "is written in a way that eyot cannot change");
}

#[test]
fn nothing_is_wrapped_twice_and_nothing_else_is_unwrapped() {
    let text = r#"{"mcpServers":{"a":{"command":"/opt/eyot","args":["run","--","x"]},
        "b":{"command":"eyot.exe","args":["connect","https://h"]},"c":{"command":"x","disabled":true}}}"#;
    let document = document(".mcp.json", text.as_bytes());
    let change = document.wrap(&[], &wrapper()).unwrap();
    let outcomes: Vec<_> = change.outcomes.iter().map(|it| &it.1).collect();
    assert_eq!(outcomes, [&Outcome::AlreadyWrapped, &Outcome::AlreadyWrapped, &Outcome::Disabled]);
    assert!(change.bytes().is_none() && change.diff().is_empty());
    let change = document.wrap(&["c".to_owned()], &wrapper()).unwrap();
    assert_eq!(change.outcomes, [("c".to_owned(), Outcome::Wrapped)]);
    let change = document.unwrap(&["c".to_owned()], &[], "eyot").unwrap();
    assert_eq!(change.outcomes, [("c".to_owned(), Outcome::NotWrapped)]);
}

#[test]
fn entries_of_people_who_wrote_more_are_left_to_them() {
    for args in [
        r#"["run","--config","f"]"#,
        r#"["run","--inherit-env","--cwd","/x","--","a"]"#,
        r#"["run","--","a"]"#,
        r#"["connect","https://h"]"#,
    ] {
        let text = format!(r#"{{"mcpServers":{{"a":{{"command":"eyot","args":{args}}}}}}}"#);
        let document = document(".mcp.json", text.as_bytes());
        let change = document.unwrap(&[], &[], "eyot").unwrap();
        assert!(matches!(change.outcomes[0].1, Outcome::Refused(_)), "{:?}", change.outcomes);
    }
    let text = r#"{"mcpServers":{"a":{"command":"eyot","args":["connect","https://h"]}}}"#;
    let document = document(".mcp.json", text.as_bytes());
    let change = document.unwrap(&["a".to_owned()], &[], "eyot").unwrap();
    assert_eq!(change.bytes().unwrap(), br#"{"mcpServers":{"a":{"url": "https://h"}}}"#);
}
