//! A running child process, driven by the one task that owns it.

use std::fmt;
use std::future::poll_fn;
use std::process::ExitStatus;
use std::task::{Context, Poll};

use bytes::Bytes;
use eyot_frame::FrameError;
use eyot_service::QueueFull;
use tokio::process::{ChildStdin, ChildStdout};
use tokio::time::Instant;

use crate::group::Group;
use crate::ladder::{Ladder, Step};
use crate::reader::LineReader;
use crate::reaper::StartingChild;
use crate::stderr::Stderr;
use crate::timer::Timer;
use crate::writer::LineWriter;
use crate::{ChildLimits, Command, ExitReport, SpawnError};

/// A child process that speaks one message per line on stdin and stdout.
///
/// One task drives everything, with no task and no channel inside: every poll of [`next`] writes
/// what is queued, drains stderr, reads stdout and looks for the exit, all at once. So a child that
/// reads nothing cannot keep its output from being read, nor the other way round. Nothing moves
/// unless the child is polled: keep `next` in the task's `select!`.
///
/// The child is expected to leave when its stdin ends, when it closes its stdout, or when it closes
/// its stdin while a message waits for it. After that, SIGTERM and SIGKILL follow after their
/// graces. Dropping the child kills its whole process group at once.
///
/// [`next`]: Self::next
pub struct Child {
    group: Group,
    input: LineWriter<ChildStdin>,
    output: LineReader<ChildStdout>,
    stderr: Stderr,
    ladder: Ladder,
    timer: Timer,
    status: Option<ExitStatus>,
    report: Option<ExitReport>,
}

/// What the child did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildEvent {
    /// A line of the child's stdout, without the line end. It may be no message, or not even UTF-8;
    /// the reader checks that. Blank lines are skipped.
    Line(Bytes),
    /// A line over the limit, skipped; the next line is read as usual.
    BadLine(FrameError),
    /// The child has ended, and every line before its end was given out. The event repeats for
    /// ever.
    Exited(ExitReport),
}

impl Child {
    /// Starts `command` in a process group of its own.
    ///
    /// # Errors
    /// [`SpawnError`] when the command is impossible or the system refuses.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver; [`next`](Self::next) needs its clock as well.
    pub fn spawn(command: &Command, limits: ChildLimits) -> Result<Self, SpawnError> {
        let starting = StartingChild::new();
        let mut leader = command.start(starting.variable())?;
        let pid = leader.id();
        let output = LineReader::of_child(leader.stdout().take(), limits.line_bytes_max);
        Ok(Self {
            input: LineWriter::new(leader.stdin().take(), limits.queue_bytes_max),
            output,
            stderr: Stderr::new(leader.stderr().take(), limits.stderr_tail_bytes, pid),
            ladder: Ladder::new(limits.exit_grace, limits.kill_grace),
            timer: Timer::default(),
            group: Group::new(leader, starting),
            status: None,
            report: None,
        })
    }

    /// The process id, which is also the number of its group. `None`: the child has exited.
    pub fn pid(&self) -> Option<u32> {
        self.group.pid()
    }

    /// Queues the pieces of one JSON text as one line for stdin; [`next`](Self::next) writes it.
    ///
    /// Never waits. Line ends between the JSON's tokens become spaces. Large pieces are shared.
    ///
    /// # Errors
    /// [`QueueFull`] when the line does not fit, or stdin is closed. Nothing of it is sent then.
    pub fn queue(&mut self, pieces: impl IntoIterator<Item = Bytes>) -> Result<(), QueueFull> {
        self.input.queue(pieces)
    }

    /// Bytes that the other end has been given, from the first line on. Bytes that are queued and
    /// not counted here have provably not been read by the other end.
    pub fn written_bytes(&self) -> u64 {
        self.input.written_bytes()
    }

    /// Bytes that are queued and not yet written.
    pub fn queued_bytes(&self) -> usize {
        self.input.queued_bytes()
    }

