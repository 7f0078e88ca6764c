//! The HTTP policy of a file, made anew when the file changes.

use std::path::{Path, PathBuf};

use eyot_config::{Document, Problem};
use eyot_policy::{CompiledPolicy, LivePolicy, Policy, PolicyProblems};
use futures_util::future::BoxFuture;

use crate::fresh::Reread;
use crate::problems::FileProblems;
use crate::settings_files::read_bytes;

/// A policy, and the file that it comes from: a file of one, or the section `policy` of a file of servers.
#[derive(Debug)]
pub struct PolicyFile {
    path: PathBuf,
    live: LivePolicy,
}

impl PolicyFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, and where.
    pub fn open(path: &Path) -> Result<Self, FileProblems> {
        let compiled = Self::compile(path)?;
        Ok(Self { path: path.to_owned(), live: LivePolicy::new(compiled) })
    }

    /// Reads a file, for its policy as it is now.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn compile(path: &Path) -> Result<CompiledPolicy, FileProblems> {
        let (document, policy) = read(path)?;
        Ok(policy.compile().map_err(|it| placed(&document, &it))?)
    }

    /// What is wrong with the section `policy` of a file of servers.
    #[must_use]
    pub fn problems_of_servers(path: &str, text: &[u8]) -> Vec<Problem> {
        let document = Document::read(path, text).ok().filter(|it| it.has_section(SECTION));
        let Some(document) = document else { return Vec::new() };
        let document = document.section(SECTION);
        match document.decode::<Policy>() {
            Ok(policy) => {
                policy.compile().err().map(|it| placed(&document, &it)).unwrap_or_default()
            }
            Err(problem) => vec![problem],
        }
    }

    /// What the proxy needs.
    #[must_use]
    pub fn live(&self) -> LivePolicy {
        self.live.clone()
    }

    fn reload(&self) -> Result<(), FileProblems> {
        let (document, policy) = read(&self.path)?;
        Ok(self.live.replace(&policy).map_err(|it| placed(&document, &it))?)
    }
}

impl Reread for PolicyFile {
    fn files(&self) -> Vec<PathBuf> {
        vec![self.path.clone()]
    }

    fn reread(&self) -> BoxFuture<'_, ()> {
        let path = self.path.display();
        match self.reload() {
            Ok(()) => tracing::info!(%path, "policy is read again"),
            Err(error) => {
                tracing::error!(%error, "the new policy cannot be used; the old one holds on");
            }
        }
        Box::pin(std::future::ready(()))
    }
}

fn read(path: &Path) -> Result<(Document, Policy), FileProblems> {
    let text = read_bytes(path).map_err(FileProblems::one)?;
    let document = Document::read(&path.display().to_string(), &text)?.section(SECTION);
    let policy = document.decode().map_err(|it| vec![it])?;
    Ok((document, policy))
}

fn placed(document: &Document, problems: &PolicyProblems) -> Vec<Problem> {
    problems.iter().map(|it| document.problem(&it.member, &it.to_string())).collect()
}

/// The section of a file of servers.
const SECTION: &str = "policy";
