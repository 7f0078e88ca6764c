//! Clients that come back to a call: twice, late, as another, and not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use eyot_era::parked::{Told, Word};
use eyot_jsonrpc::{Id, Response};
use eyot_service::Limits;
use eyot_types::{InputRequests, JsonObject, Question};
use serde_json::json;

use super::{CameBack, ClientGuard, ParkedCalls};
use crate::rounds::sealed::ParkedPlace;

/// A handler that says when it is dropped.
#[derive(Debug)]
struct Handler(Arc<AtomicUsize>);

impl Drop for Handler {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts how often it is woken.
#[derive(Debug, Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A server's parked calls.
struct Bench {
    calls: Arc<ParkedCalls<Handler>>,
    dropped: Arc<AtomicUsize>,
}

impl<H> ParkedCalls<H> {
    /// Calls that wait.
    pub(crate) fn len(&self) -> usize {
        self.rooms.usage().things
    }
}

type Guard = ClientGuard<Handler>;

impl Bench {
    fn new() -> Self {
        Self::within(&Limits::default())
    }

    fn within(limits: &Limits) -> Self {
        Self { calls: Arc::new(ParkedCalls::new(limits)), dropped: Arc::default() }
    }

    /// A call of this principal that has asked; `None` when there was no room.
    fn park(&self, principal: Option<&str>) -> Option<ParkedPlace> {
        let handler = Handler(Arc::clone(&self.dropped));
        let principal = principal.map(Arc::from);
        let mut guard = ClientGuard::first(&self.calls, principal.as_ref(), handler).ok()?;
        guard.rest(questions());
        let told = match guard.poll_told(&Context::from_waker(Waker::noop())) {
            Poll::Ready(told) => told,
            Poll::Pending => None,
        };
        let told = told.expect("the first client is told at once");
        assert_eq!((line(&told).as_str(), &*told.requests), ("asked 1", &questions()));
        Some(ParkedPlace { round: 1, ..guard.place() })
    }

    fn comes_as(&self, principal: Option<&str>, place: &ParkedPlace, text: &str) -> Came {
        let principal = principal.map(Arc::from);
        let came = ClientGuard::come_back(&self.calls, place, principal.as_ref(), &answers(text));
        match came {
            Ok(CameBack::Here { mut guard, answers: true }) => {
                assert!(guard.handler().is_some(), "a client that answers has the handler");
                Came::Answers(guard)
            }
            Ok(CameBack::Here { guard, answers: false }) => Came::Waits(guard),
            Ok(CameBack::Told(told)) => Came::Told(line(&told)),
            Err(error) => Came::Told(format!("refused {}: {}", error.code, error.message)),
        }
    }

    fn comes(&self, place: &ParkedPlace, text: &str) -> Came {
        self.comes_as(None, place, text)
    }

    /// Goes on with the call of that place.
    fn answers(&self, place: &ParkedPlace, text: &str) -> Guard {
        match self.comes(place, text) {
            Came::Answers(guard) => guard,
            came => panic!("{came:?}"),
        }
    }

    fn waits(&self, place: &ParkedPlace, text: &str) -> Guard {
        match self.comes(place, text) {
            Came::Waits(guard) => guard,
            came => panic!("{came:?}"),
        }
    }

    #[track_caller]
    fn check_told(&self, place: &ParkedPlace, text: &str, expected: &str) {
        match self.comes(place, text) {
            Came::Told(told) => assert_eq!(told, expected),
            came => panic!("{came:?}"),
        }
    }

