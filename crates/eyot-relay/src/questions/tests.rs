//! Questions: whose answers count, and how long silence is borne, in virtual time.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{Id, Message};
use eyot_service::{Limits, SessionHandle, unix_ms};
use eyot_session::{
    Claimant, Fence, LogLimits, NodeId, SessionId, SessionRecord, SessionState, Store,
    UpstreamName, UpstreamRef,
};
use eyot_store_memory::MemoryStore;
use eyot_types::Revision;
use eyot_upstream::CallClock;
use proptest::prelude::*;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{Heard, Origin, Questions};
use crate::server_id::to_client;

/// One session before one upstream session.
struct Bench {
    questions: Questions,
    session: SessionHandle,
    store: Arc<dyn Store>,
}

const GENERATION: u64 = 1;

impl Bench {
    async fn new() -> Self {
        let mut limits = Limits::default();
        limits.calls.timeout = Duration::from_secs(60);
        limits.calls.question_timeout = Duration::from_secs(600);
        limits.calls.questions_max = 2;
        limits.sessions.questions_max = 3;
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(LogLimits::default()));
        let id = SessionId::parse("session-of-a-test").unwrap();
        let mut state = SessionState::default();
        let upstream = UpstreamRef { generation: GENERATION, ..UpstreamRef::default() };
        state.upstreams.insert(UpstreamName::DEFAULT, upstream);
        let record = SessionRecord {
            id: id.clone(),
            principal: None,
            revision: Revision::LATEST_LEGACY,
            initialize: bytes::Bytes::new(),
            state: state.clone(),
            owner: None,
            fence: Fence(1),
            created_ms: 0,
            expires_ms: u64::MAX,
        };
        store.create(record).await.unwrap();
        Self {
            questions: Questions::new(UpstreamName::DEFAULT, Arc::new(limits)),
            session: SessionHandle::new(id, None, Fence(1), state, Arc::clone(&store)),
            store,
        }
    }

    /// The session as the next process has it.
    async fn restarted(self) -> Self {
        let (id, owner) = (self.session.id().clone(), NodeId::new("next"));
        let claimed = self
            .store
            .claim(id.clone(), Claimant::new(owner, None), unix_ms())
            .await
            .unwrap()
            .unwrap();
        let (fence, state) = (claimed.record.fence, claimed.record.state);
        let session = SessionHandle::new(id, None, fence, state, Arc::clone(&self.store));
        let limits = Arc::clone(&self.questions.limits);
        let questions = Questions::new(UpstreamName::DEFAULT, limits);
        Self { questions, session, store: self.store }
    }

    /// Another upstream session takes the place of the first one.
    async fn renew(&self) {
        self.session.add_upstream(UpstreamName::DEFAULT, UpstreamRef::default());
        self.questions.forget_orphans(&self.session).await;
    }

    async fn ask(&self, id: u64, call: Option<u64>) -> Heard {
        let call = call.map(Id::from_number);
        let origin = Origin { generation: GENERATION, call: call.as_ref() };
        let question = Message::request(Id::from_number(id), "elicitation/create", &json!({}));
        self.questions.asked(&self.session, origin, &question).await
    }

    async fn withdraw(&self, id: u64) -> Heard {
        let origin = Origin { generation: GENERATION, call: None };
        let cancelled =
            Message::notification("notifications/cancelled", &json!({ "requestId": id }));
        self.questions.withdrawn(&self.session, origin, &cancelled).await
    }

    /// The client answers; says whether the upstream gets the answer.
    async fn answer(&self, id: &Id) -> bool {
        let Some(question) = self.questions.take(&self.session, id) else { return false };
        self.questions.answered(&self.session, question).await;
        true
    }

    async fn waited(&self) -> u64 {
        let began = Instant::now();
        let clock = CallClock::start(&self.questions.limits.calls);
        let waiting = self.questions.wait(&self.session, &clock, pending::<()>());
        waiting.await.expect_err("nothing is said");
        began.elapsed().as_secs()
    }
}

async fn asked() -> Bench {
    let bench = Bench::new().await;
    bench.ask(1, None).await;
    bench
}

fn seen(id: u64) -> Id {
    to_client(&Id::from_number(id), GENERATION)
}

