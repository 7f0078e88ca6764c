//! Whether some of several files have changed.

use std::path::PathBuf;

use crate::stamp::Stamp;

/// Files that are looked at again and again.
#[derive(Clone, Debug)]
pub struct Watch(Vec<(PathBuf, Stamp)>);

impl Watch {
    /// These files, as they are now.
    #[must_use]
    pub fn of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut watch = Self(Vec::new());
        watch.follow(files);
        watch
    }

    /// Whether one of the files is not as it was at the last look.
    pub fn has_changed(&mut self) -> bool {
        let mut has_changed = false;
        for (file, known) in &mut self.0 {
            let now = Stamp::of(file);
            has_changed |= std::mem::replace(known, now) != now;
        }
        has_changed
    }

    /// Looks at these files from now on. Of those that it has looked at before, no change is lost.
    pub fn follow(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        let before = std::mem::take(&mut self.0);
        let known = |file: &PathBuf| before.iter().find(|it| it.0 == *file).map(|it| it.1);
        self.0 = files
            .into_iter()
            .map(|file| {
                let stamp = known(&file).unwrap_or_else(|| Stamp::of(&file));
                (file, stamp)
            })
            .collect();
    }
}
