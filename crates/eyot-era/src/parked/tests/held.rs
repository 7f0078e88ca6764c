//! Work that rests in a call: one client has it at a time, and all are told.

use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use eyot_jsonrpc::ErrorObject;
use eyot_types::{InputRequests, Question};

use super::super::{Fate, HeldCall, News, Taken, Told, Waiter, Word};
use super::{CONFIG, answer, answers};

const WORK: &str = "work";

/// A call with its clock.
struct Held {
    call: HeldCall<&'static str>,
    now: Instant,
    fate: Fate,
    timeout: Option<Instant>,
    /// Work that was let go of.
    dropped: Option<&'static str>,
}

impl Held {
    /// A call that was asked in its first round.
    fn asked() -> Self {
        let (call, now) = (HeldCall::new(CONFIG), Instant::now());
        let mut held = Self { call, now, fate: Fate::Lives, timeout: None, dropped: None };
        held.change(|call, _| call.handle_asks(WORK, questions()));
        match held.call.poll_news(Waiter::FIRST, &Context::from_waker(Waker::noop())) {
            Poll::Ready(News::Told(told)) => {
                assert_eq!((line(&told).as_str(), &*told.requests), ("asked 1", &questions()));
            }
            news => panic!("{news:?}"),
        }
        held
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut HeldCall<&'static str>, Instant) -> T) -> T {
        let changed = change(&mut self.call, self.now);
        let settled = self.call.settle(self.now);
        settled.wakers.into_iter().for_each(Waker::wake);
        (self.fate, self.timeout) = (settled.fate, settled.timeout);
        self.dropped = self.dropped.or(settled.work);
        changed
    }

    /// A client comes to the first round: who it is, whether it has the work, and whether it
    /// answers; or what it is told.
    fn comes(&mut self, text: &str) -> Result<(Waiter, bool, bool), String> {
        match self.change(|call, now| call.handle_client(1, &answers(["q"], text), now)) {
            Taken::Here { waiter, work, answers } => Ok((waiter, work.is_some(), answers)),
            Taken::Told(told) => Err(line(&told)),
        }
    }

    fn after(&mut self, time: Duration) {
        self.now += time;
        self.change(HeldCall::handle_timeout);
    }

    /// What there is for a client.
    fn news(&mut self, waiter: u32) -> String {
        match self.call.poll_news(Waiter(waiter), &Context::from_waker(Waker::noop())) {
            Poll::Ready(News::Told(told)) => line(&told),
            Poll::Ready(News::Leads(work)) => format!("leads with {work}"),
            Poll::Pending => "nothing".to_owned(),
        }
    }
}

fn questions() -> InputRequests {
    [("q".to_owned(), Question::roots().into())].into()
}

fn line(told: &Told) -> String {
    match &told.word {
        Word::Asked(round) => format!("asked {round}"),
        Word::Last(answer) => format!("last {}", answer.decode_result::<String>().unwrap()),
        Word::Refused(error) => format!("refused {}", error.message),
    }
}

const LATE: &str = "refused Invalid params: this round has been answered already";

#[test]
fn the_client_that_answers_has_the_work_and_others_wait_beside_it() {
    let mut held = Held::asked();
    assert_eq!(held.comes("Ada"), Ok((Waiter(1), true, true)));
    assert_eq!(held.comes("Ada"), Ok((Waiter(2), false, false)));
    assert_eq!(held.comes("Eve"), Err(LATE.to_owned()));
    assert_eq!((held.news(2).as_str(), held.timeout), ("nothing", None));
    held.change(|call, _| call.handle_answer(answer("done")));
    assert_eq!([held.news(1), held.news(2)], ["last done", "last done"]);
    assert!(matches!(held.fate, Fate::Ended(bytes) if bytes == answer("done").len()));
    assert_eq!(held.comes("Ada"), Err("last done".to_owned()));
    held.after(Duration::from_secs(60));
    assert_eq!((held.fate, held.comes("Ada")), (Fate::Over, Err(LATE.to_owned())));
}

#[test]
fn the_work_goes_to_the_next_in_line_and_waits_a_moment_for_the_last() {
    let mut held = Held::asked();
    let first = held.comes("Ada").unwrap().0;
    assert_eq!(held.comes("Ada"), Ok((Waiter(2), false, false)));
    assert_eq!(held.news(2), "nothing");
    held.change(|call, now| call.handle_gone(first, Some(WORK), now));
    assert_eq!(held.news(2), "leads with work");
    held.change(|call, now| call.handle_gone(Waiter(2), Some(WORK), now));
    assert_eq!(held.timeout, Some(held.now + Duration::from_secs(2)));
    assert_eq!(held.comes("Ada"), Ok((Waiter(3), true, false)), "the answers are given");
    held.change(|call, now| call.handle_gone(Waiter(3), Some(WORK), now));
    held.after(Duration::from_secs(2));
    assert_eq!((held.fate, held.dropped), (Fate::Over, Some(WORK)));
}

#[test]
fn a_client_that_goes_before_it_has_heard_is_told_again() {
    let mut held = Held::asked();
    let first = held.comes("Ada").unwrap().0;
    held.change(|call, _| call.handle_asks(WORK, questions()));
    held.change(|call, now| call.handle_gone(first, None, now));
    assert_eq!(held.news(1), "nothing");
    assert_eq!(held.comes("Ada"), Err("asked 2".to_owned()));
    assert_eq!(held.timeout, Some(held.now + CONFIG.question_timeout));
    held.after(CONFIG.question_timeout);
    assert_eq!((held.fate, held.dropped), (Fate::Over, Some(WORK)));
}

#[test]
fn work_that_ends_without_an_answer_is_lost_to_all() {
    let mut held = Held::asked();
    assert!(held.comes("Ada").is_ok() && held.comes("Ada").is_ok());
    held.change(|call, _| call.handle_lost(&ErrorObject::new(7, "lost")));
    assert_eq!([held.news(1), held.news(2)], ["refused lost", "refused lost"]);
    assert_eq!((held.fate, held.timeout), (Fate::Over, None));
}
