//! Every order of messages lost, doubled and late, and of drivers that die between two actions.

use std::collections::{BTreeMap, BTreeSet};

use eyot_stdx::{Quota, QuotaLimits, QuotaPermit};
use eyot_types::GetTaskResult;
use proptest::prelude::*;

use super::*;

/// What can happen to a task. The numbers choose among what is under way.
#[derive(Clone, Debug)]
enum Event {
    Time(u16),
    Clock,
    Looks,
    /// A look that nothing comes in between.
    LooksAtOnce,
    /// The peer answers a look with what is true now.
    PeerAnswers(u8),
    /// A report arrives, and may arrive once more.
    Arrives(u8, bool),
    /// The result arrives, for which there may be no room.
    EndArrives(u8, bool),
    EarlyEnd,
    PeerAsks,
    PeerForgets(u8),
    PeerEnds(u8),
    /// What the peer asks now, or asked some time ago.
    QuestionsArrive(u8),
    Says(u8),
    ClientAnswers(u8),
    AnswerIsNone(u8),
    Takes,
    GivesBack(u8),
    Cancels,
    CancelIsAcknowledged,
    Fails,
    Ends(u8),
    /// The driver does one action.
    Acts,
    /// Whoever was doing something is dropped: what was under way never arrives.
    Dies,
    ListenerDies,
    Told,
}

fn event() -> impl Strategy<Value = Event> {
    let often = prop_oneof![
        Just(Event::Looks),
        Just(Event::LooksAtOnce),
        Just(Event::LooksAtOnce),
        any::<u8>().prop_map(Event::PeerAnswers),
        (any::<u8>(), any::<bool>()).prop_map(|(which, twice)| Event::Arrives(which, twice)),
        (any::<u8>(), any::<bool>()).prop_map(|(which, fits)| Event::EndArrives(which, fits)),
        (any::<u8>(), any::<bool>()).prop_map(|(which, fits)| Event::EndArrives(which, fits)),
        any::<u8>().prop_map(Event::PeerEnds),
        Just(Event::PeerAsks),
        any::<u8>().prop_map(Event::PeerForgets),
        any::<u8>().prop_map(Event::QuestionsArrive),
        any::<u8>().prop_map(Event::ClientAnswers),
        Just(Event::Acts),
        (0_u16..2_000).prop_map(Event::Time),
    ];
    let seldom = prop_oneof![
        Just(Event::Clock),
        Just(Event::EarlyEnd),
        (0_u8..3).prop_map(Event::Says),
        any::<u8>().prop_map(Event::AnswerIsNone),
        Just(Event::Takes),
        any::<u8>().prop_map(Event::GivesBack),
        Just(Event::Cancels),
        Just(Event::Told),
        Just(Event::ListenerDies),
        Just(Event::Dies),
        (0_u16..20_000).prop_map(Event::Time),
    ];
    let last = prop_oneof![
        Just(Event::CancelIsAcknowledged),
        Just(Event::Fails),
        any::<u8>().prop_map(Event::Ends),
    ];
    prop_oneof![100 => often, 20 => seldom, 1 => last]
}

/// What can happen to the questions of a task.
fn question_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => Just(Event::PeerAsks),
        2 => any::<u8>().prop_map(Event::PeerForgets),
        6 => any::<u8>().prop_map(Event::QuestionsArrive),
        6 => any::<u8>().prop_map(Event::ClientAnswers),
        1 => any::<u8>().prop_map(Event::AnswerIsNone),
        1 => Just(Event::Takes),
        1 => any::<u8>().prop_map(Event::GivesBack),
    ]
}

/// A peer that does the work, and that need not be honest.
#[derive(Debug, Default)]
struct Peer {
    is_liar: bool,
    reports: u32,
    asked: u32,
    questions: BTreeSet<String>,
    questions_before: Vec<BTreeSet<String>>,
    end: Option<u8>,
}

impl Peer {
    fn report(&mut self) -> Report {
        self.reports += 1;
        let keys: Vec<&str> = self.questions.iter().map(String::as_str).collect();
        let asked = self.reports.is_multiple_of(2).then(|| asked(&keys));
        let needs_listener = !self.questions.is_empty() && asked.is_none();
        let said = Said { status_message: Some(format!("{:08}", self.reports)), ..said("") };
        Report { said, asked, needs_listener, is_over: self.end.is_some() }
    }
}

