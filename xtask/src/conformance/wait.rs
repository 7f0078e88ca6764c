//! Waits for other programs, but not for ever.

use std::io::{Read as _, pipe};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::program;

/// What a program said until it ended, or until it was killed because it took too long.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) said: String,
    pub(super) is_success: bool,
}

/// Starts a command in a process group of its own and waits for its end.
///
/// Whoever takes longer than `patience` is killed with all that it has started: a client that
/// hangs outlives the shell that the suite started it with.
pub(super) fn for_end(mut command: Command, patience: Duration) -> anyhow::Result<Ended> {
    let (mut reader, writer) = pipe().context("make a pipe")?;
    // Both streams in one pipe: the order of the lines says what belongs together.
    command.stdout(writer.try_clone().context("make a pipe")?).stderr(writer);
    let mut child = command.stdin(Stdio::null()).process_group(0).spawn().context("start it")?;
    // The command holds the writing end open, and the reader waits for the end of it.
    drop(command);
    let reading = in_thread(move || {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map(|_| bytes)
    });
    let mut read = reading.recv_timeout(patience);
    let is_late = read.is_err();
    if is_late {
        let group = format!("kill -KILL -{}", child.id());
        program::run_quietly(Command::new("sh").args(["-c", &group])).context("kill it")?;
        // Nobody is left to hold the pipe open.
        read = reading.recv_timeout(KILL_PATIENCE);
    }
    let status = child.wait().context("wait for its end")?;
    let bytes = read.context("its output has no end")?.context("read what it says")?;
    let mut said = String::from_utf8_lossy(&bytes).into_owned();
    if is_late {
        said.push_str(&format!("\n{NO_END} within {} s\n", patience.as_secs()));
    }
    Ok(Ended { said, is_success: status.success() && !is_late })
}

/// The longest that the end of a killed program takes.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// How what is said of a program that was killed begins.
pub(super) const NO_END: &str = "did not come to an end";

/// Waits until somebody listens on a port of this machine; `false` if nobody does in time.
#[expect(clippy::disallowed_methods, reason = "this tool has no runtime")]
pub(super) fn for_port(port: u16, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    let is_open = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    while !is_open() {
        if Instant::now() > until {
            return false;
        }
        thread::sleep(PORT_PAUSE);
    }
    true
}

/// Between two looks at a port.
const PORT_PAUSE: Duration = Duration::from_millis(20);

/// Does something in a thread of its own, which is left behind if nobody waits for it.
fn in_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // Nobody receives if the time is over.
    thread::spawn(move || drop(sender.send(work())));
    receiver
}

#[cfg(test)]
mod tests;
