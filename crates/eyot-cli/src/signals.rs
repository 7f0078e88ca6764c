//! The signals that ask the program to end.

use std::io;

use eyot::Shutdown;
use tokio::signal::unix::{self, SignalKind, signal};

/// A signal that asks the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGHUP: the terminal is gone.
    Hangup,
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGQUIT: Ctrl-\.
    Quit,
    /// SIGTERM.
    Terminate,
}

/// Receives every signal that asks the program to end, from its making on.
///
/// A SIGHUP or SIGQUIT that was ignored when the program started stays ignored: that is how `nohup`
/// lets a program outlive its terminal, and how a shell keeps Ctrl-\ from programs in the
/// background.
#[derive(Debug)]
pub(crate) struct Signals {
    hangup: Option<unix::Signal>,
    interrupt: unix::Signal,
    quit: Option<unix::Signal>,
    terminate: unix::Signal,
    /// The program was started at a terminal.
    has_terminal: bool,
}

impl Signals {
    /// Begins to receive.
    ///
    /// # Errors
    /// The error of the system, when signals cannot be received.
    pub(crate) fn new() -> io::Result<Self> {
        let ignored = ignored();
        let unless_ignored = |kind: SignalKind| {
            let is_ignored = ignored.contains(kind);
            (!is_ignored).then(|| signal(kind)).transpose()
        };
        Ok(Self {
            hangup: unless_ignored(SignalKind::hangup())?,
            quit: unless_ignored(SignalKind::quit())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            has_terminal: has_terminal(),
        })
    }

    /// Waits for the next signal.
    ///
    /// # Cancel safety
    /// Safe: a signal that has come is given out by the next call.
    pub(crate) async fn next(&mut self) -> Signal {
        let Self { hangup, interrupt, quit, terminate, .. } = self;
        tokio::select! {
            () = next_of(hangup) => Signal::Hangup,
            _ = interrupt.recv() => Signal::Interrupt,
            () = next_of(quit) => Signal::Quit,
            _ = terminate.recv() => Signal::Terminate,
        }
    }

    /// After the first signal: waits until another one asks for haste.
    ///
    /// A terminal that closes sends its SIGHUP twice, by the kernel and by the shell; so a SIGHUP
    /// never asks for haste.
    ///
    /// # Cancel safety
    /// As [`next`](Self::next).
    pub(crate) async fn haste(&mut self) {
        while self.next().await == Signal::Hangup {}
    }

    /// Drains at the first signal and ends at the second. Never ready. If there is something to
    /// reload, a SIGHUP does that, unless it says that the terminal is gone.
    ///
    /// # Cancel safety
    /// Dropping the future stops passing signals on; what it has told `shutdown` stays told.
    pub(crate) async fn pass_on(&mut self, shutdown: &Shutdown, reload: Option<impl Fn()>) {
        while self.next().await == Signal::Hangup
            && let Some(reload) = &reload
            && self.has_terminal == has_terminal()
        {
            reload();
        }
        tracing::info!("draining: running calls may finish");
        shutdown.drain();
        self.haste().await;
        tracing::warn!("ending at once");
        shutdown.finish();
        std::future::pending().await
    }
}

/// Whether a terminal controls this process. When it closes, that is over before SIGHUP comes.
fn has_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}

async fn next_of(signal: &mut Option<unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Signals that this process ignores, one bit for each: signal 1 is the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SignalSet(u64);

impl SignalSet {
    fn contains(self, kind: SignalKind) -> bool {
        let bit = u32::try_from(kind.as_raw_value() - 1).unwrap_or(u32::MAX);
        1_u64.checked_shl(bit).is_some_and(|bit| self.0 & bit != 0)
    }

    /// The line `SigIgn` of a process's status (proc(5)).
    fn parse(status: &str) -> Option<Self> {
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(ignored.trim(), 16).ok().map(Self)
    }
}

/// What the program was told to ignore by its parent. Only Linux tells without unsafe code;
/// elsewhere nothing counts as ignored.
fn ignored() -> SignalSet {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    SignalSet::parse(&status).unwrap_or(SignalSet(0))
}

#[cfg(test)]
mod tests;
