//! Items on their way into an answer: those that stay as they are, are shared.

use std::sync::Arc;

use eyot_jsonrpc::{JsonArray, JsonRun};

use crate::item_list::{Item, ItemList};

/// Items in the order of an answer.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    runs: Vec<JsonRun>,
    /// Items of one list that follow one another there, too.
    own: Option<(Arc<ItemList>, std::ops::Range<usize>)>,
    /// Items under other names, with commas between them.
    renamed: String,
}

impl Runs {
    /// Adds an item under its own name.
    pub(crate) fn add(&mut self, list: &Arc<ItemList>, number: usize) {
        self.end_renamed();
        if let Some((known, numbers)) = &mut self.own
            && Arc::ptr_eq(known, list)
            && numbers.end == number
        {
            numbers.end += 1;
            return;
        }
        self.end_own();
        self.own = Some((Arc::clone(list), number..number + 1));
    }

    /// Adds an item under another name.
    pub(crate) fn add_renamed(&mut self, item: Item<'_>, name: &str) {
        self.end_own();
        self.renamed.push(if self.renamed.is_empty() { '[' } else { ',' });
        item.write_as(name, &mut self.renamed);
    }

    pub(crate) fn finish(mut self) -> Vec<JsonRun> {
        self.end_own();
        self.end_renamed();
        self.runs
    }

    fn end_own(&mut self) {
        let own = self.own.take();
        self.runs.extend(own.and_then(|(list, numbers)| list.run(numbers)));
    }

    fn end_renamed(&mut self) {
        if self.renamed.is_empty() {
            return;
        }
        self.renamed.push(']');
        let array = JsonArray::parse(std::mem::take(&mut self.renamed));
        self.runs.extend(array.and_then(|it| it.run(0..it.len())));
    }
}
