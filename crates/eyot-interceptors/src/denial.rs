//! Why a payload does not pass, and what its sender hears of it.

use std::sync::Arc;

use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, INVALID_PARAMS, Request, Response};
use eyot_types::codes::DENIED;
use eyot_types::{Era, Method};
use serde_json::{Value, json};

use crate::consent::Consent;
use crate::plan::DenyAs;
use crate::validation::Finding;

/// A payload does not pass.
#[derive(Clone, Debug)]
pub(crate) enum Denial {
    /// Validators have found something.
    Invalid {
        /// What, with the names of the validators.
        findings: Vec<(Arc<str>, Finding)>,
        /// The error that the first of them wants to be told instead.
        error: Option<Box<ErrorObject>>,
    },
    /// A mutator refuses it.
    Refused(Box<ErrorObject>),
    /// A mutator wants a person to consent first, and none has.
    Unasked(Consent),
    /// A mutator has failed: all mutations apply, or none.
    NotMutated {
        /// Its name.
        interceptor: Arc<str>,
    },
}

impl Denial {
    /// The error for the sender of the payload. It tells neither the payload of another step nor why
    /// one has failed.
    pub(crate) fn error(&self) -> ErrorObject {
        match self {
            Self::Invalid { error: Some(error), .. } | Self::Refused(error) => (**error).clone(),
            Self::Invalid { findings, error: None } => {
                let errors: Vec<Value> = findings.iter().map(|(name, it)| told(name, it)).collect();
                ErrorObject::new(INVALID_PARAMS, "Interceptor validation failed")
                    .with_data(json!({ "validationErrors": errors }))
            }
            Self::Unasked(_) => ErrorObject::new(DENIED, "it was not consented to"),
            Self::NotMutated { interceptor } => {
                ErrorObject::new(INTERNAL_ERROR, "Interceptor mutation failed")
                    .with_data(json!({ "failedInterceptor": **interceptor }))
            }
        }
    }

    /// A denial in these words.
    pub(crate) fn because(message: impl Into<String>) -> Self {
        Self::Refused(Box::new(ErrorObject::new(DENIED, message)))
    }

    /// The answer to a request that is not asked, or whose answer does not pass.
    pub(crate) fn answer(&self, request: &Request, era: Era, deny_as: DenyAs) -> Response {
        let error = self.error();
        if deny_as == DenyAs::Error || !request.is_method(Method::ToolsCall.as_str()) {
            return request.refuse(&error);
        }
        let mut result = json!({
            "content": [{ "type": "text", "text": error.message }],
            "isError": true,
        });
        if let (Era::Modern, Some(members)) = (era, result.as_object_mut()) {
            members.insert("resultType".into(), "complete".into());
        }
        request.answer(&result)
    }
}

fn told(interceptor: &str, finding: &Finding) -> Value {
    json!({
        "interceptor": interceptor,
        "severity": finding.severity,
        "message": finding.message,
    })
}
