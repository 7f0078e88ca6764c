//! The files that settings come from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eyot_config::{Dialect, Document, Problem, Sections, Severity};

use crate::problems::FileProblems;
use crate::proxy_settings::{ProxySettings, ServerRules};
use crate::settings::Settings;
use crate::steps::SettingsProblem;

/// The files that the settings of one proxy come from.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by its users, from its default")]
pub struct SettingsFiles {
    /// A file of interceptors. What it says stands in the place of what the files of servers say for all.
    pub interceptors: Option<PathBuf>,
    /// Files of servers.
    pub servers: Vec<PathBuf>,
    /// Whose files these are. `None`: what their names and contents say.
    pub dialect: Option<Dialect>,
    /// The one server of the files that the proxy has. `None`: it has all that are not disabled.
    pub only: Option<String>,
}

/// What files say, with the places.
#[derive(Debug, Default)]
pub(crate) struct Said {
    all: Option<Document>,
    own: BTreeMap<String, Document>,
}

impl SettingsFiles {
    /// The files themselves, without those that they name.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.interceptors.iter().chain(&self.servers)
    }

    /// Reads all of them.
    pub(crate) fn read(&self) -> Result<(Said, ProxySettings), FileProblems> {
        let mut said = Said::default();
        let mut problems = Vec::new();
        for path in &self.servers {
            let text = read_bytes(path).map_err(FileProblems::one)?;
            match Sections::read(&path.display().to_string(), &text, self.dialect) {
                Ok(sections) => problems.extend(said.add(sections, self)),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(problems.into());
        }
        if let Some(path) = &self.interceptors {
            let text = read_bytes(path).map_err(FileProblems::one)?;
            let document = Document::read(&path.display().to_string(), &text);
            said.all = Some(document.and_then(Document::of_interceptors)?);
        }
        let settings = said.settings()?;
        Ok((said, settings))
    }
}

impl Said {
    /// Adds what a file of servers says; what is wrong with that.
    fn add(&mut self, sections: Sections, files: &SettingsFiles) -> Option<Problem> {
        match &files.only {
            Some(name) => {
                let own = sections.of_server(name).map(|it| (String::new(), it.clone()));
                self.own.extend(own);
            }
            None => self.own.extend(sections.enabled),
        }
        let all = sections.all.filter(|_| files.interceptors.is_none())?;
        match &self.all {
            Some(other) => {
                let place = other.problem("", "");
                let at = place.at.map(|it| format!(":{it}")).unwrap_or_default();
                let message = format!(
                    "what holds for all servers stands at {}{at} as well: say it in one file",
                    place.source
                );
                Some(all.problem("", &message))
            }
            None => {
                self.all = Some(all);
                None
            }
        }
    }

    fn settings(&self) -> Result<ProxySettings, Vec<Problem>> {
        let mut settings = ProxySettings::default();
        let mut problems = Vec::new();
        for (name, document) in self.every() {
            match (decoded(document), name) {
                (Ok(all), None) => settings.all = all,
                (Ok(own), Some(name)) => drop(settings.own.insert(name.to_owned(), own)),
                (Err(problem), _) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    fn every(&self) -> impl Iterator<Item = (Option<&str>, &Document)> {
        let own = self.own.iter().map(|(name, it)| (Some(name.as_str()), it));
        self.all.iter().map(|it| (None, it)).chain(own)
    }

    /// What is wrong with settings, at its place.
    pub(crate) fn placed(&self, problems: &[SettingsProblem]) -> Vec<Problem> {
        problems.iter().map(|it| self.placed_one(it)).collect()
    }

    fn placed_one(&self, problem: &SettingsProblem) -> Problem {
        let document = match &problem.server {
            None => self.all.as_ref(),
            Some(name) => self.own.get(name),
        };
        let member = problem.member.as_deref().unwrap_or_default();
        let placed = document.map(|it| it.problem(member, &problem.message));
        let placed = placed.unwrap_or_else(|| Problem {
            severity: Severity::Error,
            source: "interceptors".into(),
            at: None,
            server: problem.server.clone(),
            message: problem.message.clone(),
        });
        match &problem.rule {
            None => placed,
            Some(rule) => Problem {
                source: Arc::clone(&rule.file),
                at: Some(rule.at),
                message: rule.message.clone(),
                ..placed
            },
        }
    }
}

/// What is wrong with what a file of servers says of interceptors, as far as that is known without asking
/// a server. What the settings name is read.
#[must_use]
pub fn problems_of_servers(path: &str, text: &[u8], dialect: Option<Dialect>) -> Vec<Problem> {
    let found = || {
        let sections = Sections::read(path, text, dialect)?;
        let mut said = Said::default();
        drop(said.add(sections, &SettingsFiles::default()));
        let settings = said.settings()?;
        settings.check(&read_named).map_err(|it| said.placed(&it))
    };
    found().err().unwrap_or_default()
}

/// The sets of rules that a file of servers or of interceptors has in place, and those of the files that it
/// names; each with the server that it is for. `None`: it is another file.
///
/// # Errors
///
/// All that is wrong with the settings and the rules.
pub fn rule_sets_of(path: &str, text: &[u8]) -> Option<Result<ServerRules, FileProblems>> {
    let document = Document::read(path, text).ok()?;
    let has = |keys: &[&str]| keys.iter().any(|it| document.root().member(it).is_some());
    if has(&["version", "default"]) || !has(&["servers", "interceptors", "guard", "rules"]) {
        return None;
    }
    let found = || {
        let mut said = Said::default();
        match Sections::read(path, text, None)? {
            // It may be a file of interceptors alone.
            Sections { all: None, enabled, .. } if enabled.is_empty() => {
                said.all = Some(document.clone().of_interceptors()?);
            }
            sections => drop(said.add(sections, &SettingsFiles::default())),
        }
        let settings = said.settings()?;
        settings.rule_sets(&read_named).map_err(|it| said.placed(&it))
    };
    Some(found().map_err(FileProblems::from))
}

fn decoded(document: &Document) -> Result<Settings, Problem> {
    let mut settings: Settings = document.decode()?;
    settings.locate_rules(document);
    Ok(settings)
}

pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let read = eyot_files::read(path, BYTES_MAX);
    read.map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Reads a file that the settings name: from the folder that the program runs in.
pub(crate) fn read_named(path: &Path) -> Result<String, String> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).map_err(|_| format!("{} is not in UTF-8", path.display()))
}

/// Bytes of a file; longer ones are refused by their readers.
const BYTES_MAX: u64 = (16 << 20) + 1;

#[cfg(test)]
mod tests;
