//! What is imported are the same servers, without their secrets.

use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use super::{Imported, Secrets};
use crate::tests::{FIXTURES, World, bytes, fixture};
use crate::{Config, Dialect, ServerConfig, Transport};

fn references(path: &str, text: &str) -> Config {
    Config::read_references(path, text.as_bytes(), None, &World::new())
}

/// The name, whether it is enabled, its words, and its variables or headers.
type Used = (String, bool, Vec<String>, Vec<(String, Option<String>)>);

/// What a server is, as far as it is used.
fn used(server: &ServerConfig) -> Used {
    let (name, is_enabled) = (server.name.clone(), server.is_enabled);
    let (words, mut pairs) = match &server.transport {
        Transport::Command(command) => {
            let args = command.args.iter().map(|it| &it.value);
            let words = std::iter::once(&command.program.value).chain(args);
            let words = words.map(|it| it.expose().to_owned()).collect();
            let value = |it: &eyot_stdx::Secret<String>| it.expose().clone();
            let env = command.env.iter().map(|it| (it.name.clone(), it.value.as_ref().map(value)));
            (words, env.collect::<Vec<_>>())
        }
        Transport::Url(url) => {
            let words = vec![url.url.value.expose().to_owned(), url.kind.as_str().to_owned()];
            let headers = url.headers.iter();
            let mut headers: Vec<_> =
                headers.map(|it| (it.name.clone(), Some(it.value.expose().clone()))).collect();
            let token = url.token.as_ref().map(|it| it.value.expose().clone());
            headers.extend(token.map(|it| ("token".to_owned(), Some(it))));
            (words, headers)
        }
    };
    pairs.sort();
    (name, is_enabled, words, pairs)
}

#[track_caller]
fn check_equal(read: &Config, imported: &Imported, world: &World) {
    let yaml = imported.to_yaml().join("\n");
    let again = Config::read("eyot.yaml", yaml.as_bytes(), Some(Dialect::Eyot), world);
    assert!(again.problems.is_empty(), "{:?}\n{yaml}", again.problems);
    let all = |config: &Config| config.servers.iter().map(used).collect::<Vec<_>>();
    assert_eq!(all(read), all(&again), "{yaml}");
    let times = |config: &Config| {
        let servers = config.servers.iter();
        servers.map(|it| it.timeouts.call.as_ref().map(|it| it.value)).collect::<Vec<_>>()
    };
    assert_eq!(times(read), times(&again), "{yaml}");
}

#[test]
fn every_file_gives_the_same_servers_in_our_own_form() {
    let world = World::new();
    for (path, _) in FIXTURES {
        let config = Config::read_references(path, &bytes(path), None, &world);
        let imported = Imported::new(&[config], Secrets::Written);
        let imported = imported.unwrap_or_else(|problems| panic!("{path}: {problems:?}"));
        assert!(imported.missing().is_empty());
        check_equal(&fixture(path, &world), &imported, &world);
    }
}

#[test]
fn secrets_of_a_file_become_variables_that_are_named() {
    let path = "claude-desktop/claude_desktop_config.json";
    let config = Config::read_references(path, &bytes(path), None, &World::new());
    let imported = Imported::new(&[config], Secrets::AsVariables).unwrap();
    let yaml = imported.to_yaml().join("\n");
    assert!(!yaml.contains("secret-"), "{yaml}");
    let line = "      API_KEY: \"${env:API_KEY}\"  # set API_KEY to what is at \
                claude-desktop/claude_desktop_config.json:8:16";
    assert!(yaml.contains(line), "{yaml}");
    let names: Vec<_> = imported.missing().iter().map(|it| it.variable.as_str()).collect();
    assert_eq!(names, ["API_KEY", "ISSUES_AUTHORIZATION"]);
    // Where they are set, nothing has changed.
    check_equal(&fixture(path, &World::new()), &imported, &World::new());
}

