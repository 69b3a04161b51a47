//! File names of wells.

use std::collections::HashSet;

/// A well id as part of a file name: letters, digits, `-`, `_` and `.` stay, anything else becomes `%` and its bytes in hexadecimal.
pub fn file_stem(well: &str) -> String {
    well.bytes()
        .map(|byte| match byte {
            b'.' | b'-' | b'_' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// File names of wells, told apart where a file system makes no difference between capital and small letters.
pub(super) fn file_stems(wells: &[String]) -> Vec<String> {
    let mut taken = HashSet::new();
    let stem = |(number, well): (usize, &String)| {
        let stem = file_stem(well);
        if taken.insert(stem.to_lowercase()) {
            stem
        } else {
            format!("{stem}~{number}")
        }
    };
    wells.iter().enumerate().map(stem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_id_becomes_a_safe_file_name() {
        assert_eq!(file_stem("D201"), "D201");
        assert_eq!(file_stem("../a b/ü"), "..%2Fa%20b%2F%C3%BC");
    }
}
