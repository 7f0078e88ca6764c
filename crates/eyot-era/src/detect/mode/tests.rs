//! How errors name a pin.

use eyot_types::codes::{self, Outcome};

use super::EraMode;

#[test]
fn an_error_names_the_flag_only_where_it_was_given() {
    let lost = || codes::upstream_lost("HTTP 405", Outcome::NotSent, false);
    let mut named = lost();
    EraMode::Modern.name_pin(&mut named);
    assert!(named.message.ends_with("by --era modern)"), "{}", named.message);
    let reason = named.data.unwrap()["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("HTTP 405 (") && reason.ends_with("--era modern)"), "{reason}");
    let mut unnamed = lost();
    EraMode::Auto.name_pin(&mut unnamed);
    assert_eq!(unnamed, lost());
}
