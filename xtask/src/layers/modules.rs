//! The modules of one crate, and what the paths in them name.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;

use crate::layers::knots::FileGraph;
use crate::layers::reader::Source;

/// The module tree of one library or program, without its tests.
#[derive(Debug, Default)]
pub(super) struct Modules {
    files: Vec<SourceFile>,
    /// The root comes first.
    modules: Vec<Module>,
}

/// One file of the tree.
#[derive(Debug)]
struct SourceFile {
    name: String,
    lines_count: usize,
}

/// Reads the text of the file with this name.
pub(super) type ReadFile<'a> = &'a dyn Fn(&str) -> anyhow::Result<String>;

#[derive(Debug)]
struct Module {
    /// Index of the file that the module is in.
    file: usize,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    source: Source,
}

/// The place of a module in the tree.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    parent: Option<usize>,
    /// Folder of the files of its submodules.
    folder: &'a str,
}

/// The target of a path.
#[derive(Debug, Clone, Copy)]
enum Named {
    Module(usize),
    /// Something that is defined in this module.
    Item(usize),
}

/// The kind of thing that a name should be, if a module and a function have one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Want {
    Module,
    Item,
}

/// The look-ups that are under way: a path that leads back to one of them leads nowhere.
type Open = BTreeSet<(usize, String, Want)>;

impl Modules {
    /// Reads the tree under `root`, a `lib.rs` or `main.rs`.
    pub(super) fn load(root: &str, read: ReadFile<'_>) -> anyhow::Result<Self> {
        let (folder, _) = root.rsplit_once('/').context("the root of a crate is in a folder")?;
        let mut tree = Self::default();
        tree.add_file(root, Place { parent: None, folder }, read)?;
        Ok(tree)
    }

    /// Lines of the files, comments and all.
    pub(super) fn lines_count(&self) -> usize {
        self.files.iter().map(|it| it.lines_count).sum()
    }

    /// How often a type is erased (`dyn Any`) or recovered.
    pub(super) fn erasures_count(&self) -> usize {
        self.modules.iter().map(|it| it.source.erasures_count).sum()
    }

    /// Which file needs which.
    ///
    /// A `mod` line and a re-export count as no need: they are a table of contents.
    pub(super) fn file_graph(&self) -> FileGraph {
        let mut graph = FileGraph::new(self.files.iter().map(|it| it.name.clone()).collect());
        for (index, module) in self.modules.iter().enumerate() {
            let paths = module.source.paths.iter().filter_map(|path| {
                let found = self.resolve(index, path, Want::Item, &mut Open::new())?;
                Some((self.target_file(found)?, path))
            });
            let imports = module.source.imports.iter().filter(|it| !it.is_reexport);
            let imports = imports.filter_map(|import| {
                let found = self.resolve(index, &import.path, Want::Item, &mut Open::new())?;
                let file = match (found, &import.name) {
                    (Named::Module(it), None) => Some(self.modules.get(it)?.file),
                    _ => self.target_file(found),
                };
                Some((file?, &import.path))
            });
            for (file, path) in imports.chain(paths).filter(|(it, _)| *it != module.file) {
                graph.add(module.file, file, &path.join("::"));
            }
        }
        graph
    }

    fn add_file(
        &mut self,
        name: &str,
        place: Place<'_>,
        read: ReadFile<'_>,
    ) -> anyhow::Result<usize> {
        let text = read(name)?;
        let source = Source::parse(&text).with_context(|| format!("parse {name}"))?;
        let file = self.files.len();
        self.files.push(SourceFile { name: name.to_owned(), lines_count: text.lines().count() });
        self.add_module(source, file, place, read)
    }

    fn add_module(
        &mut self,
        mut source: Source,
        file: usize,
        place: Place<'_>,
        read: ReadFile<'_>,
    ) -> anyhow::Result<usize> {
        let submodules = std::mem::take(&mut source.submodules);
        let index = self.modules.len();
        let parent = place.parent;
        self.modules.push(Module { file, parent, children: BTreeMap::new(), source });
        for submodule in submodules {
            let folder = format!("{}/{}", place.folder, submodule.name);
            let below = Place { parent: Some(index), folder: &folder };
            let child = match submodule.inline {
                Some(source) => self.add_module(source, file, below, read)?,
                None => self.add_file(&format!("{folder}.rs"), below, read)?,
            };
            if let Some(module) = self.modules.get_mut(index) {
                module.children.insert(submodule.name, child);
            }
        }
        Ok(index)
    }

    /// The file that a path needs; a module by itself is only a part of the path.
    fn target_file(&self, found: Named) -> Option<usize> {
        match found {
            Named::Item(it) => Some(self.modules.get(it)?.file),
            Named::Module(_) => None,
        }
    }

    /// Follows a path in module `at`; `None` leads out of the crate.
    fn resolve(&self, at: usize, path: &[String], want: Want, open: &mut Open) -> Option<Named> {
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => Named::Module(0),
            "self" => Named::Module(at),
            "super" => Named::Module(self.modules.get(at)?.parent?),
            name => {
                self.look_up(at, name, if rest.is_empty() { want } else { Want::Module }, open)?
            }
        };
        self.follow(start, rest, want, open)
    }

    fn follow(&self, at: Named, rest: &[String], want: Want, open: &mut Open) -> Option<Named> {
        let (Named::Module(module), Some((first, rest))) = (at, rest.split_first()) else {
            // What follows an item belongs to it: a variant, an associated function.
            return Some(at);
        };
        if first == "super" {
            let parent = Named::Module(self.modules.get(module)?.parent?);
            return self.follow(parent, rest, want, open);
        }
        let wanted = if rest.is_empty() { want } else { Want::Module };
        // A name that is not written in the module comes from a macro that was expanded there.
        let next = self.look_up(module, first, wanted, open).unwrap_or(Named::Item(module));
        self.follow(next, rest, want, open)
    }

    /// The meaning of a name in a module: defined there, declared there, or imported.
    fn look_up(&self, at: usize, name: &str, want: Want, open: &mut Open) -> Option<Named> {
        if !open.insert((at, name.to_owned(), want)) {
            return None;
        }
        let module = self.modules.get(at)?;
        let item = module.source.items.contains(name).then_some(Named::Item(at));
        let child = module.children.get(name).copied().map(Named::Module);
        let own = item.into_iter().chain(child);
        let found: Vec<Named> = own.chain(self.imported(at, name, want, open)).collect();
        let found = found.iter().find(|it| it.is(want)).or_else(|| found.first()).copied();
        open.remove(&(at, name.to_owned(), want));
        found
    }

    /// The targets of a module's imports that bring in this name, or every name.
    fn imported(&self, at: usize, name: &str, want: Want, open: &mut Open) -> Vec<Named> {
        let Some(module) = self.modules.get(at) else { return Vec::new() };
        let mut found = Vec::new();
        for import in &module.source.imports {
            match &import.name {
                Some(it) if it == name => {
                    found.extend(self.resolve(at, &import.path, want, open));
                }
                Some(_) => {}
                None => {
                    if let Some(Named::Module(from)) =
                        self.resolve(at, &import.path, Want::Module, open)
                    {
                        found.extend(self.look_up(from, name, want, open));
                    }
                }
            }
        }
        found
    }
}

impl Named {
    fn is(self, want: Want) -> bool {
        match self {
            Self::Module(_) => want == Want::Module,
            Self::Item(_) => want == Want::Item,
        }
    }
}

#[cfg(test)]
mod tests;
