//! What is shown of bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Sum, sums, watch_limit, watch_limit_bytes};

#[test]
fn bounds_of_one_name_are_shown_as_one_for_as_long_as_they_are_there() {
    let counts = [Arc::new(AtomicUsize::new(2)), Arc::new(AtomicUsize::new(3))];
    for count in &counts {
        let weak = Arc::downgrade(count);
        watch_limit("test", 10, move || Some(weak.upgrade()?.load(Ordering::Relaxed)));
    }
    watch_limit_bytes("test", 1_000, || Some(7));
    assert_eq!(sums().get(&("test", false)), Some(&Sum { used: 5.0, max: 20.0 }));
    assert_eq!(sums().get(&("test", true)), Some(&Sum { used: 7.0, max: 1_000.0 }));
    drop(counts);
    assert_eq!(sums().get(&("test", false)), Some(&Sum::default()), "once, so that it shows zero");
    assert_eq!(sums().get(&("test", false)), None);
}
