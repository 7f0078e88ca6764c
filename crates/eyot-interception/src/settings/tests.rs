//! The settings, and the schema that editors are given.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;

/// The members that a type takes.
fn members_of<T: DeserializeOwned + Debug>() -> BTreeSet<String> {
    let told = serde_json::from_str::<T>(r#"{"?":0}"#).unwrap_err().to_string();
    let (_, expected) = told.split_once("expected").unwrap();
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[track_caller]
fn check<T: DeserializeOwned + Debug>(schema: &Value, name: &str) {
    let described = schema["$defs"][name]["properties"].as_object().unwrap();
    let described: BTreeSet<String> = described.keys().cloned().collect();
    let how = "crates/eyot-config/src/own_form.rs describes these settings for editors";
    assert_eq!(described, members_of::<T>(), "`{name}`: {how}");
}

#[test]
fn the_schema_of_the_file_describes_all_settings_and_no_other() {
    let schema = eyot_config::schema();
    check::<Settings>(&schema, "Interceptors");
    check::<GuardSettings>(&schema, "Guard");
    check::<SecretSettings>(&schema, "SecretForms");
    check::<ServerSettings>(&schema, "InterceptorServer");
    let mut of_server = members_of::<Settings>();
    of_server.remove("boundary");
    let described = schema["$defs"]["ServerInterceptors"]["properties"].as_object().unwrap();
    assert_eq!(described.keys().cloned().collect::<BTreeSet<_>>(), of_server);
}
