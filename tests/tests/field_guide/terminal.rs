//! A terminal program on the logger's console.

use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use amlstm::logger::Line;
use amlstm_tests::guide::{guide, shows};

/// The logger's console in a terminal program.
pub struct Terminal(Line);

impl Terminal {
    /// Opens the port and presses Enter.
    pub fn open(port: &Path) -> Self {
        let port = port.to_str().expect("a name in ASCII");
        let mut terminal = Self(Line::open(port).expect("the port opens"));
        assert_eq!(terminal.type_in(""), "\r\n");
        terminal
    }

    /// Types a line and gives what comes up to the next prompt, the echo of the line taken off.
    fn type_in(&mut self, line: &str) -> String {
        self.0
            .write_all(format!("{line}\r").as_bytes())
            .expect("the port takes it");
        let start = Instant::now();
        let (mut shown, mut bytes) = (Vec::new(), [0; 4096]);
        while !shown.ends_with(b"\n> ") {
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "{line}: no prompt after {:?}",
                String::from_utf8_lossy(&shown)
            );
            if let Ok(count) = self.0.read(&mut bytes) {
                shown.extend_from_slice(&bytes[..count]);
            }
        }
        let shown = String::from_utf8(shown).expect("the console speaks ASCII");
        let shown = shown.strip_prefix(line).expect("the line is echoed");
        shown.strip_suffix("> ").expect("seen above").to_owned()
    }

    /// Types the lines of a section's dialogues and compares what the logger prints with what the guide shows.
    pub fn follow(&mut self, section: &str) -> String {
        let mut all = String::new();
        for block in guide() {
            if block.section != section || block.kind != "console" {
                continue;
            }
            for dialogue in format!("\n{}", block.text).split("\n> ").skip(1) {
                let (line, shown) = dialogue.split_once('\n').unwrap_or((dialogue, ""));
                let printed = self.type_in(line);
                println!("> {line}{printed}");
                shows(&printed, shown, line);
                all.push_str(&printed);
            }
        }
        assert!(
            !all.is_empty(),
            "the guide has no dialogue in \"{section}\""
        );
        all
    }
}
