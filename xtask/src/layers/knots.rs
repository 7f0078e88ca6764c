//! Files of one crate that need each other in a loop.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Two files may need each other: a type, and a part of it that is in a file of its own.
const FILES_MAX: usize = 2;

/// Which file needs which, by index, with one path as proof of each edge.
#[derive(Debug, Default)]
pub(super) struct FileGraph {
    names: Vec<String>,
    edges: BTreeMap<usize, BTreeMap<usize, String>>,
}

/// Files that all lead to one another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Knot {
    pub(super) files: Vec<String>,
    /// A path through the knot that ends where it began.
    pub(super) cycle: String,
}

impl FileGraph {
    pub(super) fn new(names: Vec<String>) -> Self {
        Self { names, edges: BTreeMap::new() }
    }

    /// Notes that a file needs another; the first proof is kept.
    pub(super) fn add(&mut self, from: usize, to: usize, proof: &str) {
        let edges = self.edges.entry(from).or_default();
        edges.entry(to).or_insert_with(|| proof.to_owned());
    }

    /// Every edge with its proof, as `from -> to: proof`.
    #[cfg(test)]
    pub(super) fn edges(&self) -> impl Iterator<Item = String> {
        let name = |it: &usize| self.names.get(*it).cloned().unwrap_or_default();
        let edges =
            self.edges.iter().flat_map(|(from, edges)| edges.iter().map(move |it| (from, it)));
        edges.map(move |(from, (to, proof))| format!("{} -> {}: {proof}", name(from), name(to)))
    }

    /// The strongly connected components of more than two files, the biggest first.
    pub(super) fn knots(&self) -> Vec<Knot> {
        let reach: Vec<BTreeSet<usize>> =
            (0..self.names.len()).map(|it| self.reachable(it)).collect();
        let reaches = |from: usize, to: usize| reach.get(from).is_some_and(|it| it.contains(&to));
        let mut seen = BTreeSet::new();
        let mut knots = Vec::new();
        for file in 0..self.names.len() {
            let members =
                (0..self.names.len()).filter(|it| reaches(file, *it) && reaches(*it, file));
            let members: BTreeSet<usize> = members.collect();
            if members.len() > FILES_MAX && seen.insert(members.clone()) {
                knots.push(self.knot(&members));
            }
        }
        knots.sort_by_key(|it| std::cmp::Reverse(it.files.len()));
        knots
    }

    fn knot(&self, members: &BTreeSet<usize>) -> Knot {
        let name = |it: &usize| self.names.get(*it).cloned().unwrap_or_default();
        let cycle = self.shortest_cycle(members).or_else(|| self.double_pair(members));
        let cycle = cycle.unwrap_or_default();
        let steps = cycle.windows(2).filter_map(|step| match step {
            [from, to] => Some(format!(" -> {} ({})", name(to), self.edges.get(from)?.get(to)?)),
            _ => None,
        });
        let start: String = cycle.first().map(name).unwrap_or_default();
        let cycle = start + &steps.collect::<String>();
        Knot { files: members.iter().map(name).collect(), cycle }
    }

    /// The shortest path of three or more files that comes back and visits none twice.
    fn shortest_cycle(&self, members: &BTreeSet<usize>) -> Option<Vec<usize>> {
        let edges = members.iter().flat_map(|from| {
            self.next(*from).filter(|it| members.contains(it)).map(|to| (*from, to))
        });
        let cycles = edges.filter_map(|(from, to)| {
            let back = self.way(to, from)?;
            Some([vec![from], back].concat())
        });
        cycles.min_by_key(Vec::len)
    }

    /// If there are only pairs: two pairs that share a file.
    fn double_pair(&self, members: &BTreeSet<usize>) -> Option<Vec<usize>> {
        members.iter().find_map(|shared| {
            let mut pairs = self.next(*shared).filter(|it| self.next(*it).any(|it| it == *shared));
            let (first, second) = (pairs.next()?, pairs.next()?);
            Some(vec![first, *shared, second, *shared, first])
        })
    }

    /// The shortest way from one file to another that is not the one step between them.
    fn way(&self, from: usize, to: usize) -> Option<Vec<usize>> {
        let mut queue = VecDeque::from([vec![from]]);
        let mut seen = BTreeSet::from([from]);
        while let Some(path) = queue.pop_front() {
            let last = *path.last()?;
            for next in self.next(last) {
                let is_direct = last == from && next == to;
                if is_direct || !seen.insert(next) {
                    continue;
                }
                let longer = [path.as_slice(), &[next]].concat();
                if next == to {
                    return Some(longer);
                }
                queue.push_back(longer);
            }
        }
        None
    }

    fn reachable(&self, from: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(file) = open.pop() {
            open.extend(self.next(file).filter(|it| reached.insert(*it)));
        }
        reached
    }

    fn next(&self, file: usize) -> impl Iterator<Item = usize> {
        self.edges.get(&file).into_iter().flatten().map(|(to, _)| *to)
    }
}

#[cfg(test)]
mod tests;
