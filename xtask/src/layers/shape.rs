//! The shape of each crate: its size, the loops between its files, erased types.

use std::cmp::Reverse;

use anyhow::Context as _;

use crate::layers::graph::Graph;
use crate::layers::knots::Knot;
use crate::layers::modules::Modules;

/// How many product lines one crate may have: as much as one person can know.
const LINES_MAX: usize = 7_500;

/// Exemptions from the rules of this file.
pub(super) const EXEMPT: Exempt = Exempt {
    knots: &[Row {
        package: "eyot-service",
        max: 3,
        reason: "a call has its session, which keeps the service that answers its calls",
    }],
    lines: &[],
    erasures: &[
        Row {
            package: "eyot-cli",
            max: 3,
            reason: "an `anyhow::Error` says by its type how the program exits",
        },
        Row {
            package: "eyot-http",
            max: 2,
            reason: "an error of TLS comes as the source of one of hyper or the system",
        },
    ],
};

/// Violations that are allowed. No row may grow, and a row whose violation has gone must go.
#[derive(Debug)]
pub(super) struct Exempt {
    /// A row for each knot, with its number of files.
    knots: &'static [Row],
    /// A row for each crate that is too big, with its number of lines.
    lines: &'static [Row],
    /// A row for each crate that erases types, with how often it does.
    erasures: &'static [Row],
}

/// An exemption of one crate, with its reason.
#[derive(Debug)]
struct Row {
    package: &'static str,
    max: usize,
    reason: &'static str,
}

/// The measures of one crate.
#[derive(Debug)]
pub(super) struct Shape {
    package: String,
    /// Neither a tool nor test support, which may be large.
    is_product: bool,
    lines_count: usize,
    erasures_count: usize,
    /// The biggest knot first.
    knots: Vec<Knot>,
}

/// Reads every crate of the workspace.
pub(super) fn load(graph: &Graph, is_product: impl Fn(&str) -> bool) -> anyhow::Result<Vec<Shape>> {
    let root = crate::program::project_root();
    let read = |name: &str| {
        std::fs::read_to_string(root.join(name)).with_context(|| format!("read {name}"))
    };
    let shapes = graph.local().map(|package| {
        let roots = graph.roots(package).iter();
        let trees: Vec<Modules> =
            roots.map(|it| Modules::load(it, &read)).collect::<anyhow::Result<_>>()?;
        Ok(Shape::new(package, is_product(package), &trees))
    });
    shapes.collect()
}

impl Shape {
    /// Sums up the trees of a package: its library and its programs.
    fn new(package: &str, is_product: bool, trees: &[Modules]) -> Self {
        let mut knots: Vec<Knot> = trees.iter().flat_map(|it| it.file_graph().knots()).collect();
        knots.sort_by_key(|it| Reverse(it.files.len()));
        Self {
            package: package.to_owned(),
            is_product,
            lines_count: trees.iter().map(Modules::lines_count).sum(),
            erasures_count: trees.iter().map(Modules::erasures_count).sum(),
            knots,
        }
    }

    /// One line for each knot.
    pub(super) fn knots(&self) -> impl Iterator<Item = String> {
        self.knots.iter().map(|it| {
            let (package, count) = (&self.package, it.files.len());
            format!("{package}: {count} files need each other: {}", it.files.join(" "))
        })
    }
}

impl Exempt {
    /// Every violation, one line each: first those of the crates, then stale rows.
    pub(super) fn check(&self, shapes: &[Shape]) -> Vec<String> {
        let crates = shapes.iter().flat_map(|it| self.check_crate(it));
        crates.chain(self.stale(shapes)).collect()
    }

    fn check_crate(&self, shape: &Shape) -> Vec<String> {
        let mut problems = self.check_knots(shape);
        if shape.is_product {
            problems.extend(self.check_size(shape));
            problems.extend(self.check_erasures(shape));
        }
        problems
    }

    /// Gives each knot the smallest row that is big enough for it. Knots without a row have grown
    /// or are new; rows without a knot are too many.
    fn check_knots(&self, shape: &Shape) -> Vec<String> {
        let mut rows = rows_of(self.knots, &shape.package);
        let mut knots = Vec::new();
        for knot in &shape.knots {
            match rows.iter().position(|it| it.max >= knot.files.len()) {
                Some(fitting) => drop(rows.remove(fitting)),
                None => knots.push(knot),
            }
        }
        let mut problems = Vec::new();
        for knot in knots {
            let rule = match rows.pop() {
                Some(row) => format!("this knot had {}", row.max),
                None => "untie them".to_owned(),
            };
            let (package, count) = (&shape.package, knot.files.len());
            let (files, cycle) = (knot.files.join(" "), &knot.cycle);
            problems.push(format!(
                "{package}: {count} files need each other: {rule}\n  {files}\n  {cycle}"
            ));
        }
        problems.extend(rows.into_iter().map(|it| it.stale("knots")));
        problems
    }

    fn check_size(&self, shape: &Shape) -> Option<String> {
        let max = rows_of(self.lines, &shape.package).last().map_or(LINES_MAX, |it| it.max);
        let (package, count) = (&shape.package, shape.lines_count);
        let rule = "a crate is one idea; split it";
        (count > max).then(|| format!("{package}: {count} product lines of at most {max}: {rule}"))
    }

    fn check_erasures(&self, shape: &Shape) -> Option<String> {
        let max = rows_of(self.erasures, &shape.package).last().map_or(0, |it| it.max);
        let (package, count) = (&shape.package, shape.erasures_count);
        let rule = "give the value its type";
        (count > max)
            .then(|| format!("{package}: {count} of `dyn Any` and `downcast`, {max} known: {rule}"))
    }

    /// Rows that no crate needs, except those of knots in existing crates.
    fn stale(&self, shapes: &[Shape]) -> Vec<String> {
        let crate_of = |row: &Row| shapes.iter().find(|it| it.package == row.package);
        let is_gone = |row: &&Row| crate_of(row).is_none();
        let is_small = |row: &&Row| crate_of(row).is_none_or(|it| it.lines_count <= LINES_MAX);
        let is_typed = |row: &&Row| crate_of(row).is_none_or(|it| it.erasures_count == 0);
        let knots = self.knots.iter().filter(is_gone).map(|it| it.stale("knots"));
        let lines = self.lines.iter().filter(is_small).map(|it| it.stale("lines"));
        let erasures = self.erasures.iter().filter(is_typed).map(|it| it.stale("erasures"));
        knots.chain(lines).chain(erasures).collect()
    }
}

impl Row {
    fn stale(&self, list: &str) -> String {
        let Self { package, max, reason } = self;
        format!("{package}: not exempt any more, take out of `{list}`: {max}, {reason}")
    }
}

/// The rows of a crate, the smallest first.
fn rows_of<'a>(rows: &'a [Row], package: &str) -> Vec<&'a Row> {
    let mut own: Vec<&Row> = rows.iter().filter(|it| it.package == package).collect();
    own.sort_by_key(|it| it.max);
    own
}

#[cfg(test)]
mod tests;
