//! The declarations, imports and paths of one Rust file; code of tests does not count.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ExprCall, ImplItemFn, Item, ItemMod, ItemUse, Macro, Meta, Path,
    TypeParamBound, TypeTraitObject, UseTree, VisRestricted, Visibility,
};

/// The text of one module, reduced to the parts that show its dependencies.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Names of the types, traits, functions, constants and macros that are defined here.
    pub(super) items: BTreeSet<String>,
    pub(super) imports: Vec<Import>,
    /// Paths in the code outside imports; a single name is a path of one segment.
    pub(super) paths: BTreeSet<Vec<String>>,
    pub(super) submodules: Vec<Submodule>,
    /// How often a type is erased (`dyn Any`) or recovered (`downcast`).
    pub(super) erasures_count: usize,
}

/// `mod name;`, or `mod name { ... }` with its contents.
#[derive(Debug)]
pub(super) struct Submodule {
    pub(super) name: String,
    pub(super) inline: Option<Source>,
}

/// One name that a `use` brings in.
#[derive(Debug)]
pub(super) struct Import {
    /// The path as written.
    pub(super) path: Vec<String>,
    /// The name here; `None` is a glob, which brings in every name.
    pub(super) name: Option<String>,
    /// Whether other modules may import the name from here; then this module is its facade.
    pub(super) is_reexport: bool,
}

impl Source {
    /// Reads the text of a file.
    pub(super) fn parse(text: &str) -> syn::Result<Self> {
        let syntax = syn::parse_file(text)?;
        Ok(Self::of_items(&syntax.items))
    }

    fn of_items(items: &[Item]) -> Self {
        let mut reader = Reader::default();
        for item in items.iter().filter(|it| !is_for_tests(attributes(it))) {
            reader.source.items.extend(name(item).map(ToString::to_string));
            reader.visit_item(item);
        }
        reader.source
    }
}

#[derive(Debug, Default)]
struct Reader {
    source: Source,
}

impl Reader {
    /// Keeps a path if it can name something of another file.
    ///
    /// A single word in lower case may be a local variable, unless it is called.
    fn push_path(&mut self, segments: Vec<String>, is_called: bool) {
        let is_upper = |word: &String| word.starts_with(|it: char| it.is_ascii_uppercase());
        if segments.len() > 1 || segments.first().is_some_and(|it| is_called || is_upper(it)) {
            self.source.paths.insert(segments);
        }
    }

    /// Adds the names that a branch of a `use` brings in; `prefix` is the path to the branch.
    fn push_imports(&mut self, tree: &UseTree, prefix: &[String], is_reexport: bool) {
        let with = |last: &Ident| [prefix, &[last.to_string()]].concat();
        let mut push = |path: Vec<String>, name: Option<String>| {
            self.source.imports.push(Import { path, name, is_reexport });
        };
        match tree {
            UseTree::Path(it) => self.push_imports(&it.tree, &with(&it.ident), is_reexport),
            UseTree::Group(it) => {
                for tree in &it.items {
                    self.push_imports(tree, prefix, is_reexport);
                }
            }
            UseTree::Name(it) if it.ident == "self" => {
                push(prefix.to_vec(), prefix.last().cloned());
            }
            UseTree::Name(it) => push(with(&it.ident), Some(it.ident.to_string())),
            UseTree::Rename(it) if it.ident == "self" => {
                push(prefix.to_vec(), Some(it.rename.to_string()));
            }
            UseTree::Rename(it) => push(with(&it.ident), Some(it.rename.to_string())),
            UseTree::Glob(_) => push(prefix.to_vec(), None),
        }
    }

    /// Finds the paths in the input of a macro, which is tokens and no syntax.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut path = TokenPath::default();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    self.count_erasure(&ident);
                    if !path.goes_on() {
                        self.end_path(&mut path, false);
                    }
                    path.push(&ident);
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && path.is_open() => {
                    path.colons += 1;
                    path.is_joined |= punct.spacing() == Spacing::Joint;
                }
                TokenTree::Punct(punct) => {
                    self.end_path(&mut path, punct.as_char() == '!');
                    path.is_member = punct.as_char() == '.';
                }
                TokenTree::Group(group) => {
                    self.end_path(&mut path, group.delimiter() == Delimiter::Parenthesis);
                    self.read_tokens(group.stream());
                }
                TokenTree::Literal(_) => self.end_path(&mut path, false),
            }
        }
        self.end_path(&mut path, false);
    }

    fn end_path(&mut self, path: &mut TokenPath, is_called: bool) {
        let TokenPath { segments, is_member, .. } = std::mem::take(path);
        // `.name` is a field or a method.
        if !is_member || segments.len() > 1 {
            self.push_path(segments, is_called);
        }
    }

    fn count_erasure(&mut self, ident: &Ident) {
        if ident.to_string().starts_with("downcast") {
            self.source.erasures_count += 1;
        }
    }
}

/// A path that is being read from tokens.
#[derive(Debug, Default)]
struct TokenPath {
    segments: Vec<String>,
    /// Colons since the last segment.
    colons: usize,
    is_joined: bool,
    is_member: bool,
}

impl TokenPath {
    fn is_open(&self) -> bool {
        !self.segments.is_empty() && self.colons < 2
    }

    fn goes_on(&self) -> bool {
        self.segments.is_empty() || (self.colons == 2 && self.is_joined)
    }

    fn push(&mut self, ident: &Ident) {
        self.segments.push(ident.to_string());
        self.colons = 0;
        self.is_joined = false;
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let inline = item.content.as_ref().map(|(_, items)| Source::of_items(items));
        self.source.submodules.push(Submodule { name: item.ident.to_string(), inline });
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_reexport = !matches!(item.vis, Visibility::Inherited);
        self.push_imports(&item.tree, &[], is_reexport);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let segments = path.segments.iter().map(|it| it.ident.to_string()).collect();
        self.push_path(segments, false);
        visit::visit_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(function) = &*call.func
            && let Some(name) = function.path.get_ident()
        {
            self.push_path(vec![name.to_string()], true);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, invocation: &'ast Macro) {
        let segments = invocation.path.segments.iter().map(|it| it.ident.to_string()).collect();
        self.push_path(segments, true);
        self.read_tokens(invocation.tokens.clone());
    }

    fn visit_type_trait_object(&mut self, object: &'ast TypeTraitObject) {
        let is_any = |bound: &TypeParamBound| match bound {
            TypeParamBound::Trait(it) => {
                it.path.segments.last().is_some_and(|it| it.ident == "Any")
            }
            _ => false,
        };
        if object.bounds.iter().any(is_any) {
            self.source.erasures_count += 1;
        }
        visit::visit_type_trait_object(self, object);
    }

    fn visit_ident(&mut self, ident: &'ast Ident) {
        self.count_erasure(ident);
    }

    /// `pub(super)` does not count as a use of the parent.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string();
            let mut words = condition.split(|it: char| !it.is_alphanumeric() && it != '_');
            words.any(|it| it == "test") && !condition.contains("not")
        }
        Meta::Path(_) | Meta::List(_) | Meta::NameValue(_) => false,
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Union(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        _ => &[],
    }
}

fn name(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(it) => Some(&it.ident),
        Item::Enum(it) => Some(&it.ident),
        Item::Fn(it) => Some(&it.sig.ident),
        Item::Macro(it) => it.ident.as_ref(),
        Item::Static(it) => Some(&it.ident),
        Item::Struct(it) => Some(&it.ident),
        Item::Trait(it) => Some(&it.ident),
        Item::Type(it) => Some(&it.ident),
        Item::Union(it) => Some(&it.ident),
        _ => None,
    }
}
