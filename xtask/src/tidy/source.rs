//! Rules for Rust code, read as code: text in comments and strings does not count.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, File as Syntax, ImplItemFn, Item, ItemFn, ItemMod, Meta};

use crate::tidy::file::File;

/// Every violation in one file.
pub(super) fn check(file: &File) -> Vec<String> {
    let syntax = match syn::parse_file(&file.text) {
        Ok(syntax) => syntax,
        Err(error) => return vec![format!("{}:{}: {error}", file.name, line(error.span()))],
    };
    let mut visitor = Visitor { name: &file.name, problems: Vec::new() };
    visitor.check_order(&syntax);
    visitor.visit_file(&syntax);
    visitor.problems
}

struct Visitor<'a> {
    name: &'a str,
    problems: Vec<String>,
}

impl Visitor<'_> {
    fn push(&mut self, at: Span, problem: &str) {
        self.problems.push(format!("{}:{}: {problem}", self.name, line(at)));
    }

    /// A file is read from top to bottom, and a reader needs its tests last.
    fn check_order(&mut self, syntax: &Syntax) {
        let is_tests = |item: &Item| matches!(item, Item::Mod(it) if it.ident == "tests");
        let Some((_, others)) = syntax.items.split_last() else { return };
        for item in others.iter().filter(|it| is_tests(it)) {
            self.push(item.span(), "`mod tests;` is the last line of the file");
        }
    }
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        let name = item.sig.ident.to_string();
        if item.attrs.iter().any(is_test) && name.starts_with("test_") {
            self.push(item.sig.span(), "name the test after the behavior, without `test_`");
        }
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        let name = item.sig.ident.to_string();
        // A method that takes an argument or waits is no getter: it may be an HTTP GET.
        let takes_self_only = item.sig.receiver().is_some() && item.sig.inputs.len() == 1;
        let is_getter = takes_self_only && item.sig.asyncness.is_none();
        if is_getter && name.starts_with("get_") {
            self.push(item.sig.span(), "a getter has the name of the field, without `get_`");
        }
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.ident == "tests" && item.content.is_some() {
            self.push(item.span(), "tests live in their own file (`mod tests;`)");
        }
        visit::visit_item_mod(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if names(attribute, "allow") {
            self.push(attribute.span(), "write `#[expect(lint, reason = \"...\")]`");
        }
        if names(attribute, "ignore") {
            self.push(
                attribute.span(),
                "a test that does not run proves nothing: mend or remove it",
            );
        }
    }
}

/// Whether the attribute, or one that it sets under a condition, has this name.
fn names(attribute: &Attribute, name: &str) -> bool {
    let conditional = || match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            list.tokens.clone().into_iter().any(|it| it.to_string() == name)
        }
        Meta::Path(_) | Meta::List(_) | Meta::NameValue(_) => false,
    };
    attribute.path().is_ident(name) || conditional()
}

/// `#[test]`, or the one of a runtime: `#[tokio::test]`.
fn is_test(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|it| it.ident == "test")
}

fn line(at: Span) -> usize {
    at.start().line
}

#[cfg(test)]
mod tests;
