//! Whatever a file holds, it is read or refused in words.

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_oneof, proptest};
use proptest::sample::select;

use crate::tests::{FIXTURES, World, bytes};
use crate::{Config, Dialect, Shown};

/// Reads and shows, and checks that a refusal has words.
fn read(path: &str, text: &[u8], dialect: Option<Dialect>) -> bool {
    let config = Config::read(path, text, dialect, &World::new());
    let shown = Shown::new([&config]);
    let lines = shown.to_yaml(true);
    for name in config.names() {
        drop(config.server(name));
    }
    let has_words = config.problems.iter().all(|it| !it.message.is_empty());
    let is_said = !config.names().is_empty() || !config.problems.is_empty();
    has_words && is_said && !lines.is_empty() && config.servers().is_ok() != is_refused(&config)
}

fn is_refused(config: &Config) -> bool {
    config.problems.iter().any(crate::Problem::is_error)
}

fn dialects() -> impl Strategy<Value = Option<Dialect>> {
    prop_oneof![Just(None), select(Dialect::ALL.to_vec()).prop_map(Some)]
}

fn paths() -> impl Strategy<Value = &'static str> {
    select(vec!["a.json", "a.yaml", "a.toml", "a", ".mcp.json", "server.json", "manifest.json", ""])
}

/// JSON with the words that dialects know, in places where they may not belong.
fn documents() -> impl Strategy<Value = String> {
    let words = vec![
        "mcpServers",
        "servers",
        "mcp_servers",
        "server",
        "packages",
        "remotes",
        "command",
        "args",
        "env",
        "url",
        "headers",
        "type",
        "stdio",
        "http",
        "name",
        "inputs",
        "identifier",
        "timeouts",
        "tools",
        "enabled",
        "user_config",
        "mcp_config",
        "platform_overrides",
        "variables",
        "npm",
        "registryType",
        "${",
        "${X}",
        "${input:x}",
        "{x}",
        "https://h",
        "unix:///a",
        "default",
        "multiple",
        "mcp",
        "allowed",
        "",
        "linux",
        "packageArguments",
        "environmentVariables",
    ];
    let word = select(words).prop_map(|it| format!("{it:?}"));
    let leaf = prop_oneof![
        word.clone(),
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("1e9".to_owned())
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..5);
        let map = proptest::collection::vec((word.clone(), inner), 0..6);
        prop_oneof![
            list.prop_map(|it| format!("[{}]", it.join(","))),
            map.prop_map(|it| {
                let members: Vec<_> =
                    it.into_iter().map(|(key, it)| format!("{key}:{it}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_bytes_are_read_or_refused(
        text in proptest::collection::vec(any::<u8>(), 0..400),
        path in paths(),
        dialect in dialects(),
    ) {
        prop_assert!(read(path, &text, dialect));
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(text in ".{0,300}", path in paths(), dialect in dialects()) {
        prop_assert!(read(path, text.as_bytes(), dialect));
    }

    #[test]
    fn arbitrary_documents_are_read_or_refused(
        text in documents(),
        path in paths(),
        dialect in dialects(),
    ) {
        prop_assert!(read(path, text.as_bytes(), dialect));
        let servers = format!("{{\"mcpServers\":{{\"a\":{text}}}}}");
        prop_assert!(read(path, servers.as_bytes(), dialect));
    }

    #[test]
    fn damaged_fixtures_are_read_or_refused(
        fixture in select(FIXTURES.to_vec()),
        at in any::<proptest::sample::Index>(),
        length in 0_usize..40,
        put in ".{0,3}",
    ) {
        let mut text = bytes(fixture.0);
        let start = at.index(text.len());
        let end = (start + length).min(text.len());
        text.splice(start..end, put.bytes());
        prop_assert!(read(fixture.0, &text, None));
        text.truncate(start);
        prop_assert!(read(fixture.0, &text, Some(fixture.1)));
    }
}
