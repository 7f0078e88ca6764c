//! On other systems the rights of the parent folder decide, and pass on.

use std::fs::{DirBuilder, OpenOptions};
use std::path::Path;

use super::Problem;

pub(crate) fn private_file(_: &mut OpenOptions) {}

pub(crate) fn private_folder(_: &mut DirBuilder) {}

pub(crate) fn check_file(path: &Path) -> Result<(), Problem> {
    Ok(path.metadata().map(drop)?)
}

pub(crate) fn check_folder(_: &Path, _: &Path) -> Result<(), Problem> {
    Ok(())
}

pub(crate) fn check_link(_: &Path) -> Result<(), Problem> {
    Ok(())
}
