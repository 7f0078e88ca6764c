//! What is wrong with a file is said with its place and with what to do.

use crate::Config;
use crate::tests::{World, read};

#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    let config = read(path, text);
    let problems: Vec<_> = config.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        let (place, part) = expected.split_once(' ').unwrap();
        let start = format!("{path}{place}: ");
        assert!(problem.starts_with(&start) && problem.contains(part), "{problem}");
    }
}

#[test]
fn unset_variable_is_an_error_of_its_server_alone() {
    let text = "{\n\"mcpServers\": {\n  \"a\": { \"command\": \"x\",\n    \"env\": { \"K\": \"${NO}\" } },\n\
                \"b\": { \"command\": \"y\" } } }";
    check(".mcp.json", text, &[":4:19 `env.K`: ${NO} has no value: set the variable NO"]);
    let config = read(".mcp.json", text);
    assert!(config.server("a").is_err() && config.server("b").unwrap().is_some());
    assert!(config.server("c").unwrap().is_none() && config.servers().is_err());
}

#[test]
fn unset_input_names_its_variable() {
    let text = r#"{"inputs":[{"id":"gh-token"}],"servers":{"a":{"command":"x","args":["${input:gh-token}"]}}}"#;
    check(".vscode/mcp.json", text, &[":1:69 set the variable EYOT_INPUT_GH_TOKEN"]);
}

#[test]
fn server_that_is_given_twice_is_an_error() {
    let text = "{\"mcpServers\":{\n\"a\":{\"command\":\"x\"},\n\"a\":{\"command\":\"y\"}}}";
    check(".mcp.json", text, &[":3:1 `a` is given twice, first at 2:1"]);
    check("eyot.yaml", "servers:\n  a: {command: x}\n  a: {command: y}\n", &[":3:3 given twice"]);
}

#[test]
fn values_of_the_wrong_kind_are_named() {
    check(".mcp.json", r#"{"mcpServers":[]}"#, &[":1:15 a list: it must be a map"]);
    check(".mcp.json", r#"{"mcpServers":{"a":[]}}"#, &[":1:20 a list: it must be a map"]);
    check(".mcp.json", r#"{"mcpServers":{"a":{"command":["x"]}}}"#, &[":1:31 `command` is a list"]);
    check(".mcp.json", r#"{"mcpServers":{"a":{"command":"x","args":"y"}}}"#, &[":1:42 `args`"]);
    check(".mcp.json", r#"{"mcpServers":{"a":{"type":"tcp"}}}"#, &[":1:28 none of stdio"]);
    check("eyot.yaml", "servers: {a: {command: x, era: new}}", &[":1:32 none of auto, legacy"]);
    let text = "servers: {a: {command: x, timeouts: {call: 5}}}";
    check("eyot.yaml", text, &[":1:44 such as `30s`"]);
}

#[test]
fn server_has_a_command_or_a_url() {
    check(".mcp.json", r#"{"mcpServers":{"a":{}}}"#, &[":1:20 needs a `command` or a `url`"]);
    let both = r#"{"mcpServers":{"a":{"command":"x","url":"https://h"}}}"#;
    check(".mcp.json", both, &[":1:35 not both"]);
    let text = r#"{"mcpServers":{"a":{"url":"mcp.example.com"}}}"#;
    check(".mcp.json", text, &[":1:27 no URL of a server"]);
    let text = r#"{"mcpServers":{"a":{"command":"x","headers":{"a":"b"}}}}"#;
    check(".mcp.json", text, &[":1:35 is for a server at a URL"]);
    let text = r#"{"mcpServers":{"a":{"command":"npx -y thing"}}}"#;
    check(".mcp.json", text, &[":1:31 has spaces in it"]);
}

#[test]
fn headers_are_checked() {
    let text = "servers: {a: {url: 'https://h', headers: {A: b, a: c, 'x y': d, e: \"f\\ng\"}}}";
    let problems = [":1:49 given twice", ":1:55 name of a header", ":1:65 line end"];
    check("eyot.yaml", text, &problems);
    let text = "servers: {a: {url: 'http://h', token: t, headers: {authorization: c}}}";
    check("eyot.yaml", text, &[":1:20 use `https`", ":1:52 say the same thing"]);
}

#[test]
fn files_that_are_nothing_of_the_kind_are_named_for_what_they_are() {
    check(".mcp.json", "", &[" the file is empty"]);
    check("x.json", "{}", &[":1:1 no `mcpServers`"]);
    check(".mcp.json", "{}", &[":1:1 no `mcpServers` in this claude-code file"]);
    check("x.json", "[]", &[":1:1 no `mcpServers`"]);
    check("eyot.yaml", "servers:\n", &[":1:8 nothing: it must be a map"]);
    check(".codex/config.toml", "model = 1\n", &[":1:1 no `mcp_servers`"]);
    let bytes = |bytes: &[u8]| {
        let config = Config::read("a.mcpb", bytes, None, &World::new());
        config.problems[0].to_string()
    };
    assert!(bytes(b"PK\x03\x04...").contains("unpack it"));
    assert!(bytes(b"{\n\"a\": \xff").starts_with("a.mcpb:2:6: error: the file is not in UTF-8"));
    assert!(bytes(&vec![b' '; 17 << 20]).contains("16 MiB"));
}

#[test]
fn tokens_of_codex_are_named_and_not_given() {
    let text = "[mcp_servers.a]\nurl = \"https://h\"\nbearer_token = \"x\"\n";
    check(".codex/config.toml", text, &[":3:1 bearer_token_env_var"]);
    let text = "[mcp_servers.a]\nurl = \"https://h\"\nbearer_token_env_var = \"NO\"\n";
    check(".codex/config.toml", text, &[":3:24 set the variable NO"]);
}

#[test]
fn bundle_and_registry_say_what_is_missing() {
    let text = r#"{"manifest_version":"0.3","name":"a","server":{"type":"uv"}}"#;
    check("manifest.json", text, &[":1:47 no `mcp_config`"]);
    check("server.json", r#"{"name":"a","packages":[]}"#, &[":1:1 needs `packages` or `remotes`"]);
    let text = r#"{"name":"a","packages":[{"registryType":"cargo","identifier":"a"}]}"#;
    check("server.json", text, &[":1:25 `cargo` cannot be started"]);
}

#[test]
fn large_file_is_read_soon() {
    let server = r#""command":"npx","args":["-y","x"],"env":{"A":"b"}"#;
    let servers: Vec<_> = (0..60_000).map(|it| format!("\"s{it}\":{{{server}}}")).collect();
    // One line: the worst for whoever counts columns from its start.
    let text = format!("{{\"mcpServers\":{{{}}}}}", servers.join(","));
    assert!(text.len() > 3 << 20);
    let started = std::time::Instant::now();
    let config = read(".mcp.json", &text);
    assert_eq!((config.names().len(), config.problems.len()), (60_000, 0));
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}
