//! Every order of messages lost, doubled and late, and of deaths between any two actions.

use std::time::Duration;

use proptest::prelude::*;

use super::world::{Way, World};

/// What may happen next. The number of a process is its place.
#[derive(Clone, Copy, Debug)]
enum Event {
    Asks,
    Withdraws(usize),
    Answers,
    Hears(usize, bool),
    Acts(usize),
    Stores(usize),
    Comes(usize, u32, Way),
    Goes(usize, usize),
    Dies(usize, bool),
    Loses(usize),
    Waits(u64),
}

fn event() -> impl Strategy<Value = Event> {
    // The first process has most of the life.
    let place = || prop_oneof![4 => Just(0_usize), 1 => Just(1_usize)];
    let way = prop_oneof![
        6 => (0_u8..2).prop_map(Way::All),
        1 => Just(Way::First),
        1 => Just(Way::Nothing),
        1 => Just(Way::Nonsense),
    ];
    prop_oneof![
        4 => Just(Event::Asks),
        1 => (0_usize..4).prop_map(Event::Withdraws),
        1 => Just(Event::Answers),
        10 => (place(), any::<bool>()).prop_map(|(place, twice)| Event::Hears(place, twice)),
        20 => place().prop_map(Event::Acts),
        10 => place().prop_map(Event::Stores),
        12 => (place(), 1_u32..4, way).prop_map(|(place, round, way)| Event::Comes(place, round, way)),
        2 => (place(), 0_usize..4).prop_map(|(place, which)| Event::Goes(place, which)),
        2 => (place(), any::<bool>()).prop_map(|(place, is_written)| Event::Dies(place, is_written)),
        1 => place().prop_map(Event::Loses),
        6 => prop_oneof![Just(10), Just(1_000), Just(2_000), Just(60_000), Just(300_000)]
            .prop_map(Event::Waits),
    ]
}

fn happen(world: &mut World, event: Event) {
    match event {
        Event::Asks => world.asks(),
        Event::Withdraws(index) => world.withdraws(index),
        Event::Answers => world.answers(),
        Event::Hears(place, twice) => world.hears(place, twice),
        Event::Acts(place) => {
            world.acts(place);
        }
        Event::Stores(place) => world.stores(place),
        Event::Comes(place, round, way) => world.comes(place, round, way),
        Event::Goes(place, which) => world.goes(place, which),
        Event::Dies(place, is_written) => world.dies(place, is_written),
        Event::Loses(place) => world.loses(place),
        Event::Waits(ms) => world.waits(Duration::from_millis(ms)),
    }
}

/// What is likely to lead far, up to some point of it.
fn usual() -> impl Strategy<Value = Vec<Event>> {
    let round = (1_u32..4, 0_u8..2, 0_usize..5, 0_usize..30);
    round.prop_map(|(round, way, which, cut)| {
        let mut events = match which {
            0 => one_round(round, way),
            1 => two_clients(round, way),
            2 => death(round, way, cut),
            _ => two_processes(round, way, which == 3),
        };
        events.truncate(cut + 1);
        events
    })
}

/// The upstream asks, and its client answers.
fn one_round(round: u32, way: u8) -> Vec<Event> {
    let asks = vec![Event::Asks, Event::Hears(0, false), Event::Waits(10)];
    let comes = vec![Event::Comes(0, round, Way::All(way))];
    [asks, writes(0), comes, writes(0)].concat()
}

/// A client repeats its answers beside itself, and one of the two goes.
fn two_clients(round: u32, way: u8) -> Vec<Event> {
    let comes = Event::Comes(0, round, Way::All(way));
    [one_round(round, way), vec![comes, Event::Goes(0, 0), Event::Acts(0)]].concat()
}

/// A process dies in the middle of a round, and the next one has it again.
fn death(round: u32, way: u8, cut: usize) -> Vec<Event> {
    let mut events = one_round(round, way);
    events.truncate(cut / 2);
    let again = vec![Event::Dies(0, cut.is_multiple_of(2)), Event::Comes(0, round, Way::All(way))];
    [events, again, writes(0)].concat()
}

/// Another process finishes the call, and later its client answers the first in another way.
fn two_processes(round: u32, way: u8, dies: bool) -> Vec<Event> {
    let take = vec![Event::Comes(1, round, Way::All(way))];
    let finish = vec![Event::Answers, Event::Hears(1, false), Event::Hears(1, false)];
    let end = if dies { Event::Dies(1, true) } else { Event::Acts(1) };
    let later = vec![end, Event::Waits(60_000)];
    let other = vec![Event::Comes(0, round, Way::All(1 - way))];
    [take, writes(1), finish, writes(1), later, writes(1), other, writes(0)].concat()
}

fn writes(place: usize) -> Vec<Event> {
    vec![Event::Acts(place), Event::Stores(place), Event::Acts(place)]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let part = prop_oneof![3 => usual(), 2 => prop::collection::vec(event(), 1..8)];
    prop::collection::vec(part, 0..12).prop_map(|it| it.concat())
}

proptest! {
    /// The world checks what it sees: nothing is told before it is stored, no question is answered
    /// in two ways, and the same answers have one outcome. In the end all who stay are told.
    #[test]
    fn whatever_happens_all_who_wait_are_told_once(events in events()) {
        let mut world = World::new();
        for event in events {
            happen(&mut world, event);
        }
        world.answers();
        for _ in 0..10 {
            world.settle();
            world.until_next();
        }
        world.settle();
        prop_assert!(!world.is_waited_for(), "{:?}", world);
    }

    /// Timers fire, and there is nothing to do afterwards.
    #[test]
    fn a_call_that_all_clients_have_left_ends(events in events()) {
        let mut world = World::new();
        for event in events {
            happen(&mut world, event);
        }
        for _ in 0..16 {
            world.goes(0, 0);
            world.goes(1, 0);
        }
        for step in 0..16 {
            world.settle();
            match step {
                0..4 => world.until_next(),
                _ => world.waits(Duration::from_secs(400)),
            }
        }
        prop_assert!(world.is_over(), "{:?}", world);
    }
}
