//! All that is said of interceptors for one proxy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eyot_rules::RuleSet;

use crate::settings::{Hidden, Settings};
use crate::steps::{Kept, Read, SettingsProblem, Whose, rule_sets, steps};

/// What is said of interceptors for one proxy.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing else that settings can be for")]
pub struct ProxySettings {
    /// For all servers.
    pub all: Settings,
    /// For single servers, by their names; for the server of a proxy that has one, under the empty name.
    /// What is here stands at the boundary to that server, behind what is there for all.
    pub own: BTreeMap<String, Settings>,
}

/// Sets of rules, each with the server that it is for; `None`: for all.
pub type ServerRules = Vec<(Option<String>, RuleSet)>;

impl From<Settings> for ProxySettings {
    fn from(all: Settings) -> Self {
        Self { all, own: BTreeMap::new() }
    }
}

impl ProxySettings {
    /// The files that they name.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        self.every().flat_map(|it| it.1.files()).collect()
    }

    /// Finds all that is wrong with them, as far as that is known without asking a server.
    ///
    /// # Errors
    ///
    /// All that is wrong.
    pub fn check(
        &self,
        read: &(dyn Fn(&Path) -> Result<String, String> + Sync),
    ) -> Result<(), Vec<SettingsProblem>> {
        let checked = self.every().map(|(name, settings)| {
            let checked = steps(&settings, &self.whose(name), &Kept::default(), read);
            about(name, checked.map(drop))
        });
        let problems: Vec<_> = checked.filter_map(Result::err).flatten().collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The sets of rules that they have in place, and those of the files that they name; each with the server
    /// that it is for.
    pub(crate) fn rule_sets(&self, read: Read<'_>) -> Result<ServerRules, Vec<SettingsProblem>> {
        let (mut all, mut problems) = (Vec::new(), Vec::new());
        for (name, settings) in self.every() {
            match about(name, rule_sets(&settings, &self.whose(name), read)) {
                Ok(sets) => {
                    all.extend(sets.into_iter().map(|it| (name.map(str::to_owned), it.1)));
                }
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() { Ok(all) } else { Err(problems) }
    }

    /// Those for all, and those of each server.
    pub(crate) fn every(&self) -> impl Iterator<Item = (Option<&str>, Settings)> {
        let own = self.own.iter();
        let own = own.map(|(name, it)| (Some(name.as_str()), it.clone().within(&self.all)));
        std::iter::once((None, self.all.clone())).chain(own)
    }

    /// Whose the settings are that are for a server, or for all.
    pub(crate) fn whose(&self, server: Option<&str>) -> Whose {
        match server {
            Some(_) => Whose::One { held_for_all: self.all.guard.hidden == Some(Hidden::Hold) },
            None => {
                let deciding = self.own.iter().filter(|it| it.1.guard.hidden.is_some());
                Whose::All { but: deciding.map(|it| it.0.clone()).collect() }
            }
        }
    }
}

/// Says of what is wrong whose settings it is in.
pub(crate) fn about<T>(
    server: Option<&str>,
    result: Result<T, Vec<SettingsProblem>>,
) -> Result<T, Vec<SettingsProblem>> {
    result.map_err(|mut problems| {
        problems.iter_mut().for_each(|it| it.server = server.map(str::to_owned));
        problems
    })
}
