//! The field guide's text: its blocks, and what they show beside what was printed.

use std::fs;

use crate::toolchain::root;

/// A fenced block of the guide.
pub struct Block {
    /// Heading of its section, as `4. First visit`.
    pub section: String,
    /// `sh`, `text`, `toml` or `console`.
    pub kind: String,
    /// What stands in it.
    pub text: String,
}

/// Every fenced block, in order.
pub fn guide() -> Vec<Block> {
    let path = root().join("docs/field-guide.md");
    let text = fs::read_to_string(path).expect("the guide is there");
    let mut blocks: Vec<Block> = Vec::new();
    let (mut section, mut inside) = (String::new(), false);
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut section);
        } else if let Some(kind) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                blocks.push(Block {
                    section: section.clone(),
                    kind: kind.to_owned(),
                    text: String::new(),
                });
            }
        } else if let (true, Some(block)) = (inside, blocks.last_mut()) {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    blocks
}

/// The words of a text, line by line, with every number, date and checksum as `#`: those differ from visit to visit.
fn words(text: &str) -> Vec<String> {
    let number = |letter: char| letter.is_ascii_digit() || "+-.:".contains(letter);
    let word = |before: &str, word: &str| {
        if before == "CRC" {
            return "#".to_owned();
        }
        let mut out = String::new();
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let run: usize = rest
                .chars()
                .take_while(|letter| number(*letter) == number(first))
                .map(char::len_utf8)
                .sum();
            let (head, tail) = rest.split_at(run);
            out.push_str(if head.contains(|letter: char| letter.is_ascii_digit()) {
                "#"
            } else {
                head
            });
            rest = tail;
        }
        out
    };
    text.lines()
        .map(|line| {
            let mut before = "";
            let mut out = Vec::new();
            for found in line.split_whitespace() {
                out.push(word(before, found));
                before = found;
            }
            out.join(" ")
        })
        .filter(|line| !line.is_empty())
        .collect()
}

/// Every line that the guide shows stands in what was printed, in the guide's order.
pub fn shows(printed: &str, shown: &str, place: &str) {
    let printed_words = words(printed);
    let mut rest = printed_words.iter();
    for line in words(shown) {
        assert!(
            rest.any(|printed| *printed == line),
            "{place}: the guide shows\n{shown}\nbut what was printed is\n{printed}\nand lacks \"{line}\""
        );
    }
}
