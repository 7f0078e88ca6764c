//! Flags as people write them.

use std::time::Duration;

use clap::{CommandFactory as _, Parser as _, ValueEnum as _};

use super::values::{Header, SpokenEra, TokenSource};
use super::{
    Answer, Args, Command, EnvVar, KeySource, Limits, ListenAt, SessionsAction, SharedBy,
    parse_address, parse_duration,
};

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
fn server_of_a_file_is_named_and_not_given() {
    for args in [
        &["eyot", "serve", "--config", "a", "--", "b"][..],
        &["eyot", "serve", "--config", "a", "--upstream", "http://b"],
        &["eyot", "serve", "--config", "a", "--forward", "--allow", "https://b"],
        &["eyot", "run", "--config", "a", "--", "b"],
        &["eyot", "run"],
        &["eyot", "list", "--server", "a", "http://b"],
        &["eyot", "list", "--config", "a", "--dialect", "b"],
    ] {
        assert!(Args::try_parse_from(args).is_err(), "{args:?}");
    }
    assert!(Args::try_parse_from(["eyot", "run", "--config", "a", "--server", "b"]).is_ok());
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
fn address_to_listen_on_may_be_the_name_of_this_machine() {
    let listens = |text: &str| parse_address(text).map(|it| it.to_string());
    assert_eq!(listens("localhost:0").as_deref(), Ok("127.0.0.1:0"));
    assert_eq!(listens("LocalHost:8080").as_deref(), Ok("127.0.0.1:8080"));
    assert_eq!(listens("[::1]:8080").as_deref(), Ok("[::1]:8080"));
    for text in ["localhost", "localhost:", "localhost:99999", "example.com:80", "localhost.x:1"] {
        assert!(parse_address(text).is_err(), "{text}");
    }
}

#[test]
fn place_to_listen_at_is_an_address_or_a_socket() {
    assert_eq!("127.0.0.1:1".parse(), Ok(ListenAt::Tcp("127.0.0.1:1".parse().unwrap())));
    assert_eq!("unix:/run/a".parse(), Ok(ListenAt::Unix("/run/a".into())));
    for text in ["unix:", "unix:/run/a#/mcp", "/run/a", "tcp:1"] {
        assert!(text.parse::<ListenAt>().is_err(), "{text}");
    }
}

#[test]
fn transport_chooses_the_scheme_of_the_url() {
    let spoken = |word: &str, url: &str| {
        let args = ["eyot", "connect", "--transport", word, url];
        let Command::Connect(connect) = Args::try_parse_from(args).unwrap().command else {
            panic!("not connect")
        };
        let spoken = connect.transport.transport.unwrap();
        spoken.url(url).map(|it| it.into_owned()).map_err(|it| it.message().to_owned())
    };
    for (url, socket) in [
        ("http://a:1/b?c=d://e", "ws://a:1/b?c=d://e"),
        ("HTTPS://a/b", "wss://a/b"),
        ("ws://a/b", "ws://a/b"),
        ("wss://a/b", "wss://a/b"),
    ] {
        assert_eq!(spoken("ws", url).unwrap(), socket);
        assert_eq!(spoken("auto", url).unwrap(), url);
    }
    assert!(spoken("ws", "unix:/a.sock#/mcp").unwrap_err().contains("http://"));
    for word in ["http", "sse"] {
        assert_eq!(spoken(word, "unix:/a.sock#/mcp").unwrap(), "unix:/a.sock#/mcp");
        assert_eq!(spoken(word, "https://a/b").unwrap(), "https://a/b");
        let refusal = spoken(word, "wss://a/b?key=secret").unwrap_err();
        assert!(refusal.contains(&format!("--transport {word}")), "{refusal}");
        assert!(!refusal.contains("secret"), "{refusal}");
    }
}

#[test]
fn certificates_come_with_their_keys() {
    for flag in ["--tls-cert", "--tls-key", "--client-cert", "--client-key", "--client-ca"] {
        let args = ["eyot", "serve", "--upstream", "https://a/mcp", flag, "x.pem"];
        assert!(Args::try_parse_from(args).is_err(), "{flag}");
    }
}

#[test]
fn the_address_of_a_process_is_a_url_without_a_path() {
    let parse = |address: &str| {
        let flags = ["eyot", "serve", "--upstream", "https://a/mcp", "--node-address", address];
        Args::try_parse_from(flags).is_ok()
    };
    assert!(parse("http://10.0.0.5:8080") && parse("https://a/"));
    for address in ["10.0.0.5:8080", "http://a/mcp", "http://", "ftp://a"] {
        assert!(!parse(address), "{address}");
    }
}

#[test]
fn a_password_of_a_store_is_not_for_a_flag() {
    let url = "redis://u:secret@host";
    let parse = |store: &str| {
        Args::try_parse_from(["eyot", "serve", "--upstream", "https://a/mcp", "--store", store])
    };
    let refusal = parse(url).unwrap_err().to_string();
    assert!(refusal.contains("@FILE"), "{refusal}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    std::fs::write(&file, url).unwrap();
    assert!(parse(&format!("@{}", file.display())).is_ok());
}

#[test]
fn session_ids_may_begin_with_a_hyphen() {
    for id in ["-Abc_d-efghijklmnopqrs", "-hV0123456789abcdefghi", "--0123456789abcdefghij"] {
        for args in [
            ["eyot", "sessions", "show", id, "--store", "sqlite:a"],
            ["eyot", "sessions", "show", "--store", "sqlite:a", id],
        ] {
            let Command::Sessions(sessions) = Args::try_parse_from(args).unwrap().command else {
                panic!("not sessions")
            };
            let SessionsAction::Show { id: read } = sessions.action else { panic!("not show") };
            assert_eq!(read, id);
            assert!(sessions.store.is_some());
        }
    }
}

#[test]
fn keys_and_variables_do_not_show_their_values() {
    let key: KeySource = "alice=top-secret".parse().unwrap();
    let variable: EnvVar = "TOKEN=top-secret".parse().unwrap();
    assert!(!format!("{key:?}{variable:?}").contains("top-secret"));
}

#[test]
fn headers_are_names_and_values() {
    let header: Header = "X-Team:  islands: two ".parse().unwrap();
    assert_eq!((header.name.as_str(), header.value.as_str()), ("X-Team", "islands: two"));
    assert!(!format!("{header:?}").contains("islands"));
    assert!("no colon".parse::<Header>().is_err() && ": a".parse::<Header>().is_err());
}

#[test]
fn header_may_be_in_a_variable() {
    let header: Header = "X-Path: env:PATH".parse().unwrap();
    assert_eq!(header.value, std::env::var("PATH").unwrap());
    let unset = "X: env:EYOT_NOT_SET".parse::<Header>().unwrap_err();
    assert_eq!(unset, "variable EYOT_NOT_SET is not set");
    // What is no name of a variable is a value.
    assert_eq!("X: env:a b".parse::<Header>().unwrap().value, "env:a b");
}

#[test]
fn tokens_are_named_and_not_given() {
    assert!("@/run/token".parse::<TokenSource>().is_ok());
    assert!("env:TOKEN".parse::<TokenSource>().is_ok());
    assert!("top-secret".parse::<TokenSource>().is_err());
}

#[test]
fn answers_are_forms_or_refusals() {
    let form = serde_json::json!({ "a": 1 }).as_object().unwrap().clone();
    assert_eq!(r#"{"a":1}"#.parse(), Ok(Answer::Accept(form)));
    assert_eq!("decline".parse(), Ok(Answer::Decline));
    assert_eq!("cancel".parse(), Ok(Answer::Cancel));
    assert!("[1]".parse::<Answer>().is_err() && "accept".parse::<Answer>().is_err());
}

/// The words of a command line, up to a redirection of the shell.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in line.chars() {
        match character {
            '\'' => is_quoted = !is_quoted,
            '#' | '|' | '>' if !is_quoted => break,
            ' ' if !is_quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(character),
        }
    }
    words.retain(|it| !it.is_empty());
    words
}

#[test]
fn every_command_line_of_the_guides_is_understood() {
    let guides = [
        include_str!("../../../../docs/guide/commands.md"),
        include_str!("../../../../docs/guide/configuration.md"),
        include_str!("../../../../docs/guide/doctor.md"),
        include_str!("../../../../docs/guide/serve.md"),
        include_str!("../../../../docs/guide/tls.md"),
    ];
    let lines = guides.into_iter().flat_map(str::lines).filter(|it| it.starts_with("eyot "));
    let parsed = lines.map(|line| {
        let parsed = Args::try_parse_from(words(line));
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
    });
    assert!(parsed.count() > 15);
}

#[test]
fn the_defaults_in_the_schema_of_files_are_those_of_the_program() {
    let schema = eyot_config::schema();
    let default = |map: &str, key: &str| {
        schema["$defs"][map]["properties"][key]["default"].as_str().unwrap().to_owned()
    };
    let limits = Limits::default();
    for (key, time) in [
        ("connect", limits.upstream.connect_timeout),
        ("call", limits.calls.timeout),
        ("callTotal", limits.calls.total_timeout),
        ("question", limits.calls.question_timeout),
    ] {
        assert_eq!(eyot_stdx::parse_duration(&default("Times", key)), Some(time), "{key}");
    }
    let size = eyot_config::parse_size(&default("Server", "messageMax"));
    assert_eq!(size, Some(limits.messages.bytes_max));
    let era = SpokenEra::default().to_possible_value().unwrap();
    assert_eq!(default("Server", "era"), era.get_name());
    let affinity = SharedBy::default().to_possible_value().unwrap();
    assert_eq!(default("Server", "affinity"), affinity.get_name());
}