fn end(which: u8) -> End {
    match which % 4 {
        0 => End::Cancelled,
        1 => error("sunk"),
        2 => result(r#"{"isError":true}"#),
        _ => result(r#"{"content":[]}"#),
    }
}

fn chosen<T>(from: &[T], which: u8) -> Option<usize> {
    (!from.is_empty()).then(|| usize::from(which) % from.len())
}

struct World {
    task: TaskMachine,
    /// What other tasks keep of the room that there is.
    others: QuotaPermit,
    now: Instant,
    peer: Peer,
    looks: Vec<Look>,
    reports: Vec<(Look, Report)>,
    endings: Vec<Ending>,
    /// How often an answer to a question was let through, and not taken back.
    answers: BTreeMap<String, u32>,
    actions: Vec<Action>,
    /// The task was ended by its client or by this side.
    is_given_up: bool,
    watcher: Watcher,
}

impl World {
    fn new(place: WorkPlace, is_liar: bool) -> Self {
        let now = Instant::now();
        let quota = Quota::new(QuotaLimits::things(2).with_bytes(ROOM));
        let seed = TaskSeed { permit: quota.acquire(None, 0).ok(), ..seed(place, said("")) };
        let bounds = TaskBounds { questions_max: 1_000, ..BOUNDS };
        Self {
            task: TaskMachine::new(seed, bounds, now),
            others: quota.acquire(None, 0).unwrap(),
            now,
            peer: Peer { is_liar, ..Peer::default() },
            looks: Vec::new(),
            reports: Vec::new(),
            endings: Vec::new(),
            answers: BTreeMap::new(),
            actions: Vec::new(),
            is_given_up: false,
            watcher: Watcher::default(),
        }
    }

    fn want(&mut self, want: Want) {
        match want {
            Want::Nothing => {}
            Want::Report(look) => self.looks.push(look),
            Want::End(ending) => self.endings.push(ending),
        }
    }

    fn happen(&mut self, event: &Event) {
        let now = self.now;
        match *event {
            Event::Time(ms) => self.now += Duration::from_millis(ms.into()),
            Event::Clock => {
                self.is_given_up |= !self.task.is_over() && now >= self.task.expires();
                self.task.handle_timeout(now);
            }
            Event::Looks => {
                let want = self.task.handle_look(now);
                self.want(want);
            }
            Event::LooksAtOnce => {
                let Want::Report(look) = self.task.handle_look(now) else { return };
                let report = self.peer.report();
                self.reports.push((look, report));
                let newest = u8::try_from(self.reports.len() - 1).unwrap();
                self.arrives(newest, false);
            }
            Event::PeerAnswers(which) => {
                let Some(index) = chosen(&self.looks, which) else { return };
                let report = self.peer.report();
                self.reports.push((self.looks.swap_remove(index), report));
            }
            Event::Arrives(which, twice) => self.arrives(which, twice),
            Event::EndArrives(which, fits) => {
                let Some(index) = chosen(&self.endings, which) else { return };
                let ending = self.endings.swap_remove(index);
                let end = end(self.peer.end.unwrap_or(0));
                // Of a liar the end may be another than it was.
                let taken = if fits { 0 } else { ROOM };
                self.others.grow(taken).ok();
                if self.task.handle_ending(ending, end).is_err() {
                    assert!(self.peer.is_liar);
                }
                self.others.shrink(ROOM);
            }
            Event::EarlyEnd => self.task.handle_early_end(end(3), now),
            Event::Told => self.task.handle_changed(now),
            Event::ListenerDies => self.task.handle_unheard(),
            Event::Dies => {
                self.looks.clear();
                self.reports.clear();
                self.endings.clear();
                self.task.poll_action();
            }
            Event::Acts => self.actions.extend(self.task.poll_action()),
            ref event => self.happens_to_peer(event),
        }
    }

    fn happens_to_peer(&mut self, event: &Event) {
        let now = self.now;
        match *event {
            Event::PeerAsks => {
                self.peer.asked += 1;
                self.peer.questions_before.push(self.peer.questions.clone());
                self.peer.questions.insert(format!("q{}", self.peer.asked));
            }
            Event::PeerForgets(which) => {
                let keys = Vec::from_iter(self.peer.questions.clone());
                if let Some(index) = chosen(&keys, which) {
                    self.peer.questions_before.push(self.peer.questions.clone());
                    self.peer.questions.remove(&keys[index]);
                }
            }
            Event::PeerEnds(which) if self.peer.end.is_none() || self.peer.is_liar => {
                self.peer.end = (!self.peer.is_liar || which < 200).then_some(which);
            }
            Event::QuestionsArrive(which) => {
                let before = chosen(&self.peer.questions_before, which / 2);
                let before = before.filter(|_| which % 2 == 1);
                let questions = before.map(|it| &self.peer.questions_before[it]);
                let questions = questions.unwrap_or(&self.peer.questions);
                let keys: Vec<&str> = questions.iter().map(String::as_str).collect();
                self.task.handle_questions(asked(&keys), now).unwrap();
            }
            Event::Says(which) => self.task.handle_message(format!("{which}"), now),
            ref event => self.happens_to_client(event),
        }
    }

    fn happens_to_client(&mut self, event: &Event) {
        let now = self.now;
        let keys: Vec<String> = (0..=self.peer.asked).map(|it| format!("q{it}")).collect();
        let key = |which| keys[chosen(&keys, which).unwrap()].clone();
        match *event {
            Event::ClientAnswers(which) => {
                let key = key(which);
                if self.task.handle_answer(&key, now) {
                    *self.answers.entry(key).or_default() += 1;
                }
            }
            Event::AnswerIsNone(which) => {
                let key = key(which);
                if let Some(count @ 1) = self.answers.get_mut(&key) {
                    self.task.handle_unanswered(&key, now);
                    *count = u32::from(!is_open(&self.task, &key));
                }
            }
            Event::Takes => drop(self.task.take_questions()),
            Event::GivesBack(which) => self.task.handle_given_back(&key(which)),
            Event::Cancels => {
                let is_here = self.task.place == WorkPlace::Here;
                self.is_given_up |= self.task.handle_cancel(now).is_ok() && is_here;
            }
            Event::CancelIsAcknowledged => drop(self.task.handle_end(End::Cancelled, now)),
            Event::Fails => self.is_given_up |= self.task.handle_failure(error("refused"), now),
            Event::Ends(which) => drop(self.task.handle_end(end(which), now)),
            _ => {}
        }
    }

    fn arrives(&mut self, which: u8, twice: bool) {
        let Some(index) = chosen(&self.reports, which) else { return };
        let (look, report) = self.reports.swap_remove(index);
        let again = twice.then(|| Report { said: report.said.clone(), ..copy(&report) });
        for report in [Some(report), again].into_iter().flatten() {
            match self.task.handle_report(&look, report, self.now) {
                Ok(want) => self.want(want),
                Err(error) => {
                    assert_eq!(error, TaskError::Contradiction);
                    assert!(self.peer.is_liar);
                }
            }
        }
    }

    /// Checks what has happened since `before`; what is known now.
    fn check(&mut self, before: &Before) -> Before {
        let task = &self.task;
        assert!(task.version >= before.version, "a version went back");
        let after = Before::of(task);
        let shown = &after.shown;
        if !before.shown.is_null() {
            let has_changed = task.version != before.version;
            assert_eq!(*shown != before.shown, has_changed, "{} and {shown}", before.shown);
        }
        if before.is_over {
            assert_eq!(task.status(), before.status, "a terminal state has changed");
            assert_eq!(task.ended_as(), before.ended_as);
            assert!(*shown == before.shown || before.shown.is_null());
        }
        self.check_shown(shown);
        let task = &mut self.task;
        let has_news = task.poll_news(&mut self.watcher);
        assert_eq!(has_news, task.version != before.version);
        assert!(!task.poll_news(&mut self.watcher));
        assert!(self.answers.values().all(|it| *it <= 1), "answered twice");
        self.check_actions();
        after
    }

    /// A state has what belongs to its status, and nothing else.
    fn check_shown(&self, shown: &Value) {
        if shown.is_null() {
            assert!(self.task.is_over() && self.task.end().is_none());
            return;
        }
        let typed: GetTaskResult = serde_json::from_value(shown.clone()).unwrap();
        let status = typed.task.status.clone();
        assert_eq!(typed.task.result.is_some(), status == TaskStatus::Completed);
        assert_eq!(typed.task.error.is_some(), status == TaskStatus::Failed);
        let open = typed.task.input_requests.as_ref().map_or(0, BTreeMap::len);
        assert_eq!(open > 0, status == TaskStatus::InputRequired);
        assert!(typed.task.other.is_empty());
        assert_eq!(status.is_terminal(), self.task.is_over());
    }

    fn check_actions(&self) {
        let released = self.actions.iter().position(|it| *it == Action::Release);
        if let Some(released) = released {
            assert_eq!(released + 1, self.actions.len(), "released, and then {:?}", self.actions);
            assert!(self.task.is_over());
        }
        if self.task.is_over() && !self.is_given_up {
            assert!(!self.task.due.cancel, "what has ended is told to stop");
        }
    }

    /// The time of the task is over, and its driver does what is left.
    fn expire(&mut self) {
        self.now = self.now.max(self.task.expires());
        self.happen(&Event::Clock);
        while let Some(action) = self.task.poll_action() {
            self.actions.push(action);
        }
        self.check_actions();
        assert!(self.task.is_over());
        assert_eq!(self.task.poll_timeout(), None);
        assert!(matches!(self.task.handle_look(self.now), Want::Nothing));
        assert!(self.task.due.is_released() && self.task.poll_action().is_none());
    }
}

/// What was known before something happened.
struct Before {
    version: u64,
    shown: Value,
    is_over: bool,
    status: TaskStatus,
    ended_as: Option<EndKind>,
}

impl Before {
    fn of(task: &TaskMachine) -> Self {
        Self {
            version: task.version,
            shown: shown(task),
            is_over: task.is_over(),
            status: task.status(),
            ended_as: task.ended_as(),
        }
    }
}

fn copy(report: &Report) -> Report {
    let Report { said, asked, needs_listener, is_over } = report;
    let (needs_listener, is_over) = (*needs_listener, *is_over);
    Report { said: said.clone(), asked: asked.clone(), needs_listener, is_over }
}

fn is_open(task: &TaskMachine, key: &str) -> bool {
    task.questions.open().any(|(open, _)| open == key)
}

/// Lets all of this happen, and then the time of the task run out.
fn live(mut world: World, events: &[Event]) {
    assert!(world.task.poll_news(&mut world.watcher));
    let mut before = Before::of(&world.task);
    for event in events {
        world.happen(event);
        before = world.check(&before);
    }
    world.expire();
}

proptest! {
    #[test]
    fn a_task_keeps_its_word_whatever_the_order(
        is_here in prop::bool::weighted(0.2),
        is_liar: bool,
        events in prop::collection::vec(event(), 0..50),
    ) {
        let place = if is_here { WorkPlace::Here } else { WorkPlace::Peer };
        live(World::new(place, is_liar), &events);
    }

    #[test]
    fn a_question_is_answered_at_most_once(
        is_here: bool,
        events in prop::collection::vec(question_event(), 0..40),
    ) {
        let place = if is_here { WorkPlace::Here } else { WorkPlace::Peer };
        live(World::new(place, false), &events);
    }

    /// What is shown of an honest peer never goes back, whichever of its reports come late.
    #[test]
    fn reports_that_overtake_each_other_are_shown_in_order(
        order in Just(Vec::from_iter(0_usize..8)).prop_shuffle(),
        doubled in prop::collection::vec(any::<bool>(), 8),
    ) {
        let mut world = World::new(WorkPlace::Peer, false);
        for _ in 0..8 {
            world.happen(&Event::Looks);
            world.happen(&Event::PeerAnswers(0));
        }
        let mut reports: Vec<_> = std::mem::take(&mut world.reports).into_iter().map(Some).collect();
        let mut last = String::new();
        for index in order {
            world.reports.extend(reports[index].take());
            world.happen(&Event::Arrives(0, doubled[index]));
            prop_assert!(message(&world.task) >= last.as_str());
            last = message(&world.task).to_owned();
        }
        prop_assert_eq!(last, "00000008");
    }
}

/// Bytes that tasks may keep.
const ROOM: usize = 100;
