//! A file's text, whatever its encoding.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::ImportError;
use crate::format::FIRST_BYTES;
use crate::table::{Place, is_word_for_nothing};

/// The text of a file.
pub(super) struct Text<'a> {
    content: Cow<'a, str>,
    path: PathBuf,
    is_latin_1: bool,
}

impl<'a> Text<'a> {
    /// Reads UTF-8, UTF-16 with its mark, or else Latin-1, in which every byte is a character.
    pub(super) fn new(bytes: &'a [u8], path: &Path) -> Self {
        let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
            let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
            let decoded = char::decode_utf16(units);
            decoded.map(|letter| letter.unwrap_or('\u{fffd}')).collect()
        };
        let (content, is_latin_1): (Cow<str>, bool) = match bytes {
            [0xff, 0xfe, rest @ ..] => (Cow::Owned(utf16(rest, u16::from_le_bytes)), false),
            [0xfe, 0xff, rest @ ..] => (Cow::Owned(utf16(rest, u16::from_be_bytes)), false),
            _ => match std::str::from_utf8(bytes) {
                Ok(text) => (Cow::Borrowed(text), false),
                Err(_) => (bytes.iter().map(|byte| char::from(*byte)).collect(), true),
            },
        };
        Self {
            content,
            path: path.to_owned(),
            is_latin_1,
        }
    }

    /// All of it, without a byte-order mark.
    pub(super) fn all(&self) -> &str {
        self.content.trim_start_matches('\u{feff}')
    }

    /// The beginning, by which the format is found.
    pub(super) fn first_bytes(&self) -> &str {
        let all = self.all();
        &all[..all.floor_char_boundary(FIRST_BYTES)]
    }

    /// The file, for messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_latin_1(&self) -> bool {
        self.is_latin_1
    }

    /// Its lines with their numbers from 1, whatever ends them.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u64, &str)> {
        let mut rest = Some(self.all());
        let mut number = 0;
        std::iter::from_fn(move || {
            let text = rest?;
            number += 1;
            let end = text.find(['\n', '\r']);
            let line = &text[..end.unwrap_or(text.len())];
            rest = end.map(|end| {
                let after = &text[end..];
                after.strip_prefix("\r\n").unwrap_or(&after[1..])
            });
            if rest == Some("") {
                rest = None;
            }
            Some((number, line))
        })
    }

    /// That something in a line is not as it should be.
    pub(super) fn malformed(
        &self,
        line: u64,
        found: &str,
        expected: impl Into<String>,
    ) -> ImportError {
        ImportError::Malformed {
            place: self.place(line),
            found: found.to_owned(),
            expected: expected.into(),
        }
    }

    pub(super) fn place(&self, line: u64) -> Place {
        Place {
            path: self.path.clone(),
            line,
        }
    }
}

/// The fields of a line between separators; quotes may surround a field and are doubled within it.
pub(super) fn fields(line: &str, separator: char) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '"' && quoted && letters.peek() == Some(&'"') {
            letters.next();
            field.push('"');
        } else if letter == '"' && (quoted || field.trim().is_empty()) {
            quoted = !quoted;
        } else if letter == separator && !quoted {
            fields.push(field.trim().to_owned());
            field.clear();
        } else {
            field.push(letter);
        }
    }
    fields.push(field.trim().to_owned());
    fields
}

/// A cell that is neither a number nor a word for none.
pub(super) struct NotANumber;

/// A number with a decimal point; `None` for a cell that says there is none, as loggers' `INF` does.
pub(super) fn number(cell: &str) -> Result<Option<f64>, NotANumber> {
    let cell = cell.trim();
    let says_none = matches!(cell, "" | "-" | "--") || cell.eq_ignore_ascii_case("null");
    if says_none || is_word_for_nothing(cell.as_bytes()) {
        return Ok(None);
    }
    let number: f64 = cell.parse().map_err(|_| NotANumber)?;
    Ok(Some(number).filter(|number| number.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_any_encoding_and_with_any_line_ends() {
        let lines = |bytes: &[u8]| -> Vec<String> {
            let text = Text::new(bytes, Path::new("a"));
            text.lines().map(|(_, line)| line.to_owned()).collect()
        };
        assert_eq!(lines(b"a\r\nb\rc\n\nd"), ["a", "b", "c", "", "d"]);
        assert_eq!(lines(b"\xff\xfea\0\n\0\xfc\0"), ["a", "\u{fc}"]);
        assert_eq!(lines(b"\xfe\xff\0a"), ["a"]);
        assert_eq!(lines(b"H\xf6fn"), ["H\u{f6}fn"]);
        assert_eq!(lines(b"\xef\xbb\xbfa"), ["a"]);
    }

    #[test]
    fn fields_are_split_at_their_separator() {
        assert_eq!(fields("a;\"b;\"\"c\"\"\"; d ", ';'), ["a", "b;\"c\"", "d"]);
        assert_eq!(fields("4\" pipe,x", ','), ["4\" pipe", "x"]);
    }
}
