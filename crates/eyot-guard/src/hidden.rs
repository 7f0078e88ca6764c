//! Characters that people do not see and models read, and letters that look like others.

use std::fmt;

/// What is odd in the text of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Oddity {
    /// A character that is not shown: of control, of direction, of no width, or a tag.
    Hidden(char),
    /// A letter of another script in a word of Latin letters.
    LookAlike(char),
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hidden(it) => write!(f, "hidden character U+{:04X}", u32::from(*it)),
            Self::LookAlike(it) => {
                write!(f, "`{it}` (U+{:04X}) among Latin letters", u32::from(*it))
            }
        }
    }
}

/// Whether a character is not shown. Line feeds, carriage returns and tabs are plain text, and so is what
/// joins emoji and the letters of some scripts, where it stands between those.
pub(crate) const fn is_hidden(it: char) -> bool {
    matches!(it,
        '\u{0}'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{9F}'
        | '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
        | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// What is odd in a text for people and models.
pub(crate) fn oddities_of_text(text: &str) -> impl Iterator<Item = Oddity> {
    let mut before = ' ';
    text.chars().filter_map(move |it| {
        // Joiners are plain behind what is not ASCII: emoji, Arabic, Indic scripts.
        let is_joiner = matches!(it, '\u{200C}' | '\u{200D}') && before.is_ascii();
        before = it;
        (is_hidden(it) || is_joiner).then_some(Oddity::Hidden(it))
    })
}

/// What is odd in a name: hidden characters, and letters of other scripts among Latin ones.
pub(crate) fn oddities_of_name(name: &str) -> impl Iterator<Item = Oddity> {
    let is_latin = name.chars().any(|it| it.is_ascii_alphabetic());
    let alike = name.chars().filter(move |it| is_latin && is_look_alike(*it));
    oddities_of_text(name).chain(alike.map(Oddity::LookAlike))
}

/// Letters of scripts that have shapes of Latin ones: Greek, Cyrillic, Armenian, Cherokee, wide forms,
/// and letters for mathematics.
const fn is_look_alike(it: char) -> bool {
    matches!(it,
        '\u{370}'..='\u{3FF}' | '\u{400}'..='\u{52F}' | '\u{530}'..='\u{58F}'
        | '\u{13A0}'..='\u{13FF}' | '\u{FF01}'..='\u{FF5E}' | '\u{1D400}'..='\u{1D7FF}')
}

#[cfg(test)]
mod tests;
