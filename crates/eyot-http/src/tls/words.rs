//! What went wrong with TLS, in words for operators.

use std::error::Error as StdError;
use std::io;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use crate::tls::facts::TlsRefusal;

/// What an I/O error says if it is about TLS, or else the error itself.
pub(crate) fn words(error: &io::Error) -> String {
    match tls_error(error) {
        Some(error) => of_tls(error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the server closed the connection during the TLS handshake".to_owned()
        }
        None => error.to_string(),
    }
}

/// The same, with what its user can do.
pub(crate) fn refusal(error: &io::Error) -> TlsRefusal {
    TlsRefusal::new(words(error), tls_error(error).and_then(advice))
}

/// What to do where the words alone do not say it.
fn advice(error: &Error) -> Option<&'static str> {
    match error {
        Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => Some("renew the certificate of the server; or is the clock of this machine wrong?"),
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Some(
            "write a name in the URL that the certificate has, or give the server a certificate \
             for this name",
        ),
        Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => Some(
            "name the file with the authority's certificate: `--ca FILE`. To look further without \
             any trust: `--insecure-skip-verify`",
        ),
        Error::AlertReceived(_) => Some(
            "ask who runs the server what it wants of its clients; a certificate goes with \
             `--client-cert FILE --client-key FILE`",
        ),
        Error::InvalidMessage(_) => {
            Some("write `http` instead of `https`, or `ws` instead of `wss`")
        }
        _ => None,
    }
}

/// What a server's alert says, if it refuses the handshake: it has then read no request. TLS 1.3
/// lets the client begin before that.
pub(crate) fn is_refusal(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        let tls = error.downcast_ref::<io::Error>().and_then(tls_error);
        if let Some(Error::AlertReceived(alert)) = tls {
            return of_alert(*alert);
        }
        next = error.source();
    }
    None
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

fn of_tls(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::NoCertificatesPresented => "the server shows no certificate".to_owned(),
        Error::AlertReceived(alert) => {
            of_alert(*alert).unwrap_or_else(|| format!("the server ended TLS with {alert:?}"))
        }
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge,
        ) => "the server does not speak TLS at this port: is it `http` that its URL begins with?"
            .to_owned(),
        Error::PeerIncompatible(reason) => {
            format!("the server and this program have no TLS in common: {reason:?}")
        }
        error => format!("TLS failed: {error}"),
    }
}

fn of_certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired => "the server's certificate has expired".to_owned(),
        CertificateError::ExpiredContext { time, not_after } => {
            let age = days(time.as_secs().saturating_sub(not_after.as_secs()));
            format!("the server's certificate has expired {age} ago, at {}", date(*not_after))
        }
        CertificateError::NotValidYet => {
            "the server's certificate is not valid yet: is the clock of this machine right?"
                .to_owned()
        }
        CertificateError::NotValidYetContext { not_before, .. } => format!(
            "the server's certificate is valid from {} on: is the clock of this machine right?",
            date(*not_before)
        ),
        CertificateError::NotValidForName => {
            "the server's certificate is for another name".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let expected = expected.to_str();
            match presented.is_empty() {
                true => format!("the server's certificate is not for {expected}, nor for any name"),
                false => {
                    format!(
                        "the server's certificate is not for {expected}, but for {}",
                        presented.join(", ")
                    )
                }
            }
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate is of an authority that is not trusted here: give the \
             authority's certificate (`--ca`)"
                .to_owned()
        }
        // Two authorities of one name have two keys.
        CertificateError::BadSignature => {
            "the server's certificate is not signed with the key of the authority that is trusted \
             here under its name: give the right one (`--ca`)"
                .to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not one for servers".to_owned()
        }
        CertificateError::Revoked => "the server's certificate has been revoked".to_owned(),
        error => format!("the server's certificate cannot be used: {error}"),
    }
}

/// What a server wants that ends a handshake with this alert. `None`: it says nothing of the kind.
fn of_alert(alert: AlertDescription) -> Option<String> {
    let said = match alert {
        AlertDescription::CertificateRequired => {
            "the server wants a client certificate (`--client-cert`)"
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => "the server refuses the client certificate",
        AlertDescription::HandshakeFailure => {
            "the server and this program could not agree on TLS; it may want a client certificate \
             (`--client-cert`)"
        }
        AlertDescription::UnrecognisedName => "the server does not know its name in the URL",
        AlertDescription::ProtocolVersion => "the server does not speak TLS 1.2 or 1.3",
        _ => return None,
    };
    Some(format!("{said} (TLS alert {alert:?})"))
}

fn days(seconds: u64) -> String {
    match seconds / 86_400 {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

fn date(time: UnixTime) -> String {
    let since = std::time::Duration::from_secs(time.as_secs());
    let time = std::time::UNIX_EPOCH.checked_add(since);
    time.map_or_else(|| "an unknown time".to_owned(), httpdate::fmt_http_date)
}
