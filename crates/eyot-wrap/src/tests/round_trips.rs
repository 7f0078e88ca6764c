//! What is wrapped and unwrapped is what it was, byte for byte.

use crate::tests::{FILES, after, bytes, document, reached, servers, started, wrapper};
use crate::{Document, Outcome, Wrapper};
use eyot_config::Transport;

/// The file as it is, and as other editors write it.
fn variants(path: &str) -> Vec<Vec<u8>> {
    let text = String::from_utf8(bytes(path)).unwrap();
    let windows = text.replace('\n', "\r\n");
    let texts = [text.clone(), format!("\u{feff}{text}"), windows, text.trim_end().to_owned()];
    texts.map(String::into_bytes).to_vec()
}

fn names(path: &str, bytes: &[u8]) -> Vec<String> {
    servers(path, bytes).names().to_vec()
}

#[track_caller]
fn check_same(path: &str, one: &[u8], other: &[u8]) {
    assert_eq!(String::from_utf8_lossy(one), String::from_utf8_lossy(other), "{path}");
}

/// Unwraps entries, all of which must be put back exactly.
#[track_caller]
fn unwrap(path: &str, now: &[u8], names: &[String], earlier: &[Vec<u8>]) -> Vec<u8> {
    let document = document(path, now);
    let change = document.unwrap(names, earlier, "eyot").unwrap();
    let is_exact = |it: &(String, Outcome)| it.1 == Outcome::Unwrapped;
    assert!(change.outcomes.iter().all(is_exact), "{path}: {:?}", change.outcomes);
    after(&change, now)
}

#[test]
fn all_entries_come_back_together() {
    for path in FILES {
        for before in variants(path) {
            let names = names(path, &before);
            let document = document(path, &before);
            let change = document.wrap(&names, &wrapper()).unwrap();
            let now = after(&change, &before);
            assert_ne!(now, before);
            check_same(path, &unwrap(path, &now, &names, std::slice::from_ref(&before)), &before);
        }
    }
}

#[test]
fn each_entry_comes_back_alone() {
    for path in FILES {
        for before in variants(path) {
            for name in names(path, &before) {
                let names = [name];
                let document = document(path, &before);
                let change = document.wrap(&names, &wrapper()).unwrap();
                let now = after(&change, &before);
                let again = unwrap(path, &now, &names, std::slice::from_ref(&before));
                check_same(path, &again, &before);
            }
        }
    }
}

#[test]
fn entries_come_back_one_by_one_in_a_file_that_was_edited_elsewhere() {
    for path in FILES {
        for before in variants(path) {
            let names = names(path, &before);
            let wrapped = document(path, &before);
            let wrapped = after(&wrapped.wrap(&names, &wrapper()).unwrap(), &before);
            // Something else has changed: the last line.
            let edit = |bytes: &[u8]| [bytes, b"\n\n"].concat();
            let mut now = edit(&wrapped);
            for name in names.into_iter().rev() {
                now = unwrap(path, &now, &[name], std::slice::from_ref(&before));
            }
            check_same(path, &now, &edit(&before));
        }
    }
}

#[test]
fn flags_that_were_given_do_not_matter() {
    let path = "fixtures/.mcp.json";
    let before = bytes(path);
    let flags = vec!["--era".to_owned(), "modern".to_owned(), "--call-timeout=5m".to_owned()];
    let wrapper = Wrapper { program: "C:\\eyot.exe".to_owned(), flags };
    let document = document(path, &before);
    let change = document.wrap(&[], &wrapper).unwrap();
    let now = after(&change, &before);
    let names: Vec<_> = ["files", "lines", "team", "secret"].map(str::to_owned).to_vec();
    let rest = unwrap(path, &now, &names, std::slice::from_ref(&before));
    let rest = Document::read(path, &rest, None).unwrap();
    let again = rest.unwrap(&[], std::slice::from_ref(&before), "eyot").unwrap();
    check_same(path, &again.bytes().unwrap(), &before);
}

/// Without an earlier text the servers are the same, as they are used.
#[test]
fn entries_whose_earlier_text_is_gone_say_the_same_again() {
    for path in FILES {
        for before in variants(path) {
            let names = names(path, &before);
            let wrapped = document(path, &before);
            let wrapped = after(&wrapped.wrap(&names, &wrapper()).unwrap(), &before);
            let document = document(path, &wrapped);
            let change = document.unwrap(&names, &[], "eyot").unwrap();
            assert!(change.outcomes.iter().all(|it| it.1 == Outcome::Rebuilt), "{path}");
            let now = after(&change, &wrapped);
            let (old, new) = (servers(path, &before), servers(path, &now));
            assert_eq!(new.problems.iter().find(|it| it.is_error()), None, "{path}");
            for name in names {
                let (old, new) = (old.server(&name), new.server(&name));
                let (old, new) = (old.unwrap().unwrap(), new.unwrap().unwrap());
                match &old.transport {
                    Transport::Command(_) => assert_eq!(started(old), started(new), "{path}"),
                    _ => assert_eq!(reached(old), reached(new), "{path}"),
                }
            }
        }
    }
}

#[test]
fn edited_entry_keeps_its_edits() {
    let path = ".mcp.json";
    let before = r#"{"mcpServers":{"a":{"command":"x","args":["1"]}}}"#;
    let now = crate::tests::wrapped(path, before, &["a"]);
    let edited = now.replace(r#""1"]"#, r#""1", "2"], "env": {"A": "b"}"#);
    assert_ne!(now, edited);
    let document = document(path, edited.as_bytes());
    let change = document.unwrap(&[], &[before.into()], "eyot").unwrap();
    assert_eq!(change.outcomes, [("a".to_owned(), Outcome::Rebuilt)]);
    let expected = r#"{"mcpServers":{"a":{"command":"x","args":["1", "2"], "env": {"A": "b"}}}}"#;
    assert_eq!(String::from_utf8(change.bytes().unwrap()).unwrap(), expected);
}

#[test]
fn newest_text_that_fits_counts() {
    let path = ".mcp.json";
    let (first, second) =
        (r#"{"mcpServers":{"a":{"command":"x"}}}"#, r#"{"mcpServers":{"a":{"command" :"y"}}}"#);
    let now = crate::tests::wrapped(path, second, &["a"]);
    let document = document(path, now.as_bytes());
    let change = document.unwrap(&[], &[now.into(), first.into(), second.into()], "").unwrap();
    assert_eq!(change.bytes().unwrap(), second.as_bytes());
}
