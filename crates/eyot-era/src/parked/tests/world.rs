//! Everything that a parked call meets: an upstream, a store, clients, and processes that die.
//!
//! What must never happen is checked where it would.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use eyot_jsonrpc::{ErrorObject, Message};
use eyot_types::{InputRequests, JsonObject};

use super::super::{
    Action, AnswersDigest, Came, Fenced, ParkedCall, Record, RecordStage, Waiter, Word,
};
use super::{CONFIG, answer, answers, json_of, patient_question, question};

/// How a client answers a round. Few ways, so that clients often repeat each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Way {
    All(u8),
    /// Only the first question.
    First,
    Nothing,
    Nonsense,
}

/// What the upstream says, in order; a process reads it from where its record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Question(u64),
    Withdrawn(u64),
    Answer,
}

#[derive(Debug, Default)]
struct Upstream {
    said: Vec<Said>,
    /// What it has got for each question.
    answers: BTreeMap<u64, String>,
}

/// One row of the store.
#[derive(Clone, Debug)]
struct Row {
    owners: u64,
    record: Record,
    /// Up to where the upstream was heard.
    cursor: usize,
    expires: Instant,
}

/// A write on its way: it is done in order, or is lost with its process.
#[derive(Debug)]
enum Write {
    Park(Record, usize, Duration),
    Forget,
}

/// A process that has the call.
#[derive(Debug)]
struct Process {
    call: ParkedCall,
    owners: u64,
    cursor: usize,
    /// What the upstream said last, while nobody was here to hear it.
    kept: bool,
    writing: Option<Write>,
    /// Who is here, and what each has brought.
    waiting: HashMap<Waiter, Option<(u32, AnswersDigest)>>,
    sent: BTreeSet<u64>,
    /// It was refused to store something.
    is_fenced: bool,
}

/// What a client of a process is told.
#[derive(Debug)]
struct Told {
    /// The round and the answers with which it came.
    brought: Option<(u32, AnswersDigest)>,
    requests: InputRequests,
    is_by_fenced: bool,
}

/// What a client was told for its answers.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Asked(u32),
    Last,
}

#[derive(Debug)]
pub(super) struct World {
    now: Instant,
    upstream: Upstream,
    row: Option<Row>,
    processes: [Option<Process>; 2],
    /// The keys of each round that a client was told of, and what is asked under them.
    rounds: BTreeMap<u32, Vec<String>>,
    texts: BTreeMap<String, String>,
    /// What came of the answers to each round.
    outcomes: HashMap<u32, (AnswersDigest, Outcome)>,
    /// What the store has ever held: it may be told.
    asked: BTreeSet<u32>,
    answered: Vec<AnswersDigest>,
    is_done: bool,
}

impl World {
    /// A client has called, in the first process.
    pub(super) fn new() -> Self {
        let mut world = Self {
            now: Instant::now(),
            upstream: Upstream::default(),
            row: None,
            processes: [None, None],
            rounds: BTreeMap::new(),
            texts: BTreeMap::new(),
            outcomes: HashMap::new(),
            asked: BTreeSet::new(),
            answered: Vec::new(),
            is_done: false,
        };
        let mut first = Process::new(ParkedCall::new(CONFIG), 1, 0);
        first.waiting.insert(Waiter::FIRST, None);
        world.processes[0] = Some(first);
        world
    }

    /// The upstream asks; it has at most four questions, and none after its answer.
    pub(super) fn asks(&mut self) {
        let count = self.upstream.questions().count() as u64;
        if count < 4 && !self.upstream.is_over() {
            self.upstream.said.push(Said::Question(count + 1));
        }
    }

    pub(super) fn withdraws(&mut self, index: usize) {
        let open = self.upstream.questions().nth(index);
        if let Some(id) = open.filter(|_| !self.upstream.is_over()) {
            self.upstream.said.push(Said::Withdrawn(id));
        }
    }

    pub(super) fn answers(&mut self) {
        if !self.upstream.is_over() {
            self.upstream.said.push(Said::Answer);
        }
    }

