//! What leaves, and what does not.

use std::sync::{Arc, Mutex};

use super::*;

const EVIL: &str = "x\neyot: FORGED\r\u{1b}[2J\u{9b}31m\u{202e}\u{200b}";

fn written(write: impl FnOnce(&mut Lines<Vec<u8>>) -> io::Result<()>) -> String {
    let mut lines = Lines::new(Vec::new(), None);
    write(&mut lines).unwrap();
    String::from_utf8(lines.into_inner()).unwrap()
}

#[track_caller]
fn check_plain(text: &str) {
    let is_plain =
        |it: char| it == '\n' || (!it.is_control() && it != '\u{202e}' && it != '\u{200b}');
    assert!(text.chars().all(is_plain), "{text:?}");
    assert!(text.lines().all(|it| !it.starts_with("eyot: FORGED")), "{text:?}");
}

#[test]
fn a_line_is_one_line() {
    let text = written(|it| it.line(EVIL));
    assert_eq!(text.lines().count(), 1, "{text}");
    check_plain(&text);
    assert!(!written(|it| it.prompt(EVIL)).contains('\n'));
}

#[test]
fn each_line_of_a_quote_stands_behind_a_bar() {
    let text = written(|it| it.quote(EVIL));
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.lines().all(|it| it.starts_with("│ ")), "{text}");
    check_plain(&text);
}

/// An event of the log with a peer's text in each kind of field.
fn logged(form: LogForm) -> String {
    let place = Arc::new(Mutex::new(Vec::new()));
    let writer = {
        let place = Arc::clone(&place);
        LogWriter::new(move || Shared(Arc::clone(&place)), form, || None)
    };
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(writer);
    let log_events = || {
        let span = tracing::info_span!("call", method = %EVIL);
        let _entered = span.enter();
        tracing::error!(tool = %EVIL, other = ?EVIL, text = EVIL, "{EVIL}");
    };
    if form == LogForm::Json {
        tracing::subscriber::with_default(log.json().finish(), log_events);
    } else {
        tracing::subscriber::with_default(log.finish(), log_events);
    }
    let bytes = place.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_event_is_one_line_whatever_its_fields_hold() {
    let text = logged(LogForm::Plain);
    assert_eq!(text.lines().count(), 1, "{text}");
    check_plain(&text);
    let json = logged(LogForm::Json);
    assert_eq!(json.lines().count(), 1, "{json}");
    check_plain(&json);
    let event: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&event["fields"]["tool"], &event["fields"]["text"]), (&EVIL.into(), &EVIL.into()));
}

#[test]
fn colors_are_ours_alone() {
    let text = logged(LogForm::Colored);
    let (ours, rest) = text.split_once("\u{1b}[31mERROR\u{1b}[0m").unwrap();
    assert!(ours.starts_with("\u{1b}[2m20"), "{ours:?}");
    check_plain(rest);
}

#[test]
fn a_line_that_is_longer_than_the_terminal_forges_none() {
    let mut lines = Lines::new(Vec::new(), Some(40));
    let padded = format!("x{}eyot: FORGED", " ".repeat(40 - "eyot: x".len()));
    lines.line(&format!("eyot: {padded}")).unwrap();
    lines.quote(&padded.repeat(3)).unwrap();
    lines.prompt(&padded.repeat(3)).unwrap();
    let text = String::from_utf8(lines.into_inner()).unwrap();
    for line in text.lines() {
        assert!(line.chars().count() <= 40 && !line.starts_with("eyot: FORGED"), "{text}");
    }
}
