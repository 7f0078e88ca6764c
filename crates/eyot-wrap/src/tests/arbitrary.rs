//! Whatever a file looks like, only the entry that is named changes.

use proptest::prelude::{
    Just, ProptestConfig, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use proptest::sample::select;

use crate::tests::{FILES, bytes, wrapper};
use crate::{Document, Outcome};

/// White space and comments of JSON.
fn blank() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        select(vec![" ", "\t", "\n", "\r\n", "  // a, \"b\": {\n", "/* } */", "\n\n\t"])
            .prop_map(str::to_owned),
    ]
}

/// A text of JSON, as it is written.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ${}:/]{0,8}".prop_map(|it| format!("{it:?}")),
        select(vec![r#""\u00e9\/""#, r#""é\n""#, "\"\u{7f}\"", r#""a\\""#]).prop_map(str::to_owned),
    ]
}

/// A map of texts.
fn map() -> impl Strategy<Value = String> {
    proptest::collection::vec((blank(), "[A-Z]{1,3}", text()), 0..3).prop_map(|it| {
        let pairs = it.iter().enumerate();
        let pairs = pairs.map(|(no, (a, key, text))| format!("{a}\"{key}{no}\":{text}"));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
    })
}

/// Pairs of one key, with odd white space around them.
fn members() -> impl Strategy<Value = Vec<String>> {
    let list = proptest::collection::vec((blank(), text(), blank()), 0..4).prop_map(|it| {
        let elements: Vec<_> = it.into_iter().map(|(a, text, b)| format!("{a}{text}{b}")).collect();
        format!("[{}]", elements.join(","))
    });
    let command = (blank(), text(), list, map(), blank()).prop_map(|(a, text, list, map, b)| {
        vec![
            format!("{a}\"command\"{b}:{a}{text}"),
            format!("{b}\"args\":{a}{list}{b}"),
            format!("\"env\":{map}"),
        ]
    });
    let url = (blank(), "[a-z]{1,5}(\\?k=v)?", map(), blank()).prop_map(|(a, host, map, b)| {
        vec![format!("{a}\"url\"{b}:\"https://{host}\""), format!("{b}\"headers\":{a}{map}")]
    });
    (prop_oneof![command, url], 0_usize..4).prop_map(|(mut members, keep)| {
        members.truncate(keep.max(1));
        members.push("\"other\": [1, {\"x\": null}]".to_owned());
        if keep % 2 == 0 {
            members.reverse();
        }
        members
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn only_the_entry_changes_and_comes_back(
        entries in proptest::collection::vec((blank(), members(), blank()), 1..4),
        around in (blank(), blank()),
        comma in prop_oneof![Just(""), Just(",")],
        at in 0_usize..3,
    ) {
        let entry = |(no, (a, members, b)): (usize, &(String, Vec<String>, String))| {
            format!("{a}\"s{no}\"{b}:{b}{{{}{comma}{a}}}{b}", members.join(","))
        };
        let entries: Vec<_> = entries.iter().enumerate().map(entry).collect();
        let at = at % entries.len();
        let file = |entries: &[String]| {
            format!("{}{{\"x\":1,\"mcpServers\":{{{}{comma}}}}}{}", around.0, entries.join(","), around.1)
        };
        let before = file(&entries);
        let Ok(document) = Document::read(".mcp.json", before.as_bytes(), None) else {
            return Err(proptest::test_runner::TestCaseError::fail(before));
        };
        let change = document.wrap(&[format!("s{at}")], &wrapper());
        // An empty command, or one of variables that are none.
        let Ok(change) = change else { return Ok(()) };
        prop_assert_eq!(&change.outcomes[0].1, &Outcome::Wrapped);
        let now = String::from_utf8(change.bytes().unwrap()).unwrap();
        let start = before.find(&format!("\"s{at}\"")).unwrap();
        let end = start + entries[at].trim_start().len();
        prop_assert!(now.starts_with(&before[..start]), "{}", now);
        prop_assert!(now.ends_with(before.get(end..).unwrap_or_default()), "{}", now);
        let wrapped = Document::read(".mcp.json", now.as_bytes(), None).unwrap();
        let back = wrapped.unwrap(&[], &[before.clone().into_bytes()], "").unwrap();
        prop_assert_eq!(String::from_utf8(back.bytes().unwrap()).unwrap(), before);
        let rebuilt = wrapped.unwrap(&[format!("s{at}")], &[], "/opt/eyot").unwrap();
        prop_assert!(rebuilt.bytes().is_some());
    }

    #[test]
    fn damaged_files_are_changed_or_refused(
        path in select(FILES.to_vec()),
        at in proptest::prelude::any::<proptest::sample::Index>(),
        length in 0_usize..30,
        put in "\\PC{0,3}|[\"{}\\[\\],:=\n]{0,3}",
    ) {
        let mut text = bytes(path);
        let start = at.index(text.len());
        let end = (start + length).min(text.len());
        text.splice(start..end, put.bytes());
        if let Ok(document) = Document::read(path, &text, None) {
            prop_assert_eq!(&document.to_bytes(), &text);
            if let Ok(change) = document.wrap(&[], &wrapper()) {
                drop(change.diff());
                if let Some(now) = change.bytes() {
                    let wrapped = Document::read(path, &now, None).unwrap();
                    let back = wrapped.unwrap(&[], &[text.clone()], "/opt/eyot").unwrap();
                    let is_exact = back.outcomes.iter().all(|it| it.1 != Outcome::Rebuilt);
                    prop_assert!(!is_exact || back.bytes() == Some(text));
                }
            }
        }
    }
}
