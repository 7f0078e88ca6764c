//! Tasks are found by their owners until their time is over, and give their room back.

use std::time::Duration;

use eyot_stdx::{Quota, QuotaLimits, QuotaPermit, QuotaUsage};
use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const LIMITS: QuotaLimits =
    QuotaLimits { things_max: 5, bytes_max: 100, principal_things_max: 3, principal_bytes_max: 60 };

fn who(which: u8) -> Option<Arc<str>> {
    [None, Some("ada"), Some("ben")][usize::from(which) % 3].map(Arc::from)
}

#[test]
fn a_task_is_found_by_its_principal_and_by_no_other() {
    let now = Instant::now();
    let mut table = TaskTable::default();
    table.insert("ada's".into(), who(1), now + SECOND, 1);
    table.insert("free".into(), None, now + SECOND, 2);
    for (principal, found) in [(1, [Some(1), None]), (2, [None, None]), (0, [None, Some(2)])] {
        let principal = who(principal);
        let found_now =
            ["ada's", "free"].map(|it| table.find(it, principal.as_ref(), now).copied());
        assert_eq!(found_now, found, "{principal:?}");
    }
    assert_eq!(table.find("unknown", None, now), None);
}

#[test]
fn a_task_is_kept_until_its_time_is_over_and_no_longer() {
    let now = Instant::now();
    let mut table = TaskTable::default();
    assert!(table.is_empty() && table.poll_timeout().is_none());
    table.insert("long".into(), None, now + SECOND * 2, "long");
    table.insert("short".into(), None, now + SECOND, "short");
    assert_eq!(table.iter().collect::<Vec<_>>(), [&"short", &"long"]);
    assert_eq!(table.poll_timeout(), Some(now + SECOND));
    assert!(table.find("short", None, now).is_some());
    // Nobody finds it any more, swept or not.
    assert!(table.find("short", None, now + SECOND).is_none());
    assert_eq!(table.handle_timeout(now + SECOND), ["short"]);
    assert_eq!((table.len(), table.remove("short"), table.remove("long")), (1, None, Some("long")));
    assert!(table.is_empty() && table.poll_timeout().is_none());
}

#[test]
fn an_id_that_comes_twice_names_the_second_task() {
    let now = Instant::now();
    let mut table = TaskTable::default();
    table.insert("t".into(), None, now + SECOND, 1);
    table.insert("t".into(), None, now + SECOND * 2, 2);
    assert_eq!((table.len(), table.poll_timeout()), (1, Some(now + SECOND * 2)));
    assert_eq!(table.find("t", None, now), Some(&2));
}

/// What can happen to the tasks of a server.
#[derive(Clone, Debug)]
enum Event {
    Begins(u8, u8),
    /// A call had room for a task and became none.
    IsNone(u8),
    Ends(u8, usize),
    Time(u16),
    IsRemoved(u8),
    /// The process ends.
    Dies,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (any::<u8>(), 1_u8..10).prop_map(|(who, ttl)| Event::Begins(who, ttl)),
        1 => any::<u8>().prop_map(Event::IsNone),
        4 => (any::<u8>(), 0_usize..50).prop_map(|(which, bytes)| Event::Ends(which, bytes)),
        2 => (0_u16..5_000).prop_map(Event::Time),
        1 => any::<u8>().prop_map(Event::IsRemoved),
        1 => Just(Event::Dies),
    ]
}

struct World {
    quota: Quota,
    table: TaskTable<QuotaPermit>,
    now: Instant,
    begun: u32,
    /// By id: the owner, the end of its time, and the bytes that it keeps.
    known: Vec<(String, Option<Arc<str>>, Instant, usize)>,
}

impl World {
    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Begins(which, ttl) => self.begin(which, ttl),
            Event::IsNone(which) => drop(self.quota.acquire(who(which).as_ref(), 0)),
            Event::Ends(which, bytes) => {
                let count = self.known.len();
                let Some(known) = self.known.get_mut(usize::from(which) % count.max(1)) else {
                    return;
                };
                if let Some(mut permit) = self.table.remove(&known.0) {
                    let fits = permit.grow(bytes).is_ok();
                    known.3 += if fits { bytes } else { 0 };
                    self.table.insert(known.0.as_str().into(), known.1.clone(), known.2, permit);
                }
            }
            Event::Time(ms) => {
                self.now += Duration::from_millis(ms.into());
                drop(self.table.handle_timeout(self.now));
                let now = self.now;
                self.known.retain(|(_, _, expires, _)| *expires > now);
            }
            Event::IsRemoved(which) => {
                if let Some(index) = (usize::from(which)).checked_rem(self.known.len()) {
                    let (id, ..) = self.known.swap_remove(index);
                    assert!(self.table.remove(&id).is_some());
                }
            }
            Event::Dies => {
                self.table = TaskTable::default();
                self.known.clear();
            }
        }
    }

    fn begin(&mut self, which: u8, ttl: u8) {
        let principal = who(which);
        let own = self.known.iter().filter(|it| it.1 == principal).count();
        let has_room = self.known.len() < LIMITS.things_max && own < LIMITS.principal_things_max;
        let taken = self.quota.acquire(principal.as_ref(), 0);
        assert_eq!(taken.is_ok(), has_room);
        let Ok(permit) = taken else { return };
        assert_eq!(permit.principal(), principal.as_ref());
        self.begun += 1;
        let (id, expires) = (self.begun.to_string(), self.now + SECOND * ttl.into());
        self.table.insert(id.as_str().into(), principal.clone(), expires, permit);
        self.known.push((id, principal, expires, 0));
    }

    fn check(&self) {
        let QuotaUsage { things, bytes } = self.quota.usage();
        assert_eq!([self.table.len(), things], [self.known.len(); 2]);
        assert_eq!(bytes, self.known.iter().map(|it| it.3).sum::<usize>());
        assert!(bytes <= LIMITS.bytes_max && self.known.len() <= LIMITS.things_max);
        for which in 0..3 {
            let of = |it: &&(String, Option<Arc<str>>, Instant, usize)| it.1 == who(which);
            let own: usize = self.known.iter().filter(of).map(|it| it.3).sum();
            assert!(own <= LIMITS.principal_bytes_max);
        }
        for (id, principal, ..) in &self.known {
            assert!(self.table.find(id, principal.as_ref(), self.now).is_some());
        }
        let earliest = self.known.iter().map(|it| it.2).min();
        assert_eq!(self.table.poll_timeout(), earliest);
    }
}

proptest! {
    #[test]
    fn room_always_comes_back(events in prop::collection::vec(event(), 0..60)) {
        let mut world = World {
            quota: Quota::new(LIMITS),
            table: TaskTable::default(),
            now: Instant::now(),
            begun: 0,
            known: Vec::new(),
        };
        for event in &events {
            world.happen(event);
            world.check();
        }
        world.happen(&Event::Time(10_000));
        world.check();
        prop_assert_eq!(world.quota.usage(), QuotaUsage::default());
        prop_assert!(world.table.is_empty());
    }
}