    /// The next thing that the child does; meanwhile everything else goes on as well.
    ///
    /// # Cancel safety
    /// Safe: all progress, of both directions, is kept in the child.
    pub async fn next(&mut self) -> ChildEvent {
        poll_fn(|context| self.poll_event(context)).await
    }

    /// As [`next`](Self::next), for a caller that polls by hand.
    pub fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<ChildEvent> {
        if let Some(report) = &self.report {
            return Poll::Ready(ChildEvent::Exited(report.clone()));
        }
        self.input.poll_write(context);
        self.stderr.poll_drain(context);
        self.poll_exit(context);
        self.poll_ladder(context);
        let is_silent = match self.output.poll_line(context) {
            Poll::Ready(Some(Ok(line))) => return Poll::Ready(ChildEvent::Line(line)),
            Poll::Ready(Some(Err(error))) => return Poll::Ready(ChildEvent::BadLine(error)),
            Poll::Ready(None) => true,
            Poll::Pending => self.ladder.is_over(),
        };
        if is_silent && self.is_done() {
            return Poll::Ready(ChildEvent::Exited(self.finish()));
        }
        self.poll_farewell(context);
        Poll::Pending
    }

    /// Ends stdin after what is queued, which asks the child to leave; signals follow after their
    /// graces. [`next`](Self::next) still gives the lines that come, then the exit.
    pub fn start_close(&mut self) {
        self.input.close();
        self.ladder.handle_close(Instant::now());
    }

    /// Ends the child in order: end of stdin, SIGTERM to its group, SIGKILL to its group.
    ///
    /// Takes at most both graces of [`ChildLimits`] and a little more. Lines that still come are
    /// dropped; use [`start_close`](Self::start_close) to read them.
    ///
    /// # Cancel safety
    /// Dropping the future kills the group at once; the runtime reaps the child.
    pub async fn close(mut self) -> ExitReport {
        self.start_close();
        loop {
            if let ChildEvent::Exited(report) = self.next().await {
                return report;
            }
        }
    }

    /// Sends the signals that are due, and arms the timer for the next one.
    fn poll_ladder(&mut self, context: &mut Context<'_>) {
        while let Some(deadline) = self.ladder.poll_timeout() {
            if self.timer.poll_until(deadline, context).is_pending() {
                return;
            }
            match self.ladder.handle_timeout(Instant::now()) {
                Some(Step::Terminate) => self.group.terminate(),
                Some(Step::Kill) => self.group.kill(),
                None => self.output.read_rest_only(),
            }
        }
    }

    fn poll_exit(&mut self, context: &mut Context<'_>) {
        if self.ladder.has_exited() {
            return;
        }
        if let Poll::Ready(status) = self.group.poll_exit(context) {
            // Without a status, another part of the process has reaped the child: it is gone in
            // either case.
            self.status = status.ok();
            self.ladder.handle_exit(Instant::now());
        }
    }

    /// A child that cannot read or cannot answer is of no use: it is told to leave.
    fn poll_farewell(&mut self, context: &mut Context<'_>) {
        if self.output.is_ended() || !self.input.is_open() {
            self.start_close();
            self.input.poll_write(context);
            self.poll_ladder(context);
        }
        if self.ladder.is_over() {
            // The last deadline has just passed, and nothing else would wake the task.
            context.waker().wake_by_ref();
        }
    }

    /// Whether nothing can come any more, or nothing more is waited for.
    fn is_done(&self) -> bool {
        let is_gone = self.ladder.has_exited() && self.stderr.is_ended();
        is_gone || self.ladder.is_over()
    }

    fn finish(&mut self) -> ExitReport {
        self.group.end();
        let report = ExitReport::new(self.status, self.stderr.take_tail());
        self.report.insert(report).clone()
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Child")
            .field("pid", &self.pid())
            .field("queued_bytes", &self.queued_bytes())
            .field("ladder", &self.ladder)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
