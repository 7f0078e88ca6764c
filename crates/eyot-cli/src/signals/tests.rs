//! Which signals count as ignored.

use tokio::signal::unix::SignalKind;

use super::SignalSet;

#[test]
fn status_of_a_process_under_nohup_names_sighup_as_ignored() {
    let status = "Name:\teyot\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
    let ignored = SignalSet::parse(status).unwrap();
    assert!(ignored.contains(SignalKind::hangup()));
    assert!(ignored.contains(SignalKind::pipe()));
    assert!(!ignored.contains(SignalKind::quit()));
    assert!(!ignored.contains(SignalKind::from_raw(64)));
    assert!(!ignored.contains(SignalKind::from_raw(65)), "there is no such signal");
}

#[test]
fn status_without_the_line_names_nothing() {
    for status in ["", "SigIgn:\t\n", "SigIgn:\tx\n", "SigCgt:\t0000000000000001\n"] {
        assert_eq!(SignalSet::parse(status), None, "{status:?}");
    }
}