#[test]
fn references_stay_references() {
    let text = r#"{"inputs":[{"id":"k"}],"servers":{
        "a":{"command":"x","args":["${workspaceFolder}/a","${userHome}"],
             "env":{"A":"${input:k}","B":"${env:B}"},"envFile":"${workspaceFolder}/.env"},
        "b":{"url":"${env:U}","headers":{"Authorization":"Bearer ${input:k}"}}}}"#;
    let imported = Imported::new(&[references(".vscode/mcp.json", text)], Secrets::AsVariables);
    let imported = imported.unwrap();
    let expected = r#"servers:
  a:
    command: "x"
    args: ["${workspaceFolder}/a", "${userHome}"]
    env:
      A: "${input:k}"
      B: "${env:B}"
    envFile: "${workspaceFolder}/.env"
  b:
    url: "${env:U}"
    transport: "auto"
    headers:
      Authorization: "Bearer ${input:k}""#;
    assert_eq!(imported.to_yaml().join("\n"), expected);
    assert!(imported.missing().is_empty());
}

#[test]
fn defaults_stay_and_what_is_no_variable_is_escaped() {
    let text = r#"{"mcpServers":{"a":{"command":"${A:-x}","args":["${not one}"]}}}"#;
    let imported = Imported::new(&[references(".mcp.json", text)], Secrets::AsVariables).unwrap();
    let yaml = imported.to_yaml().join("\n");
    assert!(yaml.contains(r#"command: "${env:A:-x}""#), "{yaml}");
    assert!(yaml.contains(r#"args: ["$${not one}"]"#), "{yaml}");
}

#[test]
fn variables_of_codex_are_named() {
    let text = "[mcp_servers.a]\nurl = \"https://h\"\nbearer_token_env_var = \"T\"\n\
                [mcp_servers.b]\ncommand = \"x\"\nenv_vars = [\"V\"]\n";
    let imported = Imported::new(&[references(".codex/config.toml", text)], Secrets::AsVariables);
    let yaml = imported.unwrap().to_yaml().join("\n");
    assert!(yaml.contains("token: \"${env:T}\"") && yaml.ends_with("env:\n      V:"), "{yaml}");
}

#[test]
fn two_secrets_never_share_a_variable() {
    let text = r#"{"mcpServers":{
        "a":{"command":"x","env":{"KEY":"one"}},
        "b":{"command":"x","env":{"KEY":"two"}},
        "c":{"command":"x","env":{"KEY":"one","OTHER":"${C_T}"}},
        "d":{"url":"https://u:p@h/","headers":{"t":"three"}},
        "c-t":{"command":"x","args":["--token","four"],"env":{"C_T":"five"}}}}"#;
    let imported = Imported::new(&[references(".mcp.json", text)], Secrets::AsVariables).unwrap();
    let names: Vec<_> = imported.missing().iter().map(|it| it.variable.as_str()).collect();
    assert_eq!(names, ["KEY", "B_KEY", "KEY", "D_URL", "D_T", "C_T_ARG_2", "C_T_C_T"]);
}

#[test]
fn name_in_two_files_is_an_error_that_names_both() {
    let text = r#"{"mcpServers":{"a":{"command":"x","disabled":true}}}"#;
    let configs = [references(".mcp.json", text), references("cline_mcp_settings.json", text)];
    let problems = Imported::new(&configs, Secrets::AsVariables).unwrap_err();
    let shown = problems[0].to_string();
    assert!(
        shown.starts_with("cline_mcp_settings.json:1:16: error: `a` is a server of .mcp.json:1:16")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_the_same_text_in_our_own_form(
        text in "([$]|[$]?[{](A|B:-c|not one|)[}]|.|\\PC){0,12}",
        name in "[a-z][a-z-]{0,5}",
    ) {
        let server = serde_json::json!({ "command": "x", "args": [text], "env": { "A": text } });
        let file = serde_json::json!({ "mcpServers": { name: server } }).to_string();
        let world = World::new().with_variable("A", "$value{").with_variable("B", "");
        let read = |path: &str| Config::read(path, file.as_bytes(), None, &world);
        for path in [".mcp.json", ".gemini/settings.json", "claude_desktop_config.json"] {
            let config = read(path);
            let references = Config::read_references(path, file.as_bytes(), None, &world);
            let Ok(imported) = Imported::new(&[references], Secrets::Written) else { continue };
            if config.problems.iter().any(crate::Problem::is_error) {
                continue;
            }
            let yaml = imported.to_yaml().join("\n");
            let again = Config::read("eyot.yaml", yaml.as_bytes(), None, &world);
            prop_assert!(again.problems.is_empty(), "{:?} {}", again.problems, yaml);
            let all = |config: &Config| config.servers.iter().map(used).collect::<Vec<_>>();
            prop_assert_eq!(all(&config), all(&again));
        }
    }
}
