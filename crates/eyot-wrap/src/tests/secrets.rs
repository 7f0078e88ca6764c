//! No difference shows a secret.

use crate::Document;
use crate::tests::{FILES, after, bytes, document, servers, wrapped, wrapper};

/// The differences of wrapping all and of unwrapping them.
fn diffs(path: &str, before: &[u8]) -> String {
    let document = document(path, before);
    let names = servers(path, before).names().to_vec();
    let change = document.wrap(&names, &wrapper()).unwrap();
    let now = after(&change, before);
    let wrapped = Document::read(path, &now, None).unwrap();
    let back = wrapped.unwrap(&names, &[before.to_vec()], "eyot").unwrap();
    let rebuilt = wrapped.unwrap(&names, &[], "eyot").unwrap();
    [change.diff(), back.diff(), rebuilt.diff()].concat().join("\n")
}

#[test]
fn no_difference_has_a_secret() {
    for path in FILES {
        let before = bytes(path);
        let diffs = diffs(path, &before);
        assert!(diffs.contains("+++ ") && diffs.contains("[redacted]"), "{diffs}");
        assert!(!diffs.contains("secret-"), "{path}: {diffs}");
        let debug = format!("{:?}", document(path, &before).wrap(&[], &wrapper()));
        assert!(!debug.contains("secret-"), "{debug}");
    }
}

#[test]
fn difference_is_one_of_lines() {
    let before = "{\n  \"mcpServers\": {\n    \"a\": {\n      \"command\": \"x\",\n      \"env\": { \"A\": \"b\" }\n    }\n  }\n}\n";
    let document = document(".mcp.json", before.as_bytes());
    let change = document.wrap(&[], &wrapper()).unwrap();
    let expected = r#"--- .mcp.json
+++ .mcp.json
@@ -1,7 +1,8 @@
 {
   "mcpServers": {
     "a": {
-      "command": "x",
+      "command": "/opt/eyot",
+      "args": ["run", "--inherit-env", "--", "x"],
       "env": { "A": "[redacted]" }
     }
   }"#;
    assert_eq!(change.diff().join("\n"), expected);
}

#[test]
fn flags_that_name_variables_are_shown() {
    let before = r#"{"mcpServers":{"a":{"url":"https://h?k=v","headers":{"Authorization":"x"}}}}"#;
    let now = wrapped(".mcp.json", before, &["a"]);
    let wrapped = document(".mcp.json", now.as_bytes());
    let diff = wrapped.unwrap(&[], &[before.into()], "eyot").unwrap().diff().join("\n");
    let words = r#""--header", "Authorization: env:EYOT_HEADER_AUTHORIZATION", "env:EYOT_URL"]"#;
    assert!(diff.contains(words) && diff.contains("https://h?…"), "{diff}");
}

#[test]
fn comments_are_shown_unless_they_could_be_entries() {
    let before = "{ // servers\n/* \"a\":\n {} */ \"mcpServers\": {\"a\": {\"command\": \"x\", \"args\": \
                  [\"https://h/#x\", \"// no\"] // b = c\n}}}";
    let document = document(".mcp.json", before.as_bytes());
    let diff = document.wrap(&[], &wrapper()).unwrap().diff();
    assert_eq!(diff[3..5], [" { // servers", " /* …"]);
    assert!(
        diff[5].starts_with("-*/ \"mcpServers\"") && diff[5].ends_with("\"// no\"] // …"),
        "{diff:?}"
    );
}
