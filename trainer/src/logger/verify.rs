//! Does a logger run the program and compute what it should?

use amlstm_core::artifact::ModelFile;
use amlstm_core::link::{Request, Response, Verification};
use amlstm_core::verification::Digests;
use serde::Serialize;

use super::client::Client;
use super::error::LoggerError;

impl Client {
    /// What the logger computes with its active model, and the checksum of its program.
    ///
    /// # Errors
    ///
    /// Line and refusal, as every question.
    pub fn verify(&mut self) -> Result<Verification, LoggerError> {
        self.ask(
            &Request::Verify,
            "Verification",
            |response| match response {
                Response::Verification(verification) => Some(verification.clone()),
                _ => None,
            },
        )
    }
}

/// A number of the logger beside the one that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The logger's; `None` if it could compute none.
    pub found: Option<u32>,
    /// This computer's; `None` where there is nothing to compare with.
    pub expected: Option<u32>,
}

impl Comparison {
    /// True if both are there and equal.
    pub fn matches(&self) -> bool {
        self.expected.is_some() && self.found == self.expected
    }

    /// True if there is something to compare with and the logger's is another.
    pub fn differs(&self) -> bool {
        self.expected.is_some() && self.found != self.expected
    }
}

/// A logger's checksums and digests beside this computer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// CRC-32 of the program in the flash.
    pub firmware: Comparison,
    /// CRC-32 of the model file.
    pub model: Comparison,
    /// Digest of the golden months.
    pub golden: Comparison,
    /// Digest of the test series.
    pub series: Comparison,
}

impl Verdict {
    /// Compares what a logger told with the model it should have, and with the checksum of its image, if there is one
    /// ([`super::program_crc`]).
    pub fn of(told: &Verification, model: &ModelFile<'_>, program_crc: Option<u32>) -> Self {
        let expected = Digests::of(model);
        Self {
            firmware: Comparison {
                found: Some(told.program_crc),
                expected: program_crc,
            },
            model: Comparison {
                found: told.model.as_ref().map(|model| model.crc),
                expected: Some(model.crc()),
            },
            golden: Comparison {
                found: told.replayed.map(|digests| digests.golden),
                expected: Some(expected.golden),
            },
            series: Comparison {
                found: told.replayed.map(|digests| digests.series),
                expected: Some(expected.series),
            },
        }
    }

    /// True if nothing that was compared differs.
    pub fn matches(&self) -> bool {
        let Self {
            firmware,
            model,
            golden,
            series,
        } = self;
        ![firmware, model, golden, series]
            .into_iter()
            .any(Comparison::differs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amlstm_core::include_model;
    use amlstm_core::link::SlotInfo;

    fn told(model: &ModelFile<'_>) -> Verification {
        Verification {
            program_crc: 7,
            model: Some(SlotInfo {
                generation: 1,
                version: 1,
                length: 1,
                crc: model.crc(),
                signed: false,
            }),
            replayed: Some(Digests::of(model)),
        }
    }

    #[test]
    fn one_other_bit_of_anything_is_a_mismatch() {
        let file = include_model!("../../../core/examples/A.amlm");
        let file = ModelFile::parse(file).expect("the example is sound");
        let sound = told(&file);
        assert!(Verdict::of(&sound, &file, None).matches());
        assert!(Verdict::of(&sound, &file, Some(7)).matches());
        assert!(!Verdict::of(&sound, &file, Some(6)).matches());
        let mut wrong: [Verification; 4] = std::array::from_fn(|_| sound.clone());
        wrong[0].model.as_mut().expect("there").crc ^= 1;
        wrong[1].replayed.as_mut().expect("there").golden ^= 1;
        wrong[2].replayed.as_mut().expect("there").series ^= 1;
        wrong[3].replayed = None;
        for told in wrong {
            assert!(!Verdict::of(&told, &file, None).matches(), "{told:?}");
        }
    }
}
