//! Settings, made into steps.

use std::path::Path;
use std::sync::Arc;

use eyot_guard::{
    Counts, Pins, Rules, Secrets, TaintGuard, Tools, Trust, hidden_characters,
    hidden_characters_but_of, injection_markers, response_size, trace,
};
use eyot_interceptors::{Interceptor, Phase};
use eyot_rules::{OuterName, Problems, RuleSet};
use parking_lot::Mutex;

use crate::outer::Callable;
use crate::rule_source::RuleSource;
use crate::settings::{At, FIRST_SIGHT, GuardSettings, Hidden, SecretSettings, Settings};

/// What outlives a reload: what rules have counted, and which tools were seen.
#[derive(Debug, Default)]
pub struct Kept {
    counts: Arc<Counts>,
    tools: Mutex<Option<KeptTools>>,
    /// The interceptors that rules can call.
    pub(crate) callable: Callable,
}

impl Kept {
    /// Of rules that can call these, and have counted nothing yet.
    pub(crate) fn calling(callable: Callable) -> Self {
        Self { callable, ..Self::default() }
    }
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
    /// The server whose settings they are. `None`: they are for all.
    pub server: Option<String>,
    /// The member of the settings, such as `rules[0]`. `None`: the message has a place of its own, that of
    /// `rule`.
    pub member: Option<String>,
    /// What is wrong, and what to do.
    pub message: String,
    /// What is wrong with a rule.
    pub rule: Option<Box<eyot_rules::Problem>>,
}

impl SettingsProblem {
    pub(crate) fn at(member: impl Into<String>, message: impl Into<String>) -> Self {
        let (member, message) = (Some(member.into()), message.into());
        Self { server: None, member, message, rule: None }
    }

    pub(crate) fn of_rule(rule: &eyot_rules::Problem) -> Self {
        let (message, rule) = (rule.to_string(), Some(Box::new(rule.clone())));
        Self { server: None, member: None, message, rule }
    }
}

/// Reads a file that settings name.
pub(crate) type Read<'a> = &'a (dyn Fn(&Path) -> Result<String, String> + Sync);

/// Whose settings they are.
#[derive(Clone, Debug)]
pub(crate) enum Whose {
    /// Those for all servers, but for these, which decide themselves what is done about hidden
    /// characters.
    All { but: Vec<String> },
    /// Those of one server.
    One {
        /// Tools with hidden characters are held for all servers.
        held_for_all: bool,
    },
}

/// The steps of this process, and what their rules name outside of their files.
#[derive(Debug)]
pub(crate) struct Native {
    pub(crate) steps: Vec<Interceptor>,
    pub(crate) names: Vec<OuterName>,
}

/// The steps of this process.
pub(crate) fn steps(
    settings: &Settings,
    whose: &Whose,
    kept: &Kept,
    read: Read<'_>,
) -> Result<Native, Vec<SettingsProblem>> {
    let mut problems: Vec<_> = misplaced(settings, whose).into_iter().collect();
    let (mut steps, mut names) = (Vec::new(), Vec::new());
    let hidden = hidden(settings, whose);
    let tools = match tools(&settings.guard, hidden, kept, read) {
        Ok(tools) => tools,
        Err(problem) => return Err(vec![problem]),
    };
    match guards(&settings.guard, hidden, &tools) {
        Ok(guards) => steps.extend(guards),
        Err(problem) => problems.push(problem),
    }
    steps.extend((hidden == Hidden::Report).then(|| match whose {
        Whose::All { but } => hidden_characters_but_of(but.iter().cloned()),
        Whose::One { .. } => hidden_characters(),
    }));
    let knows_tools =
        settings.guard.needs_tools() || hidden == Hidden::Hold || !settings.rules.is_empty();
    steps.extend(knows_tools.then(|| tools.list_step()));
    match rule_sets(settings, whose, read) {
        Ok(sets) => steps.extend((0..).zip(sets).map(|(place, (name, set))| {
            names.extend(set.outer_names());
            let rules = Rules::new(set, Arc::clone(&tools), Arc::clone(&kept.counts));
            let rules = rules.calling(Arc::new(kept.callable.clone()));
            // In the order of the file: names decide among steps of one place.
            rules.interceptor(&name).priority(place)
        })),
        Err(found) => problems.extend(found),
    }
    if problems.is_empty() { Ok(Native { steps, names }) } else { Err(problems) }
}

/// What cannot be said of one server.
fn misplaced(settings: &Settings, whose: &Whose) -> Option<SettingsProblem> {
    let Whose::One { held_for_all } = whose else { return None };
    if settings.boundary == At::Downstream {
        return Some(SettingsProblem::at("boundary", ONE_BOUNDARY));
    }
    let mut servers = settings.servers.iter();
    if let Some((name, _)) = servers.find(|it| it.1.boundary == Some(At::Downstream)) {
        return Some(SettingsProblem::at(format!("servers.{name}.boundary"), ONE_BOUNDARY));
    }
    let passes = matches!(settings.guard.hidden, Some(Hidden::Report | Hidden::Off));
    (*held_for_all && passes).then(|| SettingsProblem::at("guard.hidden", HELD_FOR_ALL))
}

