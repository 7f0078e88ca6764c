//! One cell of the matrix: a size, a number of clients, a form of the answer.

use std::fmt;

use eyot_benches::exchange::{Era, Form};
use serde::Serialize;

use crate::comparison::{Comparison, Side, Turns};
use crate::driver::{self, Driver};
use crate::load::Load;
use crate::process::{self, Core, Server};
use crate::subject::{Hop, Programs, Subject};

/// What is held fixed while hops are compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) form: Form,
    pub(crate) text_bytes: usize,
    pub(crate) connections: usize,
    pub(crate) turns: Turns,
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

impl Cell {
    /// Measures all hops in rounds.
    pub(crate) fn measure(&self, programs: &Programs) -> anyhow::Result<Comparison<Subject>> {
        let mut driver = programs.driver(Core::of_clients(self.connections))?;
        let sides = SUBJECTS.iter().map(|subject| self.side(programs, &driver, *subject));
        let sides = sides.collect::<anyhow::Result<Vec<_>>>()?;
        Comparison::measure(&mut driver, &sides, self.turns.rounds)
    }

    fn side(
        &self,
        programs: &Programs,
        driver: &Driver,
        subject: Subject,
    ) -> anyhow::Result<Side<Subject>> {
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
        let load = Load::echo(&server, subject.era, self.connections, self.turns.extent());
        let load = Load { url, text_bytes: self.text_bytes, ..load };
        Ok(Side { subject, server, load })
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