    /// Handlers that were dropped.
    fn dropped(&self) -> usize {
        self.dropped.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
enum Came {
    Answers(Guard),
    Waits(Guard),
    Told(String),
}

fn questions() -> InputRequests {
    [("q0".to_owned(), Question::roots().into())].into()
}

fn answers(text: &str) -> JsonObject {
    json!({ "q0": text }).as_object().cloned().unwrap()
}

fn answer(text: &str) -> Response {
    Response::new(Id::from_number(1), &text)
}

fn line(told: &Told) -> String {
    match &told.word {
        Word::Asked(round) => format!("asked {round}"),
        Word::Last(answer) => format!("last {}", answer.decode_result::<String>().unwrap()),
        Word::Refused(error) => format!("refused {}: {}", error.code, error.message),
    }
}

/// The state that a client sees now.
fn news(guard: &mut Guard) -> String {
    match guard.poll_told(&Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(told)) => line(&told),
        Poll::Ready(None) => "leads".to_owned(),
        Poll::Pending => "nothing".to_owned(),
    }
}

const LATE: &str = "refused -32602: Invalid params: this round has been answered already";
const UNKNOWN: &str = "refused -32602: Invalid or expired requestState";

#[test]
fn a_client_that_asks_again_after_the_end_is_told_the_same_answer() {
    let bench = Bench::new();
    let place = bench.park(None).unwrap();
    let mut guard = bench.answers(&place, "Ada");
    guard.finish(answer("done"));
    assert_eq!((bench.dropped(), bench.calls.len()), (1, 0), "its room is free again");
    assert_eq!(news(&mut guard), "last done");
    drop(guard);
    bench.check_told(&place, "Ada", "last done");
    bench.check_told(&place, "Ada", "last done");
    bench.check_told(&place, "Eve", LATE);
}

#[test]
fn of_clients_with_equal_answers_one_has_the_handler_and_all_are_told() {
    let bench = Bench::new();
    let place = bench.park(None).unwrap();
    let mut first = bench.answers(&place, "Ada");
    let mut second = bench.waits(&place, "Ada");
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    assert!(second.handler().is_none());
    assert!(second.poll_told(&Context::from_waker(&waker)).is_pending());
    bench.check_told(&place, "Eve", LATE);
    first.rest(questions());
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert_eq!([news(&mut first), news(&mut second)], ["asked 2", "asked 2"]);
    // The reply may have been lost; the next round may be under way.
    bench.check_told(&place, "Ada", "asked 2");
    let next = ParkedPlace { round: 2, ..place };
    let mut third = bench.answers(&next, "blue");
    let place = ParkedPlace { round: 1, ..third.place() };
    bench.check_told(&place, "Ada", LATE);
    third.finish(answer("done"));
    drop((first, second, third));
    bench.check_told(&next, "blue", "last done");
    assert_eq!(bench.dropped(), 1);
}

#[test]
fn the_next_in_line_has_the_handler_when_the_first_goes() {
    let bench = Bench::new();
    let place = bench.park(None).unwrap();
    let first = bench.answers(&place, "Ada");
    let (second, mut third) = (bench.waits(&place, "Ada"), bench.waits(&place, "Ada"));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    assert!(third.poll_told(&Context::from_waker(&waker)).is_pending());
    drop(second);
    assert_eq!(news(&mut third), "nothing");
    assert!(third.poll_told(&Context::from_waker(&waker)).is_pending());
    drop(first);
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert_eq!(news(&mut third), "leads");
    assert!(third.handler().is_some() && bench.dropped() == 0);
    third.finish(answer("done"));
    assert_eq!(news(&mut third), "last done");
}

#[test]
fn only_so_many_clients_wait_beside_one() {
    let bench = Bench::new();
    let place = bench.park(None).unwrap();
    let _first = bench.answers(&place, "Ada");
    let _others: Vec<_> = (0..8).map(|_| bench.waits(&place, "Ada")).collect();
    bench.check_told(&place, "Ada", "refused 1503: Overloaded: clients of one call");
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_kept_for_a_moment_for_a_client_that_lost_its_connection() {
    let bench = Bench::new();
    let place = bench.park(None).unwrap();
    drop(bench.answers(&place, "Ada"));
    tokio::time::advance(Duration::from_millis(1_999)).await;
    bench.check_told(&place, "Eve", LATE);
    let mut guard = bench.waits(&place, "Ada");
    assert!(guard.handler().is_some(), "it leads at once");
    tokio::time::advance(Duration::from_secs(3_600)).await;
    drop(guard);
    assert_eq!((bench.dropped(), bench.calls.len()), (0, 1));
    tokio::time::advance(Duration::from_secs(2)).await;
    bench.check_told(&place, "Ada", UNKNOWN);
    assert_eq!((bench.dropped(), bench.calls.len()), (1, 0));
}

#[test]
fn a_call_whose_handler_gives_up_is_lost_to_all_who_wait() {
    let bench = Bench::new();
    let place = bench.park(None).unwrap();
    let (mut first, mut second) = (bench.answers(&place, "Ada"), bench.waits(&place, "Ada"));
    first.lose();
    let lost = "refused -32603: Upstream lost, outcome unknown";
    assert_eq!([news(&mut first), news(&mut second)], [lost, lost]);
    bench.check_told(&place, "Ada", UNKNOWN);
    assert_eq!((bench.dropped(), bench.calls.len()), (1, 0));
}

#[test]
fn only_its_principal_finds_a_call() {
    let bench = Bench::new();
    let place = bench.park(Some("a")).unwrap();
    let other_process = ParkedPlace { process: place.process ^ 1, ..place };
    let other_call = ParkedPlace { call: place.call + 1, ..place };
    for (principal, place) in
        [(Some("b"), &place), (None, &place), (Some("a"), &other_process), (Some("a"), &other_call)]
    {
        let came = bench.comes_as(principal, place, "Ada");
        assert!(matches!(&came, Came::Told(told) if told == UNKNOWN), "{principal:?}: {came:?}");
    }
    let came = bench.comes_as(Some("a"), &place, "Ada");
    assert!(matches!(came, Came::Answers(_)), "it was not touched: {came:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_in_time_when_its_client_does_not_come_back() {
    let mut limits = Limits::default();
    limits.calls.round_timeout = Duration::from_secs(60);
    let bench = Bench::within(&limits);
    let time = bench.calls.keep_time();
    tokio::pin!(time);
    let passes = async |time: std::pin::Pin<&mut _>, to: Duration| {
        tokio::time::timeout(to, time).await.unwrap_err();
    };
    passes(time.as_mut(), Duration::from_secs(30)).await;
    bench.park(None).unwrap();
    passes(time.as_mut(), Duration::from_secs(30)).await;
    let second = bench.park(None).unwrap();
    passes(time.as_mut(), Duration::from_secs(30)).await;
    assert_eq!((bench.dropped(), bench.calls.len()), (1, 1));
    // A call that has ended is kept for another time.
    bench.answers(&second, "Ada").finish(answer("done"));
    passes(time.as_mut(), Duration::from_millis(59_999)).await;
    bench.check_told(&second, "Ada", "last done");
    passes(time.as_mut(), Duration::from_millis(1)).await;
    assert_eq!(bench.calls.words.usage().things, 0);
    bench.check_told(&second, "Ada", UNKNOWN);
}

#[test]
fn clients_without_a_name_share_what_one_principal_may_have() {
    let mut limits = Limits::default();
    (limits.memory.parked_calls_max, limits.principal_parts) = (3, 2);
    let bench = Bench::within(&limits);
    let first = bench.park(None).unwrap();
    assert!(bench.park(None).is_some());
    assert!(bench.park(None).is_none(), "the share of one principal");
    assert!(bench.park(Some("a")).is_some());
    assert!(bench.park(Some("b")).is_none(), "all that there is");
    assert_eq!(bench.dropped(), 2, "those that were not parked");
    let mut guard = bench.answers(&first, "Ada");
    assert!(bench.park(Some("b")).is_none(), "the call goes on, and may ask again");
    guard.finish(answer("done"));
    assert!(bench.park(Some("b")).is_some());
}

#[test]
fn a_last_word_drives_out_the_oldest_of_its_principal() {
    let mut limits = Limits::default();
    (limits.memory.parked_calls_max, limits.principal_parts) = (3, 2);
    let bench = Bench::within(&limits);
    let end = |principal, text: &str| {
        let place = bench.park(principal).unwrap();
        let Came::Answers(mut guard) = bench.comes_as(principal, &place, "Ada") else { panic!() };
        guard.finish(answer(text));
        place
    };
    let told = |principal, place: &ParkedPlace| match bench.comes_as(principal, place, "Ada") {
        Came::Told(told) => told,
        came => panic!("{came:?}"),
    };
    let of_a = end(Some("a"), "a");
    let unnamed = [end(None, "0"), end(None, "1"), end(None, "2")];
    assert_eq!(unnamed.map(|it| told(None, &it)), [UNKNOWN, "last 1", "last 2"]);
    assert_eq!(told(Some("a"), &of_a), "last a", "another's share is not touched");
    let of_b = end(Some("b"), "b");
    assert_eq!(told(Some("a"), &of_a), UNKNOWN, "who has none takes the place of the oldest");
    assert_eq!(told(Some("b"), &of_b), "last b");
    assert_eq!(bench.calls.words.usage().things, 3);
}

#[test]
fn last_words_have_a_bound_in_bytes_and_long_ones_are_not_kept() {
    let bench = Bench::new();
    let end = |len: usize| {
        let place = bench.park(None).unwrap();
        bench.answers(&place, "Ada").finish(answer(&"x".repeat(len)));
        place
    };
    let long = end(300 << 10);
    bench.check_told(&long, "Ada", UNKNOWN);
    assert_eq!(bench.calls.words.usage().things, 0);
    for _ in 0..100 {
        end(200 << 10);
    }
    let words = bench.calls.words.usage();
    assert!((15..=20).contains(&words.things) && words.bytes <= 4 << 20, "{words:?}");
}

#[test]
fn a_server_that_ends_forgets_all_calls() {
    let bench = Bench::new();
    let (first, second) = (bench.park(None).unwrap(), bench.park(None).unwrap());
    let mut guard = bench.answers(&first, "Ada");
    bench.calls.clear();
    assert_eq!(bench.dropped(), 1);
    bench.check_told(&second, "Ada", UNKNOWN);
    guard.finish(answer("done"));
    assert_eq!(news(&mut guard), "last done", "its client is still here");
    drop(guard);
    assert_eq!((bench.calls.len(), bench.calls.words.usage().things), (0, 0));
}