fn hidden(settings: &Settings, whose: &Whose) -> Hidden {
    let usual = match whose {
        Whose::All { .. } => Hidden::Report,
        Whose::One { .. } => Hidden::Off,
    };
    settings.guard.hidden.unwrap_or(usual)
}

/// The sets of rules, and the names of their steps.
pub(crate) fn rule_sets(
    settings: &Settings,
    whose: &Whose,
    read: Read<'_>,
) -> Result<Vec<(String, RuleSet)>, Vec<SettingsProblem>> {
    let (mut sets, mut problems) = (Vec::<(String, RuleSet)>::new(), Vec::new());
    let mut in_place = 0;
    for (at, source) in settings.rules.iter().enumerate() {
        let member = |message: String| SettingsProblem::at(format!("rules[{at}]"), message);
        let compiled = match source {
            RuleSource::File(file) => {
                let name = file.display().to_string();
                let text = read(file).map_err(|it| vec![member(it)]);
                text.and_then(|text| {
                    let set =
                        RuleSet::compile(&name, &text).and_then(|it| fit(settings, whose, it));
                    Ok((format!("rules/{name}"), set.map_err(|it| of_rules(&it))?))
                })
            }
            RuleSource::InPlace(rules) if rules.is_a_rule() => Err(vec![member(ONE_RULE.into())]),
            RuleSource::InPlace(rules) => {
                in_place += 1;
                let name = match in_place {
                    1 => format!("rules/{}", rules.file()),
                    no => format!("rules/{}#{no}", rules.file()),
                };
                let set = rules.compile().and_then(|it| fit(settings, whose, it));
                set.map(|it| (name, it)).map_err(|it| of_rules(&it))
            }
        };
        match compiled {
            Ok((name, _)) if sets.iter().any(|it| it.0 == name) => {
                problems.push(member("the file is named twice: its rules are applied once".into()));
            }
            Ok(set) => sets.push(set),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(sets) } else { Err(problems) }
}

/// Refuses rules that could not be obeyed where they stand.
fn fit(settings: &Settings, whose: &Whose, set: RuleSet) -> Result<RuleSet, Problems> {
    match (settings.boundary, whose) {
        (At::Upstream, Whose::All { .. }) => set.check_stays_here(NOT_UPSTREAM)?,
        (_, Whose::One { .. }) => set.check_stays_here(NOT_FOR_ONE)?,
        (At::Downstream, _) => {}
    }
    Ok(set)
}

fn of_rules(problems: &Problems) -> Vec<SettingsProblem> {
    problems.as_slice().iter().map(SettingsProblem::of_rule).collect()
}

impl GuardSettings {
    /// Whether the definitions of tools have to be known.
    fn needs_tools(&self) -> bool {
        self.pins.is_some() || self.arguments
    }
}

/// The tools, as they were seen before unless others are trusted now.
fn tools(
    guard: &GuardSettings,
    hidden: Hidden,
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
    if let Some(known) = known.as_ref().filter(|it| it.pins == pins && it.hidden == hidden) {
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
    let tools = if hidden == Hidden::Hold { tools.holding_hidden() } else { tools };
    let tools = Arc::new(tools);
    *known = Some(KeptTools { pins, hidden, tools: Arc::clone(&tools) });
    Ok(tools)
}

fn guards(
    guard: &GuardSettings,
    hidden: Hidden,
    tools: &Arc<Tools>,
) -> Result<Vec<Interceptor>, SettingsProblem> {
    let forms = guard.secrets.as_ref().map(|it| it.forms.clone()).unwrap_or_default();
    let secrets = Secrets::known_and(forms);
    let secrets =
        secrets.map_err(|it| SettingsProblem::at("guard.secrets.forms", it.to_string()))?;
    let holds = guard.pins.is_some() || hidden == Hidden::Hold;
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
    steps.extend(guard.injection.then(injection_markers));
    steps.extend(guard.response_bytes_max.map(response_size));
    steps.extend(guard.trace.map(|it| trace(it.sampled)));
    Ok(steps)
}

const NOT_FOR_ONE: &str = "works at the boundary to clients only: say it in the rules for all servers, with \
                           `boundary: downstream` in `interceptors`";

const ONE_BOUNDARY: &str = "what is for one server stands before that server: leave `boundary` out, or \
                            say it for all servers";

const HELD_FOR_ALL: &str = "tools with hidden characters are held for all servers: say `hidden: report` for \
                            all, and `hold` for single servers";

const ONE_RULE: &str = "a rule stands in a set of rules, which says what becomes of all else: write \
                        `rules: {version: 1, default: allow, rules: [{name: …}]}`";

const NOT_UPSTREAM: &str = "works at the boundary to clients only: say `boundary: downstream` in the \
                            file of interceptors, or under `interceptors` in a file of servers";

#[cfg(test)]
mod tests;
