//! Shows which features of MCP are carried between clients and servers of either era.
//!
//! A cell is a client of one era before a server of one era, with `eyot serve` between them. Every
//! run measures every cell: foreign clients try every feature at foreign servers, and report the
//! outcome. A feature that they do not try has a reason in a table.

mod cells;
mod features;
mod outcome;
mod page;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;

use crate::matrix::cells::Cell;
use crate::matrix::outcome::{Column, Matrix};
use crate::matrix::trial::Laboratory;
use crate::peers::Peers;
use crate::{problems, program};

/// The options of a run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// One cell alone, as in `legacy-modern-stdio`: client, server, upstream
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
    let mut columns = Vec::new();
    for cell in cells {
        let started = Instant::now();
        let column = Column::new(cell.clone(), &laboratory.try_cell(&cell)?);
        eprintln!("matrix: {column}, in {:.0} s", started.elapsed().as_secs_f64());
        columns.push(column);
    }
    let matrix = Matrix { columns, only: options.feature.clone() };
    eprintln!("\n{matrix}");
    let report = format!("# Eras\n\n{}\n{matrix}", laboratory.versions()?);
    let file = root.join(&options.report);
    fs::write(&file, report).with_context(|| format!("write {}", file.display()))?;
    eprintln!("matrix: report in {}", file.display());
    options.settle(&root, &matrix)
}

impl Options {
    fn cells(&self) -> anyhow::Result<Vec<Cell>> {
        let Some(name) = &self.cell else { return Ok(cells::all()) };
        let cells: Vec<_> = cells::all().into_iter().filter(|it| it.name() == *name).collect();
        let names = || cells::all().iter().map(Cell::name).collect::<Vec<_>>().join(", ");
        anyhow::ensure!(!cells.is_empty(), "there is no cell {name}, but {}", names());
        Ok(cells)
    }

    /// Fails with everything that is not as it should be. Only a whole run can be compared with the
    /// page.
    fn settle(&self, root: &Path, matrix: &Matrix) -> anyhow::Result<()> {
        let mut problems = matrix.problems();
        let is_whole = self.cell.is_none() && self.feature.is_none();
        if is_whole && problems.is_empty() {
            let file = root.join(page::FILE);
            let text = fs::read_to_string(&file).context("read the page about eras")?;
            let wanted = page::with_block(&text, &matrix.to_string())?;
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
