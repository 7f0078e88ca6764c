//! The packages and their dependencies, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use crate::program;

/// The dependencies between packages, by name.
///
/// All versions of one package are one node: a ban is on a package in every version.
#[derive(Debug, Default)]
pub(super) struct Graph {
    local: BTreeSet<String>,
    /// The first file of each library and program, by package.
    roots: BTreeMap<String, Vec<String>>,
    edges: BTreeMap<String, Vec<Edge>>,
}

/// One line of a manifest, after resolution.
#[derive(Debug)]
pub(super) struct Edge {
    /// The package that is used.
    pub(super) to: String,
    /// Named in `[dependencies]`, perhaps among other places.
    pub(super) is_normal: bool,
    /// Named in `[dev-dependencies]` and nowhere else.
    pub(super) is_dev_only: bool,
}

impl Graph {
    /// Asks cargo about this workspace.
    ///
    /// With all features, because the edges of optional dependencies are hidden otherwise.
    pub(super) fn load() -> anyhow::Result<Self> {
        let mut cargo = program::cargo();
        cargo.args(["metadata", "--format-version=1", "--locked", "--all-features"]);
        let metadata = program::read(&mut cargo)?;
        let metadata: Metadata =
            serde_json::from_str(&metadata).context("read cargo's metadata")?;
        metadata.into_graph()
    }

    /// Adds a package of this workspace.
    pub(super) fn add_local(&mut self, name: &str) {
        self.local.insert(name.to_owned());
    }

    /// Adds a dependency of `user`.
    pub(super) fn add_edge(&mut self, user: &str, edge: Edge) {
        self.edges.entry(user.to_owned()).or_default().push(edge);
    }

    /// The packages of this workspace, in alphabetical order.
    pub(super) fn local(&self) -> impl Iterator<Item = &str> {
        self.local.iter().map(String::as_str)
    }

    /// The first files of the library and the programs of a package.
    pub(super) fn roots(&self, package: &str) -> &[String] {
        self.roots.get(package).map_or(&[], Vec::as_slice)
    }

    /// Whether a package belongs to this workspace.
    pub(super) fn is_local(&self, name: &str) -> bool {
        self.local.contains(name)
    }

    /// The dependencies of a package.
    pub(super) fn edges(&self, user: &str) -> &[Edge] {
        self.edges.get(user).map_or(&[], Vec::as_slice)
    }

    /// The shortest way from `from` to one of `targets`, over normal dependencies.
    pub(super) fn path(&self, from: &str, targets: &[&str]) -> Option<Vec<String>> {
        let mut queue = VecDeque::from([vec![from.to_owned()]]);
        let mut seen = HashSet::from([from.to_owned()]);
        while let Some(path) = queue.pop_front() {
            for edge in self.edges(path.last()?).iter().filter(|it| it.is_normal) {
                if !seen.insert(edge.to.clone()) {
                    continue;
                }
                let longer: Vec<String> = path.iter().chain([&edge.to]).cloned().collect();
                if targets.contains(&edge.to.as_str()) {
                    return Some(longer);
                }
                queue.push_back(longer);
            }
        }
        None
    }
}

/// The part of `cargo metadata` that is read.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: HashSet<String>,
    workspace_root: PathBuf,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

/// `None` is a normal dependency; others are `dev` and `build`.
#[derive(Debug, Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Metadata {
    fn into_graph(self) -> anyhow::Result<Graph> {
        let names: HashMap<&str, &str> =
            self.packages.iter().map(|it| (it.id.as_str(), it.name.as_str())).collect();
        let name = |id: &str| names.get(id).copied().with_context(|| format!("no package {id}"));

        let mut graph = Graph::default();
        for id in &self.workspace_members {
            graph.add_local(name(id)?);
        }
        let members = self.packages.iter().filter(|it| self.workspace_members.contains(&it.id));
        for package in members {
            graph.roots.insert(package.name.clone(), package.roots(&self.workspace_root));
        }
        for node in &self.resolve.nodes {
            for dependency in &node.deps {
                graph.add_edge(name(&node.id)?, dependency.to_edge(name(&dependency.pkg)?));
            }
        }
        Ok(graph)
    }
}

impl Package {
    /// Where its library and its programs begin, from the root of the workspace.
    fn roots(&self, workspace: &Path) -> Vec<String> {
        let is_product = |it: &&Target| it.kind.iter().any(|it| it == "lib" || it == "bin");
        let targets = self.targets.iter().filter(is_product);
        let paths = targets.filter_map(|it| it.src_path.strip_prefix(workspace).ok());
        paths.map(|it| it.to_string_lossy().replace('\\', "/")).collect()
    }
}

impl Dependency {
    fn to_edge(&self, name: &str) -> Edge {
        let kinds = || self.dep_kinds.iter().map(|it| it.kind.as_deref());
        Edge {
            to: name.to_owned(),
            is_normal: kinds().any(|it| it.is_none()),
            is_dev_only: kinds().all(|it| it == Some("dev")),
        }
    }
}
