//! Numbers, strings and comments as C reads them.

use std::fmt::Write as _;

/// Numbers in a line of a table.
const NUMBERS_PER_LINE: usize = 8;

/// The shortest decimal number that is this float and no other, as C reads it.
pub(super) fn float(number: f32) -> String {
    if number.is_nan() {
        return "NAN".to_owned();
    }
    format!("{number:e}f")
}

/// Numbers in braces.
pub(super) fn list(numbers: &[f32]) -> String {
    let lines: Vec<String> = numbers
        .chunks(NUMBERS_PER_LINE)
        .map(|line| {
            let line: Vec<String> = line.iter().copied().map(float).collect();
            line.join(", ")
        })
        .collect();
    format!("{{{}}}", lines.join(",\n "))
}

/// Rows in braces.
pub(super) fn matrix(numbers: &[f32], columns: usize) -> String {
    let rows: Vec<String> = numbers.chunks(columns).map(list).collect();
    format!("{{{}}}", rows.join(",\n"))
}

/// A string literal of these bytes.
pub(super) fn literal(text: &str) -> String {
    let mut literal = String::from("\"");
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b" -_.,:+()".contains(&byte) {
            literal.push(byte.into());
        } else {
            let _ = write!(literal, "\\{byte:03o}");
        }
    }
    literal + "\""
}

/// Text that neither ends nor begins a comment, nor leaves its line.
pub(super) fn comment(text: &str) -> String {
    let harmless = |letter: char| !letter.is_control() && !"*/\\?\u{2028}\u{2029}".contains(letter);
    text.chars()
        .map(|letter| if harmless(letter) { letter } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_c_reads() {
        let numbers = [0.1, -0.0, 1.0, 1e-40, f32::MAX].map(float);
        assert_eq!(
            numbers,
            ["1e-1f", "-0e0f", "1e0f", "1e-40f", "3.4028235e38f"]
        );
    }

    #[test]
    fn names_can_break_neither_a_literal_nor_a_comment() {
        assert_eq!(literal("W 7\"\\?"), "\"W 7\\042\\134\\077\"");
        assert_eq!(literal("\u{4e95}1"), "\"\\344\\272\\2251\"");
        assert_eq!(comment("a*/b\n\u{4e95}"), "a__b_\u{4e95}");
    }
}
