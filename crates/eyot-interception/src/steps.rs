//! Settings, made into steps.

use std::path::Path;
use std::sync::Arc;

use eyot_guard::{
    Counts, Pins, Rules, Secrets, TaintGuard, Tools, Trust, hidden_characters, injection_markers,
    response_size,
};
use eyot_interceptors::{Interceptor, Phase};
use eyot_rules::{OuterName, Problem, RuleSet};
use parking_lot::Mutex;

use crate::outer::Callable;
use crate::settings::{At, FIRST_SIGHT, GuardSettings, Hidden, SecretSettings, Settings};

/// What outlives a reload: what rules have counted, and which tools were seen.
#[derive(Debug, Default)]
pub struct Kept {
    counts: Arc<Counts>,
    tools: Mutex<Option<KeptTools>>,
    /// The interceptors that rules can call.
    pub(crate) callable: Callable,
}

/// Tools that were seen, and what made them be trusted.
#[derive(Debug)]
struct KeptTools {
    pins: Option<String>,
    hidden: Hidden,
    tools: Arc<Tools>,
}

/// Something that is wrong with settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct SettingsProblem {
    /// The member of the settings, such as `rules[0]`. `None`: the message has a place of its own, in
    /// another file.
    pub member: Option<String>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl SettingsProblem {
    pub(crate) fn at(member: impl Into<String>, message: impl Into<String>) -> Self {
        Self { member: Some(member.into()), message: message.into() }
    }

    /// With a message that has its place.
    pub(crate) const fn placed(message: String) -> Self {
        Self { member: None, message }
    }
}

/// Reads a file that settings name.
pub(crate) type Read<'a> = &'a (dyn Fn(&Path) -> Result<String, String> + Sync);

/// The steps of this process, and what their rules name outside of their files.
#[derive(Debug)]
pub(crate) struct Native {
    pub(crate) steps: Vec<Interceptor>,
    pub(crate) names: Vec<OuterName>,
}

/// The steps of this process.
pub(crate) fn steps(
    settings: &Settings,
    kept: &Kept,
    read: Read<'_>,
) -> Result<Native, Vec<SettingsProblem>> {
    let mut problems = Vec::new();
    let (mut steps, mut names) = (Vec::new(), Vec::new());
    let tools = match tools(&settings.guard, kept, read) {
        Ok(tools) => tools,
        Err(problem) => return Err(vec![problem]),
    };
    match guards(&settings.guard, &tools) {
        Ok(guards) => steps.extend(guards),
        Err(problem) => problems.push(problem),
    }
    let knows_tools = settings.guard.needs_tools() || !settings.rules.is_empty();
    steps.extend(knows_tools.then(|| tools.list_step()));
    for (at, file) in settings.rules.iter().enumerate() {
        let name = file.display().to_string();
        let compiled =
            read(file).map_err(|it| vec![SettingsProblem::at(format!("rules[{at}]"), it)]);
        let compiled = compiled.and_then(|text| {
            let compiled = RuleSet::compile(&name, &text);
            let compiled = compiled.and_then(|set| match settings.boundary {
                At::Upstream => set.check_stays_here(NOT_UPSTREAM).map(|()| set),
                At::Downstream => Ok(set),
            });
            let placed = |it: &Problem| SettingsProblem::placed(it.to_string());
            compiled.map_err(|it| it.as_slice().iter().map(placed).collect())
        });
        match compiled {
            Ok(set) => {
                names.extend(set.outer_names());
                let rules = Rules::new(set, Arc::clone(&tools), Arc::clone(&kept.counts));
                let rules = rules.calling(Arc::new(kept.callable.clone()));
                // In the order of the file: names decide among steps of one place.
                let place = i32::try_from(at).unwrap_or(i32::MAX);
                steps.push(rules.interceptor(&format!("rules/{name}")).priority(place));
            }
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(Native { steps, names }) } else { Err(problems) }
}

impl GuardSettings {
    /// Whether the definitions of tools have to be known.
    fn needs_tools(&self) -> bool {
        self.pins.is_some() || self.arguments || self.hidden == Hidden::Hold
    }
}

/// The tools, as they were seen before unless others are trusted now.
fn tools(
    guard: &GuardSettings,
    kept: &Kept,
    read: Read<'_>,
) -> Result<Arc<Tools>, SettingsProblem> {
    let pins = match guard.pins.as_deref() {
        None | Some(FIRST_SIGHT) => guard.pins.clone(),
        Some(file) => {
            let text = read(Path::new(file));
            Some(text.map_err(|message| SettingsProblem::at("guard.pins", message))?)
        }
    };
    let mut known = kept.tools.lock();
    if let Some(known) = known.as_ref().filter(|it| it.pins == pins && it.hidden == guard.hidden) {
        return Ok(Arc::clone(&known.tools));
    }
    let trust = match pins.as_deref() {
        None => Trust::Latest,
        Some(FIRST_SIGHT) => Trust::FirstSight,
        Some(text) => Trust::Pinned(
            Pins::parse(text).map_err(|it| SettingsProblem::at("guard.pins", it.to_string()))?,
        ),
    };
    let tools = Tools::new(trust);
    let tools = if guard.hidden == Hidden::Hold { tools.holding_hidden() } else { tools };
    let tools = Arc::new(tools);
    *known = Some(KeptTools { pins, hidden: guard.hidden, tools: Arc::clone(&tools) });
    Ok(tools)
}

fn guards(guard: &GuardSettings, tools: &Arc<Tools>) -> Result<Vec<Interceptor>, SettingsProblem> {
    let forms = guard.secrets.as_ref().map(|it| it.forms.clone()).unwrap_or_default();
    let secrets = Secrets::known_and(forms);
    let secrets =
        secrets.map_err(|it| SettingsProblem::at("guard.secrets.forms", it.to_string()))?;
    let holds = guard.pins.is_some() || guard.hidden == Hidden::Hold;
    let mut steps = Vec::new();
    steps.extend(holds.then(|| tools.call_step()));
    steps.extend(guard.arguments.then(|| tools.arguments_step()));
    if let Some(SecretSettings { calls, results, .. }) = guard.secrets {
        let phases = [calls.then_some(Phase::Request), results.then_some(Phase::Response)];
        let phases: Vec<_> = phases.into_iter().flatten().collect();
        if !phases.is_empty() {
            steps.push(secrets.clone().redactor().interceptor(&phases));
        }
    }
    steps.extend(guard.taint.then(|| TaintGuard::new(secrets).interceptor()));
    steps.extend((guard.hidden == Hidden::Report).then(hidden_characters));
    steps.extend(guard.injection.then(injection_markers));
    steps.extend(guard.response_bytes_max.map(response_size));
    Ok(steps)
}

const NOT_UPSTREAM: &str = "works at the boundary to clients only: say `boundary: downstream` in the \
                            file of interceptors";

#[cfg(test)]
mod tests;