    /// A process hears the next word of the upstream, if it listens; `twice`: once more the last.
    pub(super) fn hears(&mut self, place: usize, twice: bool) {
        // Answers that are on their way are sent before a stream is taken up again.
        while twice && self.acts(place) {}
        let now = self.now;
        let Some(process) = &mut self.processes[place] else { return };
        if process.call.reads() && std::mem::take(&mut process.kept) {
            return process.call.handle_answer(answer("done"));
        }
        if !process.call.reads() && !process.call.rests() {
            return;
        }
        if process.kept {
            return;
        }
        let cursor = process.cursor.saturating_sub(usize::from(twice));
        let Some(said) = self.upstream.said.get(cursor).copied() else { return };
        match said {
            // An id that was answered is not asked again, as the specification has it.
            Said::Question(id) if twice && process.sent.contains(&id) => {}
            Said::Question(id) => {
                let question = if id % 2 == 0 { patient_question(id) } else { question(id) };
                process.call.handle_question(&question, now).unwrap();
            }
            Said::Withdrawn(id) => {
                process.call.handle_withdrawn(&eyot_jsonrpc::Id::from_number(id));
            }
            // The next process must be able to hear it again.
            Said::Answer if process.call.reads() => {
                return process.call.handle_answer(answer("done"));
            }
            Said::Answer => {
                process.kept = true;
                return process.call.handle_upstream_over();
            }
        }
        process.cursor = process.cursor.max(cursor + 1);
    }

    /// A process does what its machine wants next.
    pub(super) fn acts(&mut self, place: usize) -> bool {
        let Some(process) = &mut self.processes[place] else { return false };
        if process.writing.is_some() {
            return false;
        }
        let was_over = process.call.is_over();
        let Some(action) = process.call.poll_action() else {
            if process.call.is_settled() {
                assert!(process.waiting.is_empty(), "a client waits for nothing: {process:?}");
                self.processes[place] = None;
            }
            return false;
        };
        let is_end = matches!(
            action,
            Action::Tell(..) | Action::Cancel(..) | Action::Forget | Action::Store(..)
        );
        assert!(
            !was_over
                || is_end
                || matches!(action, Action::Beat(_) | Action::Send(_) | Action::Lead(_))
        );
        match action {
            Action::Store(record, ttl) => {
                process.writing = Some(Write::Park(record, process.cursor, ttl));
            }
            Action::Forget => process.writing = Some(Write::Forget),
            Action::Tell(waiter, word) => {
                // It may have gone meanwhile.
                let Some(brought) = process.waiting.remove(&waiter) else { return true };
                let told = process.tells(brought);
                self.told(&word, told);
            }
            // It may have gone meanwhile; then the next one is told as well.
            Action::Lead(_) => {}
            Action::Send(messages) => self.sends(place, &messages),
            Action::Beat(beats) => assert!(!beats.is_empty()),
            Action::Cancel(..) => {}
        }
        true
    }

    /// The upstream gets answers: never two to one question, and only what is stored.
    fn sends(&mut self, place: usize, messages: &[Message]) {
        let Some(process) = &mut self.processes[place] else { return };
        for message in messages {
            let message = json_of(message);
            let id = message["id"].as_u64().unwrap();
            assert!(process.sent.insert(id), "{id} is answered twice by one process");
            let given = message["result"].to_string();
            let known = self.upstream.answers.entry(id).or_insert_with(|| given.clone());
            assert_eq!(*known, given, "{id} is answered in two ways");
        }
        assert!(!self.answered.is_empty(), "answers are sent that are not stored");
    }

