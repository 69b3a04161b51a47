//! The ways in which a model file can be wrong.

use core::fmt;

use crate::arithmetic::ArithmeticKind;
use crate::artifact::{FORMAT, MAX_NAME_BYTES, SUBSIDENCE_LIMIT_MM, Tag};
use crate::month::Month;
use crate::sizes::{MAX_ATTENTION, MAX_HIDDEN, MAX_INPUTS};

/// Why a model file is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the wording of each is in Display")]
pub enum ArtifactError {
    Short {
        found: usize,
        expected: usize,
    },
    Misaligned {
        remainder: usize,
    },
    Magic {
        found: [u8; 4],
    },
    Format {
        found: u16,
    },
    FileLength {
        found: usize,
        expected: u32,
    },
    Crc {
        found: u32,
        expected: u32,
    },
    SectionHead {
        found: usize,
    },
    SectionLength {
        tag: Tag,
        found: u32,
        room: usize,
    },
    SectionUnknown {
        tag: Tag,
    },
    MonthDefinition,
    SectionTwice {
        tag: Tag,
    },
    SectionMissing {
        tag: Tag,
    },
    Record {
        bytes: usize,
    },
    RecordRest {
        found: usize,
        expected: usize,
    },
    Padding {
        found: u8,
    },
    Inputs {
        found: u8,
    },
    Hidden {
        found: u8,
    },
    Capacity {
        found: u8,
        capacity: usize,
    },
    Attention {
        found: u8,
    },
    AttentionWithout {
        found: u8,
    },
    Arithmetic {
        found: ArithmeticKind,
    },
    Layers {
        found: usize,
        expected: u8,
    },
    Name {
        found_bytes: usize,
    },
    Months {
        from: Month,
        until: Month,
    },
    Score {
        found_mm: f32,
    },
    NumbersLength {
        tag: Tag,
        found: usize,
        expected: usize,
    },
    Cast,
    InputScaler {
        input: usize,
        offset: f32,
        scale: f32,
    },
    TrainedRange {
        input: usize,
        lowest_m: f32,
        highest_m: f32,
    },
    TargetScaler {
        offset: f32,
        scale: f32,
    },
    StartSubsidence {
        found_mm: f32,
    },
    StartIndex {
        found: i32,
    },
    StartMonth {
        found: Month,
        expected: Month,
    },
    StartState {
        unit: usize,
    },
    GoldenLevel {
        input: usize,
        found_m: f32,
    },
    Weight {
        index: usize,
        found: f32,
    },
    Scale {
        index: usize,
        found: i32,
    },
    PhysicsNumber {
        number: &'static str,
    },
    RowBound {
        row: usize,
        found: i64,
        limit: i32,
    },
    RowShift {
        row: usize,
        found: i32,
    },
    Golden {
        month: usize,
        found_mm: f32,
        expected_mm: f32,
    },
    GoldenDigest {
        found: u32,
        expected: u32,
    },
    Room {
        found: usize,
        expected: usize,
    },
    WeightBytes {
        found: usize,
        expected: usize,
    },
    InputCount {
        found: usize,
        expected: u8,
    },
    StateCount {
        found: usize,
        expected: u8,
    },
    StateModel {
        found: u32,
        expected: u32,
    },
    StateMonth,
}

