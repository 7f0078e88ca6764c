//! Three servers are the same three servers, whoever's file they are in.

use crate::tests::{FIXTURES, World, bytes, fixture, read};
use crate::{Config, Dialect, Era, ServerConfig, Transport, UrlKind};

fn server<'c>(config: &'c Config, name: &str) -> &'c ServerConfig {
    config.server(name).unwrap_or_else(|errors| panic!("{errors:?}")).unwrap()
}

#[track_caller]
fn check_files(server: &ServerConfig) {
    let Transport::Command(command) = &server.transport else { panic!("{server:?}") };
    assert_eq!(command.program.value.expose(), "npx");
    let args: Vec<_> = command.args.iter().map(|it| it.value.expose()).collect();
    assert_eq!(args, ["-y", "@modelcontextprotocol/server-filesystem", "/srv/files"]);
    let [variable] = command.env.as_slice() else { panic!("{command:?}") };
    assert_eq!(variable.name, "API_KEY");
    assert_eq!(variable.value.as_ref().unwrap().expose(), "secret-key");
}

#[track_caller]
fn check_url(server: &ServerConfig, url: &str, token: Option<&str>) -> UrlKind {
    let Transport::Url(config) = &server.transport else { panic!("{server:?}") };
    assert_eq!(config.url.value.expose(), url);
    let values = config.headers.iter().map(|it| (it.name.as_str(), it.value.expose().as_str()));
    assert_eq!(values.collect::<Vec<_>>(), Vec::from_iter(token.map(|it| ("Authorization", it))));
    config.kind
}

