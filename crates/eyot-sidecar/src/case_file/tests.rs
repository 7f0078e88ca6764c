//! Files of cases.

use super::*;

const FILE: &str = "
- name: shouts
  event: tools/call
  phase: request
  session: s
  payload: { name: echo, arguments: { n: 12345678901234567890123, note: hi } }
  expect: { decision: allow, payload: { name: echo }, without: [hi] }
- event: tools/call
  phase: response
  payload: {}
  expect:
    decision: deny
";

#[test]
fn cases_are_read_with_their_payloads_to_the_letter() {
    let cases = Case::read_all(FILE).unwrap();
    let [first, second] = &cases[..] else { panic!("{cases:?}") };
    assert_eq!((first.name.as_str(), second.name.as_str()), ("shouts", "tools/call at line 8"));
    let payload = r#"{"name":"echo","arguments":{"n":12345678901234567890123,"note":"hi"}}"#;
    assert_eq!(first.payload, payload);
    assert_eq!(first.expected.without, ["hi"]);
    assert_eq!((second.phase, second.expected.decision), (Phase::Response, Decision::Deny));
    let json = r#"[{"event":"e","phase":"request","payload":{},"expect":{"decision":"deny"}}]"#;
    assert_eq!(Case::read_all(json).unwrap().len(), 1);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (wrong, right, at) in [
        (
            "  phase: request",
            "  phase: both",
            "2:3: `phase: request, or phase: response` is missing",
        ),
        ("  session: s", "  sesion: s", "5:3: unknown member"),
        ("decision: allow", "decisoin: allow", "7:13: unknown member"),
        ("without: [hi]", "without: hi", "7:64: `without` must be a list of texts"),
        ("  payload: {}", "", "8:3: `payload` is missing"),
        ("  payload: {}", "  payload: { n: +1 }", "10:17: JSON has no such number"),
    ] {
        let problem = Case::read_all(&FILE.replacen(wrong, right, 1)).unwrap_err().to_string();
        assert!(problem.starts_with(at), "{problem}");
    }
    assert!(Case::read_all("cases: 1").is_err());
}
