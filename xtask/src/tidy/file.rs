//! One file of the tree, and what kind of file it is.

use std::path::Path;

/// One file of the tree.
#[derive(Debug)]
pub(super) struct File {
    /// Path from the root of the checkout, with `/` between the folders.
    pub(super) name: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.name).extension().is_some_and(|it| it == extension)
    }

    /// Whether the file becomes part of the product: neither a test nor a tool.
    pub(super) fn is_product(&self) -> bool {
        self.name.starts_with("crates/")
            && !self.name.starts_with("crates/eyot-testkit/")
            && !self.is_test()
    }

    pub(super) fn is_test(&self) -> bool {
        self.name.ends_with("/tests.rs")
            || self.name.contains("/tests/")
            || self.name.starts_with("tests/")
    }
}
