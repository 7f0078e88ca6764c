//! Files that change, in virtual time.

use std::path::Path;

use parking_lot::Mutex;

use super::*;

/// Notes its name when it is read again; its files are those that the first names.
struct Noting<'a> {
    name: &'static str,
    first: PathBuf,
    told: &'a Mutex<Vec<&'static str>>,
}

impl Reread for Noting<'_> {
    fn files(&self) -> Vec<PathBuf> {
        let named = std::fs::read_to_string(&self.first).unwrap_or_default();
        let named = named.lines().map(PathBuf::from).collect();
        [vec![self.first.clone()], named].concat()
    }

    fn reread(&self) -> BoxFuture<'_, ()> {
        self.told.lock().push(self.name);
        Box::pin(std::future::ready(()))
    }
}

/// Looks for two intervals.
async fn look(all: &[&dyn Reread], hangup: &Notify, meanwhile: impl FnOnce()) {
    let change = async {
        tokio::time::sleep(LOOK_INTERVAL / 2).await;
        meanwhile();
        tokio::time::sleep(2 * LOOK_INTERVAL).await;
    };
    tokio::select! {
        () = keep_fresh(all, hangup) => unreachable!("it is never ready"),
        () = change => {}
    }
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_has_changed_is_read_once_and_a_signal_reads_all_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (told, hangup) = (Mutex::default(), Notify::new());
    let noting = |name: &'static str| Noting { name, first: folder.path().join(name), told: &told };
    let (one, two) = (noting("one"), noting("two"));
    let all: [&dyn Reread; 2] = [&one, &two];
    look(&all, &hangup, || {}).await;
    assert!(told.lock().is_empty());
    look(&all, &hangup, || write(&two.first, "")).await;
    assert_eq!(std::mem::take(&mut *told.lock()), ["two"]);
    look(&all, &hangup, || hangup.notify_one()).await;
    assert_eq!(std::mem::take(&mut *told.lock()), ["one", "two"]);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_named_since_the_last_change_is_looked_at_too() {
    let folder = tempfile::tempdir().unwrap();
    let (told, hangup) = (Mutex::default(), Notify::new());
    let first = folder.path().join("first");
    let other = folder.path().join("other");
    let noting = Noting { name: "it", first: first.clone(), told: &told };
    let all: [&dyn Reread; 1] = [&noting];
    let change = async {
        tokio::time::sleep(LOOK_INTERVAL / 2).await;
        write(&first, other.to_str().unwrap());
        tokio::time::sleep(2 * LOOK_INTERVAL).await;
        write(&other, "");
        tokio::time::sleep(2 * LOOK_INTERVAL).await;
    };
    tokio::select! {
        () = keep_fresh(&all, &hangup) => unreachable!("it is never ready"),
        () = change => {}
    }
    assert_eq!(told.lock().len(), 2);
}
