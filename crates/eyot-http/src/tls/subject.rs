//! The name of a client in its certificate.

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// The common name of the subject; without one, the first DNS name or else the first URI that the
/// certificate is for. `None`: it has no name that tells its owner from others.
///
/// The authority that has signed the certificate vouches for all of them.
pub(super) fn name_of(certificate: &CertificateDer<'_>) -> Option<String> {
    let certificate = EndEntityCert::try_from(certificate).ok()?;
    let alternative = || {
        let name = certificate.valid_dns_names().next();
        name.or_else(|| certificate.valid_uri_names().next()).map(str::to_owned)
    };
    match common_names(certificate.subject()).as_deref() {
        Some([name]) => Some(name.clone()),
        Some([]) | None => alternative(),
        // Which one a reader takes is chance.
        Some(_) => None,
    }
    .filter(|it| is_plain(it))
}

/// The common names of a subject: a sequence of sets of attributes (RFC 5280, 4.1.2.4), without the
/// tag and length of the sequence. `None`: it cannot be read.
pub(super) fn common_names(mut subject: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    while !subject.is_empty() {
        let mut set = take(&mut subject, &[SET])?;
        while !set.is_empty() {
            let mut attribute = take(&mut set, &[SEQUENCE])?;
            if take(&mut attribute, &[OBJECT_ID])? == COMMON_NAME {
                let text = take(&mut attribute, &[UTF8_STRING, PRINTABLE_STRING, IA5_STRING])?;
                names.push(String::from_utf8(text.to_vec()).ok()?);
            }
        }
    }
    Some(names)
}

/// Takes the contents of the next value from DER, if it has one of the tags.
pub(super) fn take<'a>(der: &mut &'a [u8], tags: &[u8]) -> Option<&'a [u8]> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        // No name is as long as 64 KiB.
        0x81 => rest.split_at_checked(1)?,
        0x82 => rest.split_at_checked(2)?,
        0..=0x7f => (std::slice::from_ref(&first), rest),
        _ => return None,
    };
    let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let (contents, rest) = rest.split_at_checked(length)?;
    *der = rest;
    tags.contains(&tag).then_some(contents)
}

/// Whether a name can stand in a log and in a record.
fn is_plain(name: &str) -> bool {
    let is_long = name.len() > NAME_BYTES_MAX;
    !name.trim().is_empty() && !is_long && !name.chars().any(char::is_control)
}

const SET: u8 = 0x31;
pub(super) const SEQUENCE: u8 = 0x30;
const OBJECT_ID: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;
/// 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const NAME_BYTES_MAX: usize = 256;

#[cfg(test)]
mod tests;