#[test]
fn three_servers_are_the_same_in_every_dialect() {
    for (path, dialect) in FIXTURES {
        let config = fixture(path, &World::new());
        let errors: Vec<_> = config.problems.iter().filter(|it| it.is_error()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(config.dialect, *dialect, "{path}");
        check_files(server(&config, "files"));
        if *dialect == Dialect::Bundle {
            assert_eq!(config.names(), ["files"]);
            continue;
        }
        assert_eq!(config.names(), ["files", "issues", "weather"], "{path}");
        let issues = server(&config, "issues");
        let issues = check_url(issues, "https://mcp.example.com/mcp", Some("Bearer secret-token"));
        let weather =
            check_url(server(&config, "weather"), "https://weather.example.com/sse", None);
        // Cursor says no transport, Visual Studio Code tries both, Codex has no other.
        let expected = match dialect {
            Dialect::ClaudeDesktop => (UrlKind::Auto, UrlKind::Sse),
            Dialect::Codex => (UrlKind::Http, UrlKind::Http),
            Dialect::Cursor => (UrlKind::Auto, UrlKind::Auto),
            Dialect::VsCode => (UrlKind::Auto, UrlKind::Sse),
            _ => (UrlKind::Http, UrlKind::Sse),
        };
        assert_eq!((issues, weather), expected, "{path}");
    }
}

#[test]
fn dialect_is_found_by_the_contents_where_the_name_says_nothing() {
    for (path, dialect) in FIXTURES {
        let extension = path.rsplit('.').next().unwrap();
        let path_of_none = format!("servers.{extension}");
        let config = Config::read(&path_of_none, &bytes(path), None, &World::new());
        // These have nothing of their own.
        let is_plain = matches!(dialect, Dialect::ClaudeDesktop | Dialect::Cline | Dialect::Cursor);
        let expected = if is_plain { Dialect::ClaudeCode } else { *dialect };
        assert_eq!(config.dialect, expected, "{path}");
    }
}

#[test]
fn settings_of_dialects_are_kept() {
    let world = World::new();
    let seconds = |config: &Config| {
        let timeouts = &server(config, "files").timeouts;
        let connect = timeouts.connect.as_ref().map(|it| it.value.as_secs());
        (connect, timeouts.call.as_ref().map(|it| it.value.as_secs()))
    };
    assert_eq!(seconds(&fixture("cline/cline_mcp_settings.json", &world)), (None, Some(90)));
    assert_eq!(seconds(&fixture("gemini/.gemini/settings.json", &world)), (None, Some(90)));
    for path in ["codex/.codex/config.toml", "inspector/.mcp-inspector/mcp.json", "eyot/eyot.yaml"]
    {
        assert_eq!(seconds(&fixture(path, &world)), (Some(20), Some(90)), "{path}");
    }
    let inspector = fixture("inspector/.mcp-inspector/mcp.json", &world);
    assert_eq!(server(&inspector, "files").era.as_ref().unwrap().value, Era::Legacy);
    let gemini = fixture("gemini/.gemini/settings.json", &world);
    let tools = &server(&gemini, "files").tools;
    assert_eq!(tools.include.as_ref().unwrap().value, ["read_file", "list_directory"]);
    assert_eq!(tools.exclude.as_ref().unwrap().value, ["write_file"]);
}

#[test]
fn keys_without_a_meaning_are_kept_and_reported() {
    let config = fixture("vscode/.vscode/mcp.json", &World::new());
    let [unknown] = server(&config, "files").unknown.as_slice() else { panic!("not one") };
    assert_eq!((unknown.key.as_str(), unknown.at.line), ("dev", 13));
    let [problem] = config.problems.as_slice() else { panic!("{:?}", config.problems) };
    assert!(!problem.is_error());
    let shown = problem.to_string();
    assert!(shown.starts_with("vscode/.vscode/mcp.json:13:7: warning: `dev`"), "{shown}");
}

#[test]
fn disabled_servers_are_known_and_not_in_the_way() {
    for (path, text) in [
        (
            "cline_mcp_settings.json",
            r#"{"mcpServers":{"a":{"command":"${env:NO}","disabled":true}}}"#,
        ),
        ("eyot.yaml", "servers:\n  a: {command: \"${NO}\", enabled: false}\n"),
        (
            ".codex/config.toml",
            "[mcp_servers.a]\nurl = \"https://h\"\nenabled = false\n\
            bearer_token_env_var = \"NO\"\n",
        ),
    ] {
        let config = read(path, text);
        assert_eq!((config.names().len(), config.enabled_names().len()), (1, 0), "{path}");
        assert!(!config.problems.iter().any(crate::Problem::is_error), "{path}");
        assert!(config.servers().unwrap().is_empty());
    }
    let text =
        r#"{"mcp":{"excluded":["b"]},"mcpServers":{"a":{"command":"x"},"b":{"command":"x"}}}"#;
    assert_eq!(read(".gemini/settings.json", text).enabled_names(), ["a"]);
}

#[test]
fn mark_of_the_encoding_and_line_ends_of_windows_are_taken() {
    let text = "\u{feff}{\r\n  \"mcpServers\": { \"a\": { \"command\": \"x\" } }\r\n}\r\n";
    let config = read(".mcp.json", text);
    assert_eq!(server(&config, "a").at.line, 2);
    assert!(config.problems.is_empty());
}

#[test]
fn registry_gives_a_server_for_each_way() {
    let text = r#"{"name":"io.x/w","packages":[
        {"registryType":"pypi","identifier":"w","version":"1.2"},
        {"registry_type":"oci","identifier":"ghcr.io/x/w","version":"3",
         "environment_variables":[{"name":"API_KEY"}]}],
        "remotes":[{"type":"sse","url":"https://h/sse"}]}"#;
    let config = read("server.json", text);
    assert_eq!(config.names(), ["w:pypi", "w:oci", "w:sse"]);
    let words = |name: &str| {
        let Transport::Command(command) = &server(&config, name).transport else { panic!("url") };
        let args = command.args.iter().map(|it| it.value.expose().to_owned());
        std::iter::once(command.program.value.expose().to_owned()).chain(args).collect::<Vec<_>>()
    };
    assert_eq!(words("w:pypi"), ["uvx", "w@1.2"]);
    let docker = ["docker", "run", "-i", "--rm", "-e", "API_KEY", "ghcr.io/x/w:3"];
    assert_eq!(words("w:oci"), docker);
}

#[test]
fn variables_of_a_file_are_weaker_than_those_of_the_server() {
    let world = World::new().with_file(".env", "A=file\nB=file\n");
    let text = r#"{"servers":{"a":{"command":"x","envFile":".env","env":{"A":"own"}}}}"#;
    let config = Config::read(".vscode/mcp.json", text.as_bytes(), None, &world);
    let Transport::Command(command) = &server(&config, "a").transport else { panic!("url") };
    let env =
        command.env.iter().map(|it| (&*it.name, it.value.as_ref().unwrap().expose().as_str()));
    assert_eq!(env.collect::<Vec<_>>(), [("A", "own"), ("B", "file")]);
}

#[test]
fn sockets_of_visual_studio_code_are_ours() {
    let text = r#"{"servers":{"a":{"type":"http","url":"unix:///run/a.sock#/mcp"}}}"#;
    let config = read(".vscode/mcp.json", text);
    check_url(server(&config, "a"), "unix:/run/a.sock#/mcp", None);
}
