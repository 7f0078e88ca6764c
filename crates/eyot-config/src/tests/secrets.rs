//! No secret is in any output.

use crate::tests::{FIXTURES, World, fixture, read};
use crate::{Config, Dialect, Shown};

/// All that a config has to say.
fn outputs(config: &Config) -> String {
    let shown = Shown::new([config]);
    let problems: Vec<_> = config.problems.iter().map(ToString::to_string).collect();
    let json = serde_json::to_string(&shown).unwrap();
    let yaml = shown.to_yaml(true).join("\n");
    format!("{config:?}{config:#?}{shown:?}{problems:?}{json}{yaml}{:?}", shown.origins())
}

#[test]
fn no_output_has_a_secret() {
    for (path, _) in FIXTURES {
        let outputs = outputs(&fixture(path, &World::new()));
        for secret in ["secret-key", "secret-token"] {
            assert!(!outputs.contains(secret), "{path}: {outputs}");
        }
    }
}

#[test]
fn problems_repeat_no_value() {
    for text in [
        r#"{"mcpServers":{"a":{"url":"top-secret"}}}"#,
        r#"{"mcpServers":{"a":{"url":"https://h?k=top-secret","headers":{"A":"top-secret\n"}}}}"#,
        r#"{"mcpServers":{"a":{"command":"x","type":"top-secret","env":{"K":["top-secret"]}}}}"#,
        r#"{"mcpServers":{"a":{"command":"x","env":{"K":"${NO}top-secret"},"z":"top-secret"}}}"#,
        r#"{"mcpServers":{"a":{"command":"x","args":["--token","top-secret","-p=https://u:top-secret@h/"]}}}"#,
        r#"{"mcpServers":{"a":{"command":"x","env":{"K":"top-secret" "#,
        r#"{"mcpServers":{"a":{"command":"x","env":{"K":"top-secret\q"}}}}"#,
        r#"{"mcpServers":{"a":{"command":"x","env":{"K":top-secret}}}}"#,
    ] {
        let outputs = outputs(&read(".mcp.json", text));
        assert!(!outputs.contains("top-secret"), "{text}: {outputs}");
    }
    for text in ["servers: {a: {command: x, env: {K: 'top-secret}}}", "servers: *top-secret-alias"]
    {
        let outputs = outputs(&read("eyot.yaml", text));
        assert!(!outputs.contains("top-secret}"), "{outputs}");
    }
    for text in ["[mcp_servers.a]\nenv = { K = top-secret }", "[mcp_servers.a]\nk = \"top-secret\n"]
    {
        let outputs = outputs(&read(".codex/config.toml", text));
        assert!(!outputs.contains("top-secret"), "{outputs}");
    }
}

#[test]
fn shown_form_is_our_own_form() {
    for (path, _) in FIXTURES {
        let config = fixture(path, &World::new());
        let shown = Shown::new([&config]);
        let yaml = shown.to_yaml(true).join("\n");
        let json = serde_json::to_string(&shown).unwrap();
        for (path, text) in
            [("eyot.yaml", yaml.replace("${", "$${")), ("eyot.json", json.replace("${", "$${"))]
        {
            let again = Config::read(path, text.as_bytes(), Some(Dialect::Eyot), &World::new());
            assert!(again.problems.is_empty(), "{:?}\n{text}", again.problems);
            assert_eq!(again.names(), config.names());
        }
    }
}

#[test]
fn every_line_says_where_it_comes_from() {
    let config = fixture("claude-code/.mcp.json", &World::new());
    let shown = Shown::new([&config]);
    let yaml = shown.to_yaml(true);
    let line = yaml.iter().find(|it| it.trim_start().starts_with("API_KEY")).unwrap();
    assert_eq!(line, "      API_KEY: \"[redacted]\"  # claude-code/.mcp.json:8:16");
    let origins = shown.origins();
    let expected = ("/servers/files/env/API_KEY", "claude-code/.mcp.json:8:16");
    assert!(origins.contains(&(expected.0.to_owned(), expected.1.to_owned())), "{origins:?}");
}