    /// A client is told something: only what is stored, and the same for the same answers.
    fn told(&mut self, word: &Word, told: Told) {
        let Told { brought, requests, is_by_fenced } = told;
        let outcome = match word {
            Word::Asked(round) => {
                assert!(self.asked.contains(round), "round {round} is asked and not stored");
                for (key, request) in &requests {
                    let text = serde_json::to_string(request).unwrap();
                    let known = self.texts.entry(key.clone()).or_insert_with(|| text.clone());
                    assert_eq!(*known, text, "{key} names two questions");
                }
                let keys = requests.into_keys().collect();
                self.rounds.entry(*round).or_insert(keys);
                Outcome::Asked(*round)
            }
            Word::Last(message) => {
                assert!(self.upstream.is_over(), "an answer is invented");
                assert_eq!(json_of(message)["result"], "done");
                Outcome::Last
            }
            Word::Refused(_) => return,
        };
        let Some(brought) = brought else { return };
        if outcome == Outcome::Last {
            assert!(self.is_done || is_by_fenced, "the last word is told and not stored");
        }
        if is_by_fenced {
            // Another process has the call, and this one has its answer: it is not held back.
            return;
        }
        let (round, given) = brought;
        let known = self.outcomes.entry(round).or_insert_with(|| (given, outcome.clone()));
        // An upstream that did not wait for answers has got none of them.
        let is_impatient = self.upstream.answers.is_empty() && outcome == Outcome::Last;
        assert!(is_impatient || known.0 == given, "two answers to round {round} were taken");
        assert_eq!(known.1, outcome, "the answers to round {round} have two outcomes");
    }

    /// The write of a process is done.
    pub(super) fn stores(&mut self, place: usize) {
        let now = self.now;
        let Some(process) = &mut self.processes[place] else { return };
        let Some(write) = process.writing.take() else { return };
        let owners = process.owners;
        let outcome = self.write(owners, write);
        if let Some(process) = &mut self.processes[place] {
            process.is_fenced |= outcome.is_err();
            process.call.handle_stored(outcome, now);
        }
    }

    fn write(&mut self, owners: u64, write: Write) -> Result<(), Fenced> {
        let row = self.row.take().filter(|it| it.expires > self.now);
        if let Some(row) = row
            && row.owners != owners
        {
            self.row = Some(row);
            return Err(Fenced);
        }
        let Write::Park(record, cursor, ttl) = write else { return Ok(()) };
        match &record.stage {
            RecordStage::Asked(..) => {
                self.asked.insert(record.round);
            }
            RecordStage::Answered(given, _) => self.answered.push(*given),
            RecordStage::Done(..) => self.is_done = true,
            RecordStage::Over => {}
        }
        self.row = Some(Row { owners, record, cursor, expires: self.now + ttl });
        Ok(())
    }

    /// A process dies, with what it has not written, or after it.
    pub(super) fn dies(&mut self, place: usize, is_written: bool) {
        let Some(process) = self.processes[place].take() else { return };
        if let Some(write) = process.writing.filter(|_| is_written) {
            self.write(process.owners, write).ok();
        }
    }

    /// A client comes to a process, which may know nothing of the call.
    pub(super) fn comes(&mut self, place: usize, round: u32, way: Way) {
        let Some(keys) = self.rounds.get(&round) else { return };
        let responses = responses(keys, way);
        let brought = (round, AnswersDigest::of(&responses));
        if self.processes[place].is_none() {
            let Some(process) = self.takes_over() else { return };
            self.processes[place] = Some(process);
        }
        let now = self.now;
        let Some(process) = &mut self.processes[place] else { return };
        match process.call.handle_client(round, &responses, now) {
            Came::Answers(waiter) | Came::Leads(waiter) | Came::Follows(waiter) => {
                process.waiting.insert(waiter, Some(brought));
            }
            Came::Told(word) => {
                let told = process.tells(Some(brought));
                self.told(&word, told);
            }
        }
    }

    fn takes_over(&mut self) -> Option<Process> {
        let row = self.row.as_mut().filter(|it| it.expires > self.now)?;
        row.owners += 1;
        let Row { owners, record, cursor, .. } = row.clone();
        let call = ParkedCall::resume(record, owners, CONFIG, self.now);
        Some(Process::new(call, owners, cursor))
    }

