//! One cell of the matrix: a size, a number of clients, a form of the answer.

use std::fmt;

use anyhow::Context as _;
use eyot_benches::exchange::{Era, Form, Tool};
use serde::Serialize;

use crate::driver::{self, Driver};
use crate::load::{Extent, Load, Sample};
use crate::process::{self, Core, Server};
use crate::rounds::{self, Round};
use crate::subject::{Hop, Programs, Subject};

/// What is held fixed while hops are compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) form: Form,
    pub(crate) text_bytes: usize,
    pub(crate) connections: usize,
    /// Rounds that count.
    pub(crate) rounds: usize,
    /// Milliseconds for one hop in one round.
    pub(crate) millis: u64,
}

/// What is measured in every round.
pub(crate) const SUBJECTS: &[Subject] = &[
    Subject { hop: Hop::None, era: Era::Legacy },
    Subject { hop: Hop::Bare, era: Era::Legacy },
    Subject { hop: Hop::Envelope, era: Era::Legacy },
    Subject { hop: Hop::Eyot, era: Era::Legacy },
    Subject { hop: Hop::Bridge, era: Era::Legacy },
    Subject { hop: Hop::Envelope, era: Era::Modern },
    Subject { hop: Hop::Eyot, era: Era::Modern },
    Subject { hop: Hop::Bridge, era: Era::Modern },
];

/// The processes of one cell.
struct Bed {
    driver: Driver,
    /// What is measured, with its endpoint; the backend alone is among it.
    hops: Vec<(Subject, Server, String)>,
}

impl Cell {
    /// Measures all hops in rounds.
    pub(crate) fn measure(&self, programs: &Programs) -> anyhow::Result<Vec<Round>> {
        let mut bed = self.start(programs)?;
        rounds::measure(self.rounds, SUBJECTS, |subject| self.sample(&mut bed, subject))
    }

    /// With one client all processes share a core: on two, the wake-up of an idle virtual
    /// CPU (some 50 µs each way) would drown everything else.
    fn driver_core(&self) -> Core {
        if self.connections == 1 { Core::First } else { Core::Second }
    }

    fn start(&self, programs: &Programs) -> anyhow::Result<Bed> {
        let driver = programs.driver(self.driver_core())?;
        let mut hops = Vec::new();
        for &subject in SUBJECTS {
            let face = subject.hop.face(subject.era, self.form);
            let (server, url) = match subject.hop {
                Hop::None => {
                    let backend = programs.backend()?;
                    let url = driver::endpoint(&backend, face);
                    (backend, url)
                }
                hop => {
                    let mut command = process::on(Core::First);
                    programs.add_hop(&mut command, hop, &driver.endpoint(face));
                    let server = Server::start(command)?;
                    let url = server.url().to_owned();
                    (server, url)
                }
            };
            hops.push((subject, server, url));
        }
        Ok(Bed { driver, hops })
    }

    fn sample(&self, bed: &mut Bed, subject: Subject) -> anyhow::Result<Sample> {
        let hop = bed.hops.iter().find(|it| it.0 == subject);
        let (_, server, url) = hop.context("the hop was not started")?;
        bed.driver.measure(&Load {
            url: url.clone(),
            era: subject.era,
            tool: Tool::Echo,
            text_bytes: self.text_bytes,
            connections: self.connections,
            extent: Extent::Millis(self.millis),
            server_pid: server.pid(),
        })
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { form, text_bytes, connections, .. } = self;
        write!(f, "{form}, {text_bytes} bytes, {connections} clients")
    }
}

impl Serialize for Cell {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
