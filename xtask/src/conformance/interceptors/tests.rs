//! Finding the table.

use super::table;

#[test]
fn the_table_ends_with_its_sum() {
    let said = "running\nrequirement  a\nlist  1/1\nall  1/1\ntest ... ok\n";
    assert_eq!(table(said), ["requirement  a", "list  1/1", "all  1/1"]);
    assert!(table("running 2 tests\n").is_empty());
}
