//! A program that is killed and started again, many times.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::sync::watch;

use super::{Dice, Program};

/// Which life the program is in; it is up while the number is even.
pub(crate) type Lives = watch::Receiver<usize>;

/// How many sessions a test of crashes has: what `EYOT_CRASH_SESSIONS` says, or so many.
pub(crate) fn sessions_of_crashes(usual: usize) -> usize {
    let wanted = std::env::var("EYOT_CRASH_SESSIONS").ok();
    wanted.map_or(usual, |it| it.parse().expect("EYOT_CRASH_SESSIONS is a number"))
}

/// A program with a store, in one life after the other.
#[derive(Debug)]
pub(crate) struct Mortal<'a> {
    program: Program,
    pub(crate) address: SocketAddr,
    store: String,
    upstream: &'a [String],
    life: watch::Sender<usize>,
}

impl<'a> Mortal<'a> {
    /// Begins the first life.
    pub(crate) async fn born(store: &Path, upstream: &'a [String]) -> Self {
        Self::born_with(format!("sqlite:{}", store.display()), upstream).await
    }

    /// As [`born`](Self::born), with any store.
    pub(crate) async fn born_with(store: String, upstream: &'a [String]) -> Self {
        let program = Program::serve_from("127.0.0.1:0", &store, upstream).await;
        let (address, life) = (program.address, watch::Sender::new(0));
        Self { program, address, store, upstream, life }
    }

    pub(crate) fn lives(&self) -> Lives {
        self.life.subscribe()
    }

    /// Kills it so many times, each time after `pause_max` at most. The moment of death is the
    /// subject of the test, so it is left to chance.
    pub(crate) async fn kill(mut self, kills: usize, dice: &mut Dice, pause_max: Duration) -> Self {
        let sides = u64::try_from(pause_max.as_millis()).unwrap();
        for _ in 0..kills {
            tokio::time::sleep(Duration::from_millis(dice.roll(sides))).await;
            self.program.kill().await;
            self.life.send_modify(|it| *it += 1);
            let address = self.address.to_string();
            self.program = Program::serve_from(&address, &self.store, self.upstream).await;
            self.life.send_modify(|it| *it += 1);
        }
        self
    }

    /// The last death.
    pub(crate) async fn end(self) {
        self.program.kill().await;
    }
}
