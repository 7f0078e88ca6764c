//! Shows which features of MCP are carried between clients and servers of either era.
//!
//! A cell is a client of one era before a server of one era, with Eyot between them. There are two
//! tables of cells: one with every feature, for clients that speak Streamable HTTP, and one with
//! some features, over every pair of transports. Every run measures every cell: foreign clients try
//! features at foreign servers, and report the outcome. A feature that they do not try has a reason
//! in a table.

mod cells;
mod features;
mod outcome;
mod page;
mod trial;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use clap::{Args, ValueEnum as _};

use crate::matrix::cells::{Cell, Table, Transport};
use crate::matrix::outcome::{Column, Matrix};
use crate::matrix::trial::Laboratory;
use crate::peers::Peers;
use crate::{problems, program};

/// The options of a run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// One table alone
    #[arg(long)]
    table: Option<Table>,
    /// Of the table of transports, only the clients that come by this one
    #[arg(long, conflicts_with_all = ["cell", "feature", "write"])]
    downstream: Option<Transport>,
    /// One cell alone, as in `legacy-modern-stdio`: client, server, upstream; `-from-ws` behind it
    /// for one of the table of transports
    #[arg(long, value_name = "NAME")]
    cell: Option<String>,
    /// One feature alone
    #[arg(long, value_name = "ID")]
    feature: Option<String>,
    /// Write the matrix into the page about eras
    #[arg(long, conflicts_with_all = ["cell", "feature"])]
    write: bool,
    /// Where the report is written
    #[arg(long, value_name = "FILE", default_value = "target/matrix/report.md")]
    report: PathBuf,
}

/// Tries what the options ask for, one cell after another, because they share the machine.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = program::project_root();
    let cells = options.cells()?;
    if let Some(id) = &options.feature {
        anyhow::ensure!(features::find(id).is_some(), "there is no feature {id}");
    }
    let details = root.join("target/matrix");
    fs::create_dir_all(&details).context("make a folder for the details")?;
    let laboratory = Laboratory::new(Peers::prepare(), details, options.feature.clone())?;
    let mut matrices: Vec<Matrix> = Vec::new();
    for cell in cells {
        let started = Instant::now();
        let column = Column::new(cell.clone(), &laboratory.try_cell(&cell)?);
        eprintln!("matrix: {column}, in {:.1} s", started.elapsed().as_secs_f64());
        match matrices.last_mut().filter(|it| it.table == cell.table) {
            Some(matrix) => matrix.columns.push(column),
            None => matrices.push(Matrix {
                table: cell.table,
                columns: vec![column],
                only: options.feature.clone(),
            }),
        }
    }
    let mut report = format!("# Eras\n\n{}", laboratory.versions()?);
    for matrix in &matrices {
        eprintln!("\n{matrix}");
        write!(report, "\n{matrix}").context("write the report")?;
    }
    let file = root.join(&options.report);
    fs::write(&file, report).with_context(|| format!("write {}", file.display()))?;
    eprintln!("matrix: report in {}", file.display());
    options.settle(&root, &matrices)
}

impl Options {
    fn cells(&self) -> anyhow::Result<Vec<Cell>> {
        let tables = Table::value_variants().iter();
        let tables = tables.filter(|it| self.table.is_none_or(|wanted| wanted == **it));
        let cells = tables.flat_map(|it| it.cells());
        let is_wanted = |it: &Cell| {
            let is_here = |wanted| it.table == Table::Transports && it.downstream == wanted;
            self.downstream.is_none_or(is_here)
        };
        let all: Vec<_> = cells.filter(is_wanted).collect();
        let Some(name) = &self.cell else { return Ok(all) };
        let names = all.iter().map(Cell::name).collect::<Vec<_>>().join(", ");
        let cells: Vec<_> = all.into_iter().filter(|it| it.name() == *name).collect();
        anyhow::ensure!(!cells.is_empty(), "there is no cell {name}, but {names}");
        Ok(cells)
    }

    /// Fails with everything that is not as it should be. Only whole tables can be compared with
    /// the page.
    fn settle(&self, root: &Path, matrices: &[Matrix]) -> anyhow::Result<()> {
        let mut problems: Vec<_> = matrices.iter().flat_map(Matrix::problems).collect();
        let is_whole = self.cell.is_none() && self.feature.is_none();
        if is_whole && problems.is_empty() {
            let file = root.join(page::FILE);
            let text = fs::read_to_string(&file).context("read the page about eras")?;
            let mut wanted = text.clone();
            for matrix in matrices {
                let block = matrix.to_string();
                let has_rows = || block.lines().all(|it| text.contains(it));
                if self.downstream.is_none() || !has_rows() {
                    wanted = page::with_block(&wanted, matrix.table, &block)?;
                }
            }
            if self.write {
                fs::write(&file, wanted).context("write the page about eras")?;
            } else if text != wanted {
                let how = "`cargo xtask matrix --write` writes what was seen";
                problems.push(format!("{} shows another matrix: {how}", page::FILE));
            }
        }
        problems::report(&problems)
    }
}
