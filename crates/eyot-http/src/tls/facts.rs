//! What a server shows of itself in a handshake, for people who look for what is wrong.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::CertificateDer;
use rustls::{ClientConnection, ProtocolVersion};
use webpki::EndEntityCert;

use crate::tls::subject::{SEQUENCE, common_names, name_of, take};

/// What a server has shown of itself in a handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsFacts {
    /// The version of the protocol. `None`: it is not known here.
    pub version: Option<&'static str>,
    /// The name that its certificate is for. `None`: it has none that can be read.
    pub subject: Option<String>,
    /// The authority that has signed the certificate. `None`: it has no name that can be read.
    pub issuer: Option<String>,
    /// Until when the certificate is valid. `None`: it cannot be read.
    pub expires_at: Option<SystemTime>,
}

/// Why a server that is looked at has no TLS to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
#[non_exhaustive]
pub struct TlsRefusal {
    /// What went wrong.
    pub words: String,
    /// What its user can do about it. `None`: the words say it all.
    pub advice: Option<&'static str>,
}

impl TlsFacts {
    pub(crate) fn of(connection: &ClientConnection) -> Self {
        let version = connection.protocol_version().and_then(|it| match it {
            ProtocolVersion::TLSv1_2 => Some("TLS 1.2"),
            ProtocolVersion::TLSv1_3 => Some("TLS 1.3"),
            _ => None,
        });
        let shown = connection.peer_certificates().and_then(<[_]>::first);
        let Some(certificate) = shown else { return Self { version, ..Self::default() } };
        let issuer = EndEntityCert::try_from(certificate).ok();
        let issuer = issuer.and_then(|it| common_names(it.issuer())?.into_iter().next());
        Self { version, subject: name_of(certificate), issuer, expires_at: expiry(certificate) }
    }
}

impl TlsRefusal {
    pub(crate) fn new(words: impl Into<String>, advice: Option<&'static str>) -> Self {
        Self { words: words.into(), advice }
    }
}

/// The end of a certificate's validity (RFC 5280, 4.1).
fn expiry(certificate: &CertificateDer<'_>) -> Option<SystemTime> {
    let mut whole: &[u8] = certificate;
    let mut signed = take(&mut whole, &[SEQUENCE])?;
    let mut body = take(&mut signed, &[SEQUENCE])?;
    let mut behind_version = body;
    if take(&mut behind_version, &[VERSION]).is_some() {
        body = behind_version;
    }
    take(&mut body, &[INTEGER])?;
    let (_algorithm, _issuer) = (take(&mut body, &[SEQUENCE])?, take(&mut body, &[SEQUENCE])?);
    let mut validity = take(&mut body, &[SEQUENCE])?;
    take(&mut validity, &[UTC_TIME, GENERALIZED_TIME])?;
    time_of(take(&mut validity, &[UTC_TIME, GENERALIZED_TIME])?)
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`: "Where YY is greater than or equal to 50, the year SHALL be
/// interpreted as 19YY" (RFC 5280, 4.1.2.5.1).
fn time_of(text: &[u8]) -> Option<SystemTime> {
    let digits = std::str::from_utf8(text.strip_suffix(b"Z")?).ok()?;
    if !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let whole = match digits.len() {
        12 if digits >= "50" => format!("19{digits}"),
        12 => format!("20{digits}"),
        _ => digits.to_owned(),
    };
    let part = |range: std::ops::Range<usize>| whole.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (hour, minute, second) = (part(8..10)?, part(10..12)?, part(12..14)?);
    let seconds = days_since_1970(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// `None`: the day is before 1970, or the month is none.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let month_start = *MONTH_STARTS.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    let leap_day = u64::from(is_leap && month > 2);
    let before = year.checked_sub(1970)? * 365 + leap_days_before(year).checked_sub(477)?;
    before.checked_add(month_start + leap_day + day)?.checked_sub(1)
}

fn leap_days_before(year: u64) -> u64 {
    let past = year.saturating_sub(1);
    past / 4 - past / 100 + past / 400
}

const MONTH_STARTS: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const VERSION: u8 = 0xa0;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

#[cfg(test)]
mod tests;
