//! Runs in parts.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The I-th of N parts of a run: the wells whose number leaves the remainder I - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// I, from 1.
    pub number: usize,
    /// N.
    pub of: usize,
}

impl Shard {
    /// Whether the shard trains this well; numbers begin at 0.
    pub fn has(self, well: usize) -> bool {
        well % self.of == self.number - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split_once('/')
            .and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)))
            .filter(|(number, of)| (1..=*of).contains(number))
            .map(|(number, of)| Self { number, of })
            .ok_or_else(|| {
                format!("found \"{text}\", expected I/N with I from 1 to N, such as 2/8")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_written_as_a_fraction() {
        assert_eq!("2/8".parse(), Ok(Shard { number: 2, of: 8 }));
        for text in ["0/8", "9/8", "2", "2/", "a/b", "1/0"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
