//! The program at a terminal of its own.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::process::Command;
use tokio::sync::mpsc;

use super::program::program;
use super::within;

/// What a user at the terminal does: waits for a text, then types another.
pub(crate) type Typed<'a> = (&'a str, &'a str);

/// Runs the program with these arguments at a terminal of 80 columns, until it ends, and returns
/// what the terminal was sent. It is ended when `until` was sent.
pub(crate) async fn at_terminal(args: &[&str], typed: &[Typed<'_>], until: Option<&str>) -> String {
    let (own, theirs) = open();
    let stdio = || Stdio::from(theirs.try_clone().unwrap());
    let mut command = Command::new(program());
    command.args(args).stdin(stdio()).stdout(stdio()).stderr(stdio());
    command.env_remove("RUST_LOG").env("NO_COLOR", "1").kill_on_drop(true);
    let mut child = command.spawn().expect("the program starts");
    drop((command, theirs));
    let mut keyboard = File::from(own.try_clone().unwrap());
    let mut chunks = read_all(own);
    let mut typed = typed.iter();
    let mut next = typed.next();
    let mut shown = Vec::new();
    let reading = async {
        while let Some(chunk) = chunks.recv().await {
            shown.extend_from_slice(&chunk);
            let text = String::from_utf8_lossy(&shown).into_owned();
            if let Some((wanted, line)) = next
                && text.contains(wanted)
            {
                keyboard.write_all(line.as_bytes()).unwrap();
                next = typed.next();
            }
            if until.is_some_and(|it| text.contains(it)) {
                child.start_kill().unwrap();
            }
        }
    };
    within(&format!("the end of {args:?}"), reading).await;
    assert_eq!(next, None, "{}", String::from_utf8_lossy(&shown));
    // The terminal begins each line at its left edge.
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}

/// The two ends of a terminal.
fn open() -> (OwnedFd, OwnedFd) {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let own = openpt(flags).unwrap();
    grantpt(&own).unwrap();
    unlockpt(&own).unwrap();
    let theirs = ioctl_tiocgptpeer(&own, flags).unwrap();
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&own, size).unwrap();
    (own, theirs)
}

/// Reads until the other end is closed.
fn read_all(own: OwnedFd) -> mpsc::Receiver<Vec<u8>> {
    let (sender, chunks) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut terminal = File::from(own);
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = terminal.read(&mut chunk)
            && sender.blocking_send(chunk[..count].to_vec()).is_ok()
        {}
    });
    chunks
}
