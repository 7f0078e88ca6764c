//! What the names of an expression stand for in one message.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt,
};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use eyot_jsonrpc::{Items, Members};

use super::prepare::{COPIED, HAS, KNOWN_AS, MAKES_LIST, PLACE, Place, TICK, number_of};
use crate::json;
use crate::path::{Step, Twice, collect};
use crate::view::{Part, Source, View, default_hint};

/// Finds values when they are asked for, and counts what they cost.
#[derive(Debug)]
pub(super) struct Values<'a, 'v> {
    view: &'a View<'v>,
    places: &'a [Place],
    /// What was read of the places, each once.
    read: Vec<OnceLock<Read<'a>>>,
    step_cost: u64,
    /// What may still be looked at; about a byte each.
    work_left: AtomicU64,
    /// Bytes of all values so far.
    seen_bytes: AtomicU64,
    met_unknown: AtomicBool,
    /// Why a value was not given, if that is no matter of the expression.
    fault: Mutex<Option<String>>,
}

/// The value of a place, and how many bytes it has. `None`: it is not there, or cannot be given.
#[derive(Debug, Default)]
struct Read<'a> {
    bytes: u64,
    value: Option<Box<dyn Val + 'a>>,
}

/// It cannot be said; why was noted.
struct NotSaid;

impl<'a, 'v: 'a> Values<'a, 'v> {
    pub(super) fn new(view: &'a View<'v>, places: &'a [Place], parts_count: u64) -> Self {
        Self {
            view,
            places,
            read: places.iter().map(|_| OnceLock::new()).collect(),
            step_cost: parts_count * PART_COST,
            work_left: AtomicU64::new(WORK_MAX),
            seen_bytes: AtomicU64::new(0),
            met_unknown: AtomicBool::new(false),
            fault: Mutex::new(None),
        }
    }

    /// Whether something was asked for that could be anything.
    pub(super) fn met_unknown(&self) -> bool {
        self.met_unknown.load(Ordering::Relaxed)
    }

    /// Why a value was not given.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fail(&self, message: &str) {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.get_or_insert_with(|| message.to_owned());
    }

    /// Counts work; an error once there was too much.
    fn charge(&self, work: u64) -> Result<(), NotSaid> {
        let left = self.work_left.load(Ordering::Relaxed);
        self.work_left.store(left.saturating_sub(work), Ordering::Relaxed);
        if left < work {
            self.fail("the message is too large for the expression: ask for less of it");
            return Err(NotSaid);
        }
        Ok(())
    }

    /// The raw value of a place, if it is there; an error if that cannot be said.
    fn raw(&self, place: &Place) -> Result<Option<&'v str>, NotSaid> {
        let (part, steps) = self.view.place(place.source, &place.steps);
        let text = match part {
            Part::Text(text) => text,
            Part::Absent => return Ok(None),
            Part::Unknown => {
                self.met_unknown.store(true, Ordering::Relaxed);
                return Err(NotSaid);
            }
        };
        self.charge(if place.steps.is_empty() { 0 } else { text.len() as u64 / PASS_BYTES })?;
        let mut found = None;
        let mut keep_first = |it| found = found.or(Some(it));
        if let Err(ambiguous) = collect(steps, text, Twice::Refuse, &mut keep_first) {
            self.fail(&ambiguous.to_string());
            return Err(NotSaid);
        }
        Ok(found.or_else(|| match (place.source, place.steps.as_slice()) {
            (Source::Annotations, [Step::Member(name)]) => default_hint(name, text),
            _ => None,
        }))
    }

    /// The value of a place, at this cost of a byte. All of it may be looked at, or copied, each time that
    /// it is asked for.
    fn value(&self, number: usize, cost: u64) -> Option<&(dyn Val + 'a)> {
        let read = self.read.get(number)?.get_or_init(|| {
            let raw = self.places.get(number).and_then(|it| self.raw(it).ok()?);
            raw.map_or_else(Read::default, |it| self.read_once(it))
        });
        self.charge(read.bytes * cost).ok()?;
        read.value.as_deref()
    }

    fn read_once(&self, raw: &'a str) -> Read<'a> {
        let bytes = raw.len() as u64;
        if bytes > VALUE_BYTES_MAX {
            self.fail("a value is too large for the expression: name a part of it");
            return Read::default();
        }
        let is_paid = self.charge(bytes * READ_COST).is_ok();
        self.seen_bytes.fetch_add(bytes, Ordering::Relaxed);
        Read { bytes, value: if is_paid { self.read(raw) } else { None } }
    }

    /// Recurses as deep as the scan allows.
    fn read(&self, raw: &'a str) -> Option<Box<dyn Val + 'a>> {
        Some(match raw.as_bytes().first()? {
            b'"' => Box::new(CelString::from(json::text(raw)?)),
            b'{' => {
                let mut members: HashMap<CelMapKey<'a>, Box<dyn Val + 'a>> = HashMap::new();
                for (key, value) in Members::of(raw)? {
                    let key = CelMapKey::from(key.into_owned());
                    if members.insert(key, self.read(value)?).is_some() {
                        self.fail("an object of the message has a member twice");
                        return None;
                    }
                }
                Box::new(CelMap::from(members))
            }
            b'[' => {
                let items: Option<Vec<_>> = Items::of(raw)?.map(|it| self.read(it)).collect();
                Box::new(CelList::from(items?))
            }
            b't' => Box::new(CelBool::from(true)),
            b'f' => Box::new(CelBool::from(false)),
            b'n' => Box::new(CelNull),
            _ => number(raw)?,
        })
    }

    fn known(&self, name: &str) -> Box<dyn Val + 'a> {
        let subject = self.view.subject;
        let text = match name {
            "scopes" => {
                let scopes = subject.scopes.unwrap_or_default();
                let texts = scopes.iter().map(|it| boxed_text(it));
                return Box::new(CelList::from(texts.collect::<Vec<_>>()));
            }
            "method" => Some(subject.method),
            "phase" => Some(subject.phase.as_str()),
            "direction" => Some(subject.direction.as_str()),
            "item" => self.view.item(),
            "server" => subject.server,
            "session" => subject.session,
            "principal" => subject.principal,
            "client" => subject.client,
            "client_version" => subject.client_version,
            "era" => subject.era.map(|it| it.as_str()),
            "transport" => subject.transport.map(|it| it.as_str()),
            "remote" => subject.remote,
            _ => None,
        };
        match text {
            Some(text) => boxed_text(text),
            None => Box::new(CelNull),
        }
    }

    /// Counts a step of a loop. In a loop in another one, a step may look at all that was seen, or make a
    /// copy of it.
    fn tick(&self, step: &str) -> Result<(), NotSaid> {
        let (depth, cost) = match step.strip_suffix(MAKES_LIST) {
            Some(depth) => (depth, READ_COST),
            None => (step, 1),
        };
        let seen = match depth {
            "1" => 0,
            _ => self.seen_bytes.load(Ordering::Relaxed) * cost,
        };
        self.charge(self.step_cost.saturating_add(seen))
    }
}

