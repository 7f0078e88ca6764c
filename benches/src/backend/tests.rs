//! The backend finds its way by the shape of the text alone.

use super::*;
use eyot_benches::exchange::{Call, Era, Tool};

#[track_caller]
fn check(era: Era, form: Form, want_start: &str) {
    let body = Call::new(era, Tool::Echo, 5).pieces(7).concat();
    let id = id(&body).unwrap();
    let text = match form {
        Form::Json => echo(&body),
        Form::Events | Form::Asking => NOTIFICATION.to_vec(),
    };
    assert_eq!(id, b"7");
    assert!(String::from_utf8(text).unwrap().starts_with(want_start));
}

#[test]
fn call_of_either_era_is_echoed() {
    let want = r#"{"resultType":"complete","content":[{"type":"text","text":"xxxxx"}]}"#;
    check(Era::Legacy, Form::Json, want);
    check(Era::Modern, Form::Json, want);
}

#[test]
fn call_whose_id_comes_last_is_answered() {
    let call = r#"{"method":"tools/call","params":{"name":"echo","arguments":{"text":"xx"}},"jsonrpc":"2.0","id":7}"#;
    let want = r#"{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","content":[{"type":"text","text":"xx"}]}}"#;
    let answer = legacy_line(call.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), format!("{want}\n"));
}

#[test]
fn notification_has_no_id() {
    let line = eyot_benches::exchange::initialized();
    assert_eq!(id(&line), None);
    assert_eq!(legacy_line(&line), None);
}

#[test]
fn each_face_has_a_path_of_its_own() {
    for only in [None, Some(Era::Legacy), Some(Era::Modern)] {
        for form in [Form::Json, Form::Events, Form::Asking] {
            let face = Face { only, form };
            assert_eq!(Face::of_path(&face.path()), face);
        }
    }
}
