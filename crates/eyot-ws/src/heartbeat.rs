//! The times of a connection: its pings, and the patience with its peer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::WsLimits;

/// One timer for everything that a connection waits for.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    ping_interval: Duration,
    pong_timeout: Duration,
    message_timeout: Duration,
    /// When the last bytes came.
    heard: Instant,
    /// When a ping was sent that nothing has followed.
    pinged: Option<Instant>,
    /// When the message began that is coming.
    message_began: Option<Instant>,
    /// Made when something is waited for.
    sleep: Option<Pin<Box<Sleep>>>,
    /// Control frames that have come since a moment.
    control_frames: (Instant, u32),
}

/// What the time has come for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// A ping: the peer was silent.
    Ping,
    /// The end: the peer has not answered the ping.
    Dead,
    /// The end: a message takes too long.
    SlowMessage,
}

impl Heartbeat {
    pub(crate) fn new(limits: &WsLimits) -> Self {
        let now = Instant::now();
        Self {
            ping_interval: limits.socket.ping_interval,
            pong_timeout: limits.socket.pong_timeout,
            message_timeout: limits.message_timeout,
            heard: now,
            pinged: None,
            message_began: None,
            sleep: None,
            control_frames: (now, 0),
        }
    }

    /// Bytes have come.
    pub(crate) fn hear(&mut self) -> Instant {
        self.heard = Instant::now();
        self.pinged = None;
        self.heard
    }

    /// Tells whether a message is coming, as of the last bytes.
    pub(crate) fn note_message(&mut self, is_coming: bool) {
        match is_coming {
            true => drop(self.message_began.get_or_insert(self.heard)),
            false => self.message_began = None,
        }
    }

    /// Counts a control frame; whether as many came within a second as may.
    pub(crate) fn count_control_frame(&mut self, per_second_max: u32) -> bool {
        let (since, count) = &mut self.control_frames;
        if self.heard.duration_since(*since) >= Duration::from_secs(1) {
            (*since, *count) = (self.heard, 0);
        }
        *count += 1;
        *count <= per_second_max
    }

    /// Waits for the next thing that is due. Notes a ping as sent.
    pub(crate) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        loop {
            let (at, due) = self.next();
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
            if sleep.deadline() > at {
                sleep.as_mut().reset(at);
            }
            ready!(sleep.as_mut().poll(cx));
            // Bytes that come move the end of the wait, but not the timer.
            if Instant::now() < at {
                sleep.as_mut().reset(at);
                continue;
            }
            if due == Due::Ping {
                self.pinged = Some(Instant::now());
            }
            return Poll::Ready(due);
        }
    }

    fn next(&self) -> (Instant, Due) {
        let beat = match self.pinged {
            None => (self.heard + self.ping_interval, Due::Ping),
            Some(pinged) => (pinged + self.pong_timeout, Due::Dead),
        };
        let slow = self.message_began.map(|it| (it + self.message_timeout, Due::SlowMessage));
        slow.filter(|(at, _)| *at < beat.0).unwrap_or(beat)
    }
}
