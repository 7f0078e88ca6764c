//! Errors: codes that only one era has.

use eyot_jsonrpc::ErrorObject;
use eyot_types::codes::{
    HEADER_MISMATCH, INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, MISSING_CAPABILITY,
    RESOURCE_NOT_FOUND, UNSUPPORTED_VERSION, URL_ELICITATION_REQUIRED, is_legacy_sdk,
    is_spec_reserved,
};
use eyot_types::{Method, Revision};
use serde_json::{Value, json};

use super::{Converter, Feature, Losses};

/// The nearest error that `revision` has, for a request of that method.
///
/// [`URL_ELICITATION_REQUIRED`] is refused where it does not exist: it is no error there but a
/// result that asks for input.
#[must_use]
pub fn error(revision: Revision, method: Method<'_>, error: ErrorObject) -> (ErrorObject, Losses) {
    let mut converter = Converter::new(revision);
    let error = convert(method, error, &mut converter);
    (error, converter.into_losses())
}

fn convert(method: Method<'_>, error: ErrorObject, converter: &mut Converter) -> ErrorObject {
    let has_uri = || error.data.as_ref().is_some_and(|data| data.get("uri").is_some());
    let feature = match error.code {
        RESOURCE_NOT_FOUND => Feature::ResourceNotFoundCode,
        // Older clients know a resource that is not there by its code.
        INVALID_PARAMS if method == Method::ResourcesRead && has_uri() => {
            let is_legacy = !converter.lacks(Feature::ResourceNotFoundCode);
            return if is_legacy {
                ErrorObject { code: RESOURCE_NOT_FOUND, ..error }
            } else {
                error
            };
        }
        URL_ELICITATION_REQUIRED => Feature::UrlRequiredCode,
        HEADER_MISMATCH | MISSING_CAPABILITY | UNSUPPORTED_VERSION => Feature::ModernCodes,
        code if is_legacy_sdk(code) || is_spec_reserved(code) => Feature::SdkCodes,
        _ => return error,
    };
    if !converter.lacks(feature) {
        return error;
    }
    converter.lose(feature);
    match error.code {
        RESOURCE_NOT_FOUND => ErrorObject { code: INVALID_PARAMS, ..error },
        URL_ELICITATION_REQUIRED => error,
        MISSING_CAPABILITY => ErrorObject { code: INVALID_REQUEST, ..error },
        _ => internal(error),
    }
}

/// An error of our own that still says what it was.
fn internal(error: ErrorObject) -> ErrorObject {
    let mut original = json!({ "code": error.code });
    if let (Value::Object(members), Some(data)) = (&mut original, error.data) {
        members.insert("data".to_owned(), data);
    }
    ErrorObject::new(INTERNAL_ERROR, error.message).with_data(json!({ "original": original }))
}
