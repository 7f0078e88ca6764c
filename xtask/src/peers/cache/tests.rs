//! A part is there as a whole, with the current pins, or not at all.

use super::*;

fn part(pins: &'static [&'static str], install: Install) -> Part {
    Part { folder: "a", purpose: "", pins, install }
}

/// An installer that writes the pins into a file.
fn write_pins(_: &Cache, pins: &[&str], folder: &Path) -> anyhow::Result<()> {
    fs::write(folder.join("made"), pins.join(" ")).context("write")
}

fn fail_halfway(cache: &Cache, pins: &[&str], folder: &Path) -> anyhow::Result<()> {
    write_pins(cache, pins, folder)?;
    anyhow::bail!("no network")
}

fn with_cache(check: impl FnOnce(&Cache)) {
    let folder = tempfile::tempdir().unwrap();
    check(&Cache::at(folder.path().to_owned()));
}

fn made(cache: &Cache) -> Option<String> {
    fs::read_to_string(cache.folder().join("a/made")).ok()
}

#[test]
fn part_is_made_once() {
    with_cache(|cache| {
        cache.ensure(&part(&["p==1"], write_pins)).unwrap();
        cache.ensure(&part(&["p==1"], fail_halfway)).unwrap();
        assert_eq!(made(cache).as_deref(), Some("p==1"));
    });
}

#[test]
fn changed_pin_makes_the_part_anew() {
    with_cache(|cache| {
        cache.ensure(&part(&["p==1"], write_pins)).unwrap();
        cache.ensure(&part(&["p==2"], write_pins)).unwrap();
        assert_eq!(made(cache).as_deref(), Some("p==2"));
    });
}

#[test]
fn failed_part_leaves_nothing_behind() {
    with_cache(|cache| {
        cache.ensure(&part(&["p==1"], write_pins)).unwrap();
        let error = cache.ensure(&part(&["p==2"], fail_halfway)).unwrap_err();
        assert_eq!(error.to_string(), "no network");
        assert_eq!(fs::read_dir(cache.folder()).unwrap().count(), 0);
    });
}

#[test]
fn cache_is_where_the_user_keeps_caches() {
    #[track_caller]
    fn check(variables: &[(&str, &str)], want: &str) {
        let find = |name: &str| variables.iter().find(|it| it.0 == name).map(|it| it.1.into());
        assert_eq!(folder(find), Path::new(want));
    }
    check(&[("HOME", "/h")], "/h/.cache/eyot-peers");
    check(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")], "/c/eyot-peers");
    check(&[("HOME", "/h"), ("EYOT_PEERS", "/p")], "/p");
}