fn boxed_text<'a>(text: &'a str) -> Box<dyn Val + 'a> {
    Box::new(CelString::from(text))
}

fn number<'a>(raw: &str) -> Option<Box<dyn Val + 'a>> {
    if let Ok(number) = raw.parse::<i64>() {
        return Some(Box::new(CelInt::from(number)));
    }
    if let Ok(number) = raw.parse::<u64>() {
        return Some(Box::new(CelUInt::from(number)));
    }
    raw.parse::<f64>().ok().map(|it| Box::new(CelDouble::from(it)) as Box<dyn Val>)
}

impl VariableResolver for Values<'_, '_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        if !variable.starts_with('@') {
            return None;
        }
        if variable.starts_with(PLACE) {
            return self.value(number_of(variable)?, 1).map(CowVal::Borrowed);
        }
        if variable.starts_with(COPIED) {
            return self.value(number_of(variable)?, READ_COST).map(CowVal::Borrowed);
        }
        if variable.starts_with(HAS) {
            let raw = self.raw(self.places.get(number_of(variable)?)?).ok()?;
            return Some(CowVal::owned(CelBool::from(raw.is_some())));
        }
        if let Some(name) = variable.strip_prefix(KNOWN_AS) {
            return Some(CowVal::Owned(self.known(name)));
        }
        let depth = variable.strip_prefix(TICK)?;
        self.tick(depth).ok()?;
        Some(CowVal::owned(CelBool::from(true)))
    }
}

/// What an expression may cost: about as many bytes to look at, which take less than a tenth of a
/// second.
const WORK_MAX: u64 = 64 << 20;

/// The cost of reading a byte into a value, or of copying one: most of it goes into the allocations for
/// short ones.
const READ_COST: u64 = 8;

/// The cost of one part of an expression: calls and allocations, beside the bytes of its values.
const PART_COST: u64 = 64;

/// Bytes of a message that are passed at the cost of looking at one.
const PASS_BYTES: u64 = 8;

/// Bytes of one value that an expression may be given.
const VALUE_BYTES_MAX: u64 = 1 << 20;