    /// A client of a process goes.
    pub(super) fn goes(&mut self, place: usize, which: usize) {
        let now = self.now;
        let Some(process) = &mut self.processes[place] else { return };
        let mut waiters: Vec<_> = process.waiting.keys().copied().collect();
        waiters.sort_unstable();
        if let Some(waiter) = waiters.get(which % waiters.len().max(1)) {
            process.waiting.remove(waiter);
            process.call.handle_gone(*waiter, now);
        }
    }

    pub(super) fn loses(&mut self, place: usize) {
        if let Some(process) = &mut self.processes[place] {
            process.call.handle_lost(&ErrorObject::new(7, "lost"));
        }
    }

    /// Time passes. Before a minute or more, all that can be done is done.
    pub(super) fn waits(&mut self, time: Duration) {
        if time >= Duration::from_secs(60) {
            self.settle();
        }
        self.now += time;
        let now = self.now;
        for process in self.processes.iter_mut().flatten() {
            for _ in 0..3 {
                process.call.handle_timeout(now);
            }
            let next = process.call.poll_timeout();
            assert!(next.is_none_or(|it| it > now), "a timer stays due: {process:?}");
        }
    }

    /// Whether somebody waits for a word of a process.
    pub(super) fn is_waited_for(&self) -> bool {
        self.processes.iter().flatten().any(|it| !it.waiting.is_empty())
    }

    pub(super) fn is_over(&self) -> bool {
        self.processes.iter().all(Option::is_none)
    }

    /// All that can be done without a client is done; time stands still.
    pub(super) fn settle(&mut self) {
        for place in [0, 1] {
            let heard = |it: &Self| it.processes[place].as_ref().map(|it| it.cursor);
            loop {
                let before = heard(self);
                self.stores(place);
                let has_acted = self.acts(place);
                self.hears(place, false);
                if !has_acted && heard(self) == before {
                    break;
                }
            }
            self.check_questions(place);
        }
    }

    /// What a process has heard is answered, or still known to it.
    fn check_questions(&mut self, place: usize) {
        let Some(process) = &mut self.processes[place] else { return };
        if !process.call.reads() && !process.call.rests() || process.call.upstream_is_over {
            return;
        }
        let known: Vec<_> =
            process.call.questions.to_stored().iter().filter_map(|it| it.id.as_u64()).collect();
        for said in &self.upstream.said[..process.cursor] {
            let Said::Question(id) = said else { continue };
            let is_withdrawn = self.upstream.said.contains(&Said::Withdrawn(*id));
            let is_answered = self.upstream.answers.contains_key(id);
            assert!(is_withdrawn || is_answered || known.contains(id), "{id} is forgotten");
        }
    }

    /// Lets the time pass until the next timer.
    pub(super) fn until_next(&mut self) {
        let calls = self.processes.iter().flatten();
        let next = calls.filter_map(|it| it.call.poll_timeout()).min();
        self.waits(next.map_or(Duration::ZERO, |it| it.saturating_duration_since(self.now)));
    }
}

impl Process {
    fn new(call: ParkedCall, owners: u64, cursor: usize) -> Self {
        let (waiting, sent) = (HashMap::new(), BTreeSet::new());
        let (kept, writing, is_fenced) = (false, None, false);
        Self { call, owners, cursor, kept, writing, waiting, sent, is_fenced }
    }

    fn tells(&self, brought: Option<(u32, AnswersDigest)>) -> Told {
        let (requests, is_by_fenced) = (self.call.requests(), self.is_fenced);
        Told { brought, requests, is_by_fenced }
    }
}

impl Upstream {
    fn questions(&self) -> impl Iterator<Item = u64> {
        self.said.iter().filter_map(|it| match it {
            Said::Question(id) => Some(*id),
            _ => None,
        })
    }

    fn is_over(&self) -> bool {
        self.said.contains(&Said::Answer)
    }
}

fn responses(keys: &[String], way: Way) -> JsonObject {
    let keys = keys.iter().map(String::as_str);
    match way {
        Way::All(number) => answers(keys, &number.to_string()),
        Way::First => answers(keys.take(1), "first"),
        Way::Nothing => JsonObject::new(),
        Way::Nonsense => keys.map(|key| (key.to_owned(), 7.into())).collect(),
    }
}