#[derive(Clone, Debug)]
enum Step {
    Ask(u64, Option<u64>),
    Answer(u64),
    AnswerByNumber(u64),
    AnswerOfAnotherGeneration(u64),
    Withdraw(u64),
    CallEnds(u64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6_u64, proptest::option::of(0..3_u64)).prop_map(|(id, call)| Step::Ask(id, call)),
        4 => (0..6_u64).prop_map(Step::Answer),
        1 => (0..6_u64).prop_map(Step::AnswerByNumber),
        1 => (0..6_u64).prop_map(Step::AnswerOfAnotherGeneration),
        1 => (0..6_u64).prop_map(Step::Withdraw),
        1 => (0..3_u64).prop_map(Step::CallEnds),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The model is the list of open questions with their calls.
    #[test]
    fn an_answer_counts_for_an_open_question_and_once(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new().await;
            let mut open: Vec<(u64, Option<u64>)> = Vec::new();
            for step in steps {
                match step {
                    Step::Ask(id, call) => {
                        let is_known = open.iter().any(|(it, _)| *it == id);
                        let of_call = open.iter().filter(|(_, it)| *it == call).count();
                        let has_room = open.len() < 3 && (call.is_none() || of_call < 2);
                        match bench.ask(id, call).await {
                            Heard::Shown => assert!(is_known || has_room),
                            Heard::Refused(_) => assert!(!is_known && !has_room),
                            Heard::Dropped => panic!("a question is never dropped"),
                        }
                        if !is_known && has_room {
                            open.push((id, call));
                        }
                    }
                    Step::Answer(id) => {
                        let is_open = open.iter().any(|(it, _)| *it == id);
                        assert_eq!(bench.answer(&seen(id)).await, is_open);
                        open.retain(|(it, _)| *it != id);
                    }
                    Step::AnswerByNumber(id) => assert!(!bench.answer(&Id::from_number(id)).await),
                    Step::AnswerOfAnotherGeneration(id) => {
                        let id = to_client(&Id::from_number(id), GENERATION + 1);
                        assert!(!bench.answer(&id).await);
                    }
                    Step::Withdraw(id) => {
                        let is_open = open.iter().any(|(it, _)| *it == id);
                        let is_shown = matches!(bench.withdraw(id).await, Heard::Shown);
                        assert_eq!(is_shown, is_open);
                        open.retain(|(it, _)| *it != id);
                    }
                    Step::CallEnds(call) => {
                        bench.questions.call_ended(&bench.session, &Id::from_number(call)).await;
                        open.retain(|(_, it)| *it != Some(call));
                    }
                    Step::Restart => bench = bench.restarted().await,
                }
            }
        });
    }
}

#[tokio::test]
async fn an_answer_that_could_not_be_passed_on_may_come_again() {
    let bench = asked().await;
    let question = bench.questions.take(&bench.session, &seen(1)).unwrap();
    bench.questions.not_answered(&bench.session, question);
    assert!(bench.answer(&seen(1)).await);
    assert!(!bench.answer(&seen(1)).await);
}

#[tokio::test]
async fn what_an_earlier_upstream_session_asked_is_over_when_another_takes_its_place() {
    let bench = asked().await;
    bench.questions.forget_orphans(&bench.session).await;
    assert!(bench.session.look(|state| state.items.question(&seen(1)).is_some()));
    bench.renew().await;
    assert!(!bench.restarted().await.answer(&seen(1)).await);
}

/// A session that has a second upstream, which asks nothing.
async fn asked_beside_another() -> (Bench, Questions) {
    let bench = asked().await;
    let other = UpstreamName::parse("other").unwrap();
    bench.session.add_upstream(other.clone(), UpstreamRef::default());
    let questions = Questions::new(other, Arc::clone(&bench.questions.limits));
    (bench, questions)
}

#[tokio::test]
async fn what_one_upstream_asked_outlives_the_upstream_sessions_of_another() {
    let (bench, other) = asked_beside_another().await;
    bench.session.add_upstream(other.slot.clone(), UpstreamRef::default());
    other.forget_orphans(&bench.session).await;
    assert!(bench.answer(&seen(1)).await);
}

#[tokio::test(start_paused = true)]
async fn an_upstream_may_not_be_silent_because_another_one_asks() {
    let (bench, other) = asked_beside_another().await;
    sleep(Duration::from_secs(1)).await;
    let silent = Bench { questions: other, ..bench };
    assert_eq!(silent.waited().await, 60);
}

#[tokio::test(start_paused = true)]
async fn silence_without_a_question_ends_after_the_call_timeout() {
    assert_eq!(Bench::new().await.waited().await, 60);
}

#[tokio::test(start_paused = true)]
async fn silence_ends_after_the_question_timeout_while_a_question_is_open() {
    assert_eq!(asked().await.waited().await, 600);
}

#[tokio::test(start_paused = true)]
async fn a_restart_knows_that_a_person_is_waited_for() {
    assert_eq!(asked().await.restarted().await.waited().await, 600);
}

#[tokio::test(start_paused = true)]
async fn question_that_nobody_answers_does_not_lengthen_later_calls_for_ever() {
    let bench = asked().await;
    sleep(Duration::from_secs(700)).await;
    assert_eq!(bench.waited().await, 60);
}

#[tokio::test(start_paused = true)]
async fn upstream_has_the_whole_call_timeout_after_an_answer() {
    let bench = asked().await;
    let answering = async {
        sleep(Duration::from_secs(90)).await;
        assert!(bench.answer(&seen(1)).await);
    };
    let (waited, ()) = tokio::join!(bench.waited(), answering);
    assert_eq!(waited, 150);
}

#[tokio::test(start_paused = true)]
async fn question_taken_back_or_lost_with_its_session_is_waited_for_no_longer() {
    let taken_back = asked().await;
    taken_back.withdraw(1).await;
    assert_eq!(taken_back.waited().await, 60);
    let lost = asked().await;
    lost.renew().await;
    assert_eq!(lost.waited().await, 60);
}

#[tokio::test(start_paused = true)]
async fn question_that_comes_during_the_wait_lengthens_it() {
    let bench = Bench::new().await;
    let asking = async {
        sleep(Duration::from_secs(30)).await;
        bench.ask(1, None).await;
    };
    let (waited, ()) = tokio::join!(bench.waited(), asking);
    assert_eq!(waited, 630);
}