impl fmt::Display for ArtifactError {
    #[allow(clippy::too_many_lines, reason = "one line a variant")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Short { found, expected } => {
                write!(f, "model file: {found} bytes, expected at least {expected}")
            }
            Self::Misaligned { remainder } => {
                write!(
                    f,
                    "model file: lies {remainder} bytes after a multiple of 4, expected a multiple of 4"
                )
            }
            Self::Magic { found } => write!(
                f,
                "model file: begins with \"{}\", expected \"AMLM\": this is no model file{}",
                found.escape_ascii(),
                if found.iter().all(u8::is_ascii_graphic) {
                    "; were the model and the levels swapped?"
                } else {
                    ""
                }
            ),
            Self::Format { found } => write!(
                f,
                "model file: format {found}, this program reads format {FORMAT}: export the model again"
            ),
            Self::FileLength { found, expected } => {
                write!(
                    f,
                    "model file: {found} bytes, its head says {expected}: it was cut off or something was added"
                )
            }
            Self::Crc { found, expected } => {
                write!(
                    f,
                    "model file: CRC-32 of the content {found:08x}, the file says {expected:08x}: it was damaged"
                )
            }
            Self::SectionHead { found } => write!(
                f,
                "model file: {found} bytes after the last section, expected none"
            ),
            Self::SectionLength { tag, found, room } => write!(
                f,
                "model file: section {tag} of {found} bytes, only {room} bytes are left"
            ),
            Self::SectionUnknown { tag } => write!(
                f,
                "model file: section {tag} is unknown here: a newer program wrote the file, update this one"
            ),
            Self::MonthDefinition => f.write_str(
                "section MNTH: found no offset from UTC within 14 hours and bits of inputs, expected 4 bytes",
            ),
            Self::SectionTwice { tag } => {
                write!(f, "model file: two sections {tag}, expected one")
            }
            Self::SectionMissing { tag } => write!(f, "model file: no section {tag}"),
            Self::Record { bytes } => write!(
                f,
                "model file: the record's {bytes} bytes cannot be read as a record"
            ),
            Self::RecordRest { found, expected } => write!(
                f,
                "model file: record of {found} bytes, its content ends after {expected}"
            ),
            Self::Padding { found } => {
                write!(f, "model file: padding of {found}, expected 0")
            }
            Self::Inputs { found } => {
                write!(f, "model file: {found} inputs, expected 1 to {MAX_INPUTS}")
            }
            Self::Hidden { found } => write!(
                f,
                "model file: {found} hidden units, expected 1 to {MAX_HIDDEN}"
            ),
            Self::Capacity { found, capacity } => write!(
                f,
                "model file: {found} hidden units, room for {capacity} here"
            ),
            Self::Attention { found } => write!(
                f,
                "model file: {found} attention units, expected 1 to {MAX_ATTENTION}"
            ),
            Self::AttentionWithout { found } => write!(
                f,
                "model file: {found} attention units in a plain LSTM, expected 0"
            ),
            Self::Arithmetic { found } => write!(
                f,
                "model file: weights of {found:?}, which this program was built without"
            ),
            Self::Layers { found, expected } => write!(
                f,
                "model file: {found} aquifer layer names, expected {expected}, one for each input"
            ),
            Self::Name { found_bytes } => write!(
                f,
                "model file: name of {found_bytes} bytes, expected 1 to {MAX_NAME_BYTES}"
            ),
            Self::Months { from, until } => write!(
                f,
                "model file: trained from {from} until {until}, which is earlier"
            ),
            Self::Score { found_mm } => write!(
                f,
                "model file: error or interval of {found_mm} mm, expected 0 or more, or NaN"
            ),
            Self::NumbersLength {
                tag,
                found,
                expected,
            } => write!(
                f,
                "model file: section {tag} of {found} bytes, expected {expected} for its sizes"
            ),
            Self::Cast => write!(f, "model file: its numbers cannot be read in place"),
            Self::InputScaler {
                input,
                offset,
                scale,
            } => {
                write!(
                    f,
                    "model file: input {input}: offset {offset}, scale {scale}, expected finite numbers and a scale above 0"
                )
            }
            Self::TrainedRange {
                input,
                lowest_m,
                highest_m,
            } => {
                write!(
                    f,
                    "model file: input {input}: trained from {lowest_m} m to {highest_m} m, expected finite numbers in order"
                )
            }
            Self::TargetScaler { offset, scale } => {
                write!(
                    f,
                    "model file: target: offset {offset} mm, scale {scale} mm, expected numbers within {SUBSIDENCE_LIMIT_MM} and a scale above 0"
                )
            }
            Self::StartSubsidence { found_mm } => {
                write!(
                    f,
                    "model file: subsidence at the start {found_mm} mm, expected a number within {SUBSIDENCE_LIMIT_MM}"
                )
            }
            Self::StartIndex { found } => {
                write!(
                    f,
                    "model file: start in month {found}, expected 0 to 119999"
                )
            }
            Self::StartMonth { found, expected } => write!(
                f,
                "model file: start in {found}, expected {expected}, the end of training, or later"
            ),
            Self::StartState { unit } => write!(
                f,
                "model file: state of hidden unit {unit} at the start is out of range"
            ),
            Self::GoldenLevel { input, found_m } => write!(
                f,
                "model file: golden level of input {input} is {found_m} m, expected a finite number"
            ),
            Self::Weight { index, found } => write!(
                f,
                "model file: weight {index} is {found}, expected a finite number within 1e6"
            ),
            Self::Scale { index, found } => write!(
                f,
                "model file: fixed-point scale {index} is {found}, out of its range"
            ),
            Self::PhysicsNumber { number } => {
                write!(f, "model file: physics: {number} out of range")
            }
            Self::RowBound { row, found, limit } => {
                write!(
                    f,
                    "model file: the sum of weight row {row} could reach {found}, expected {limit} at most"
                )
            }
            Self::RowShift { row, found } => write!(
                f,
                "model file: weight row {row} is shifted by {found} bits, expected 1 to 31"
            ),
            Self::Golden {
                month,
                found_mm,
                expected_mm,
            } => {
                write!(
                    f,
                    "model file: golden month {month} gives {found_mm} mm here, the file says {expected_mm} mm"
                )
            }
            Self::GoldenDigest { found, expected } => {
                write!(
                    f,
                    "model file: golden months give digest {found:08x} here, the file says {expected:08x}"
                )
            }
            Self::Room { found, expected } => {
                write!(f, "model file: room for {found} bytes, {expected} needed")
            }
            Self::WeightBytes { found, expected } => write!(
                f,
                "model to write: {found} bytes of weights, expected {expected} for its sizes"
            ),
            Self::InputCount { found, expected } => write!(
                f,
                "model to write: {found} inputs described, expected {expected}"
            ),
            Self::StateCount { found, expected } => write!(
                f,
                "model to write: state of {found} hidden units, expected {expected}"
            ),
            Self::StateModel { found, expected } => write!(
                f,
                "model to write: the state belongs to model {found:08x}, expected {expected:08x}"
            ),
            Self::StateMonth => {
                write!(f, "model to write: a state without a month, expected one after a step")
            }
        }
    }
}

impl core::error::Error for ArtifactError {}
