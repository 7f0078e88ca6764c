//! What an entry becomes.

use crate::tests::{FILES, after, bytes, document, reached, servers, started, wrapped, wrapper};
use eyot_config::Transport;

#[track_caller]
fn check(path: &str, before: &str, expected: &str) {
    assert_eq!(wrapped(path, before, &["a"]), expected);
}

#[test]
fn command_stands_behind_ours() {
    check(
        ".mcp.json",
        r#"{"mcpServers":{"a":{"command":"x","args":["1",2]}}}"#,
        r#"{"mcpServers":{"a":{"command":"/opt/eyot","args":["run", "--inherit-env", "--", "x", "1",2]}}}"#,
    );
    check(
        ".mcp.json",
        "{\"mcpServers\":{\"a\":{\r\n  \"command\":\"x\", // why\r\n  \"env\": {}}}}",
        "{\"mcpServers\":{\"a\":{\r\n  \"command\":\"/opt/eyot\",\r\n  \"args\": [\"run\", \"--inherit-env\", \
         \"--\", \"x\"], // why\r\n  \"env\": {}}}}",
    );
    check(
        ".codex/config.toml",
        "[mcp_servers.a]\n  command = 'x' # why\n",
        "[mcp_servers.a]\n  command = \"/opt/eyot\" # why\n  args = [\"run\", \"--inherit-env\", \"--\", 'x']\n",
    );
}

#[test]
fn values_of_headers_go_to_variables_and_keep_their_references() {
    check(
        ".mcp.json",
        r#"{"mcpServers":{"a":{"type":"http","url":"https://h","headers":{"Authorization":"Bearer ${T}"}}}}"#,
        r#"{"mcpServers":{"a":{"type":"stdio","command": "/opt/eyot", "args": ["connect", "--header", "Authorization: env:EYOT_HEADER_AUTHORIZATION", "https://h"],"env":{"EYOT_HEADER_AUTHORIZATION":"Bearer ${T}"}}}}"#,
    );
    check(
        ".gemini/settings.json",
        r#"{"mcpServers":{"a":{"url":"https://$H/sse"}}}"#,
        r#"{"mcpServers":{"a":{"command": "/opt/eyot", "args": ["connect", "--transport", "sse", "https://$H/sse"]}}}"#,
    );
}

#[test]
fn url_with_a_secret_goes_to_a_variable() {
    check(
        ".cursor/mcp.json",
        r#"{"mcpServers":{"a":{"url":"https://h?key=${env:K}"}}}"#,
        r#"{"mcpServers":{"a":{"command": "/opt/eyot", "args": ["connect", "env:EYOT_URL"], "env": { "EYOT_URL": "https://h?key=${env:K}" }}}}"#,
    );
}

#[test]
fn variables_that_codex_names_are_passed_on() {
    check(
        ".codex/config.toml",
        "[mcp_servers.a]\nurl = \"https://h\"\nbearer_token_env_var = \"T\"\n",
        "[mcp_servers.a]\ncommand = \"/opt/eyot\"\nargs = [\"connect\", \"--token\", \"env:T\", \
         \"https://h\"]\nenv_vars = [\"T\"]\n",
    );
}

/// The variable or the text that a word names.
fn meant(word: &str, env: &[(String, String)]) -> String {
    match word.strip_prefix("env:") {
        Some(name) => env.iter().find(|it| it.0 == name).expect("a variable").1.clone(),
        None => word.to_owned(),
    }
}

/// What `eyot connect` would do with these words.
fn connected(
    words: &[String],
    env: &[(String, String)],
) -> (String, String, Vec<(String, String)>) {
    let (mut kind, mut headers) = ("auto".to_owned(), Vec::new());
    let mut words = words.iter().skip(2);
    let mut url = String::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--transport" => kind = words.next().unwrap().clone(),
            "--token" => {
                let token = format!("Bearer {}", meant(words.next().unwrap(), env));
                headers.push(("Authorization".to_owned(), token));
            }
            "--header" => {
                let (name, value) = words.next().unwrap().split_once(": ").unwrap();
                headers.push((name.to_owned(), meant(value, env)));
            }
            word => url = meant(word, env),
        }
    }
    headers.sort();
    (url, kind, headers)
}

#[test]
fn wrapped_entry_leads_to_the_same_server() {
    for path in FILES {
        let before = bytes(path);
        let document = document(path, &before);
        let names = servers(path, &before).names().to_vec();
        let now = after(&document.wrap(&names, &wrapper()).unwrap(), &before);
        let (old, new) = (servers(path, &before), servers(path, &now));
        assert_eq!(old.enabled_names(), new.enabled_names());
        for name in names {
            let (old, new) = (old.server(&name), new.server(&name));
            let (old, new) = (old.unwrap().unwrap(), new.unwrap().unwrap());
            let (words, env) = started(new);
            assert_eq!(words[0], "/opt/eyot");
            match &old.transport {
                Transport::Command(_) => {
                    assert_eq!(words[1..4], ["run", "--inherit-env", "--"]);
                    assert_eq!((words[4..].to_vec(), env), started(old));
                }
                _ => {
                    let (url, kind, headers) = reached(old);
                    let kind = if kind == "sse" { "sse" } else { "auto" };
                    let expected = (url, kind.to_owned(), headers);
                    assert_eq!(connected(&words, &env), expected, "{path} {name}");
                }
            }
        }
    }
}
