//! Errors of a model file.

use crate::arithmetic::ArithmeticKind;
use crate::artifact::{FORMAT, MAX_NAME_BYTES, SUBSIDENCE_LIMIT_MM, Tag};
use crate::month::Month;
use crate::sizes::{MAX_ATTENTION, MAX_HIDDEN, MAX_INPUTS, MAX_MEMBERS};

/// Why a model file is refused.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the wording of each says it")]
pub enum ArtifactError {
    #[error("model file: {found} bytes, expected at least {expected}")]
    Short { found: usize, expected: usize },
    #[error("model file: lies {remainder} bytes after a multiple of 4, expected a multiple of 4")]
    Misaligned { remainder: usize },
    #[error(
        "model file: begins with \"{}\", expected \"AMLM\": this is no model file{}",
        found.escape_ascii(),
        advice_on_text(*found)
    )]
    Magic { found: [u8; 4] },
    #[error(
        "model file: format {found}, this program reads format {FORMAT}: export the model again"
    )]
    Format { found: u16 },
    #[error(
        "model file: {found} bytes, its head says {expected}: it was cut off or something was added"
    )]
    FileLength { found: usize, expected: u32 },
    #[error(
        "model file: CRC-32 of the content {found:08x}, the file says {expected:08x}: it was damaged"
    )]
    Crc { found: u32, expected: u32 },
    #[error("model file: {found} bytes after the last section, expected none")]
    SectionHead { found: usize },
    #[error("model file: section {tag} of {found} bytes, only {room} bytes are left")]
    SectionLength { tag: Tag, found: u32, room: usize },
    #[error(
        "model file: section {tag} is unknown here: a newer program wrote the file, update this one"
    )]
    SectionUnknown { tag: Tag },
    #[error(
        "section MNTH: found no offset from UTC within 14 hours and bits of inputs, expected 4 bytes"
    )]
    MonthDefinition,
    #[error(
        "section cumu: found a half width that is negative or infinite, expected mm, or NaN where none is known"
    )]
    CumulativeInterval,
    #[error(
        "section FILL: found a number that is not finite or a layer that follows itself, expected levels of each month in m and m per m of the other layers"
    )]
    Bridges,
    #[error("model file: two sections {tag}, expected one")]
    SectionTwice { tag: Tag },
    #[error("model file: no section {tag}")]
    SectionMissing { tag: Tag },
    #[error("model file: the record's {bytes} bytes cannot be read as a record")]
    Record { bytes: usize },
    #[error("model file: record of {found} bytes, its content ends after {expected}")]
    RecordRest { found: usize, expected: usize },
    #[error("model file: padding of {found}, expected 0")]
    Padding { found: u8 },
    #[error("model file: {found} inputs, expected 1 to {MAX_INPUTS}")]
    Inputs { found: u8 },
    #[error("model file: {found} hidden units, expected 1 to {MAX_HIDDEN}")]
    Hidden { found: u8 },
    #[error("model file: {found} hidden units, room for {capacity} here")]
    Capacity { found: u8, capacity: usize },
    #[error("model file: {found} networks, room for {capacity} here")]
    MemberCapacity { found: usize, capacity: usize },
    #[error("model file: more than {MAX_MEMBERS} networks, expected {MAX_MEMBERS} at most")]
    Members,
    #[error(
        "model file: the {number} of network {network} is not that of the first, expected the same in all"
    )]
    MemberNumber {
        network: usize,
        number: &'static str,
    },
    #[error("model file: {found} attention units, expected 1 to {MAX_ATTENTION}")]
    Attention { found: u8 },
    #[error("model file: {found} attention units in a plain LSTM, expected 0")]
    AttentionWithout { found: u8 },
    #[error("model file: weights of {found:?}, which this program was built without")]
    Arithmetic { found: ArithmeticKind },
    #[error(
        "model file: {found} aquifer layer names, expected {expected}, one for each input, or half as many"
    )]
    Layers { found: usize, expected: u8 },
    #[error("model file: name of {found_bytes} bytes, expected 1 to {MAX_NAME_BYTES}")]
    Name { found_bytes: usize },
    #[error("model file: trained from {from} until {until}, which is earlier")]
    Months { from: Month, until: Month },
    #[error("model file: error or interval of {found_mm} mm, expected 0 or more, or NaN")]
    Score { found_mm: f32 },
    #[error("model file: section {tag} of {found} bytes, expected {expected} for its sizes")]
    NumbersLength {
        tag: Tag,
        found: usize,
        expected: usize,
    },
    #[error("model file: its numbers cannot be read in place")]
    Cast,
    #[error(
        "model file: input {input}: offset {offset}, scale {scale}, expected finite numbers and a scale above 0"
    )]
    InputScaler {
        input: usize,
        offset: f32,
        scale: f32,
    },
    #[error(
        "model file: input {input}: trained from {lowest_m} m to {highest_m} m, expected finite numbers in order"
    )]
    TrainedRange {
        input: usize,
        lowest_m: f32,
        highest_m: f32,
    },
    #[error("model file: level of layer {layer} at the start is infinite")]
    StartLevel { layer: usize },
    #[error(
        "model file: target: offset {offset} mm, scale {scale} mm, expected numbers within {SUBSIDENCE_LIMIT_MM} and a scale above 0"
    )]
    TargetScaler { offset: f32, scale: f32 },
    #[error(
        "model file: subsidence at the start {found_mm} mm, expected a number within {SUBSIDENCE_LIMIT_MM}"
    )]
    StartSubsidence { found_mm: f32 },
    #[error("model file: start in month {found}, expected 0 to 119999")]
    StartIndex { found: i32 },
    #[error("model file: start in {found}, expected {expected}, the end of training, or later")]
    StartMonth { found: Month, expected: Month },
    #[error("model file: state of hidden unit {unit} at the start is out of range")]
    StartState { unit: usize },
    #[error("model file: golden level of input {input} is {found_m} m, expected a finite number")]
    GoldenLevel { input: usize, found_m: f32 },
    #[error("model file: weight {index} is {found}, expected a finite number within 1e6")]
    Weight { index: usize, found: f32 },
    #[error("model file: fixed-point scale {index} is {found}, out of its range")]
    Scale { index: usize, found: i32 },
    #[error("model file: physics: {number} out of range")]
    PhysicsNumber { number: &'static str },
    #[error(
        "model file: the sum of weight row {row} could reach {found}, expected {limit} at most"
    )]
    RowBound { row: usize, found: i64, limit: i32 },
    #[error("model file: weight row {row} is shifted by {found} bits, expected 1 to 31")]
    RowShift { row: usize, found: i32 },
    #[error(
        "model file: golden month {month} gives {found_mm} mm here, the file says {expected_mm} mm"
    )]
    Golden {
        month: usize,
        found_mm: f32,
        expected_mm: f32,
    },
    #[error("model file: golden months give digest {found:08x} here, the file says {expected:08x}")]
    GoldenDigest { found: u32, expected: u32 },
    #[error("model file: room for {found} bytes, {expected} needed")]
    Room { found: usize, expected: usize },
    #[error("model to write: {found} bytes of weights, expected {expected} for its sizes")]
    WeightBytes { found: usize, expected: usize },
    #[error("model to write: {found} inputs described, expected {expected}")]
    InputCount { found: usize, expected: u8 },
    #[error("model to write: state of {found} hidden units, expected {expected}")]
    StateCount { found: usize, expected: u8 },
    #[error("model to write: the state belongs to model {found:08x}, expected {expected:08x}")]
    StateModel { found: u32, expected: u32 },
    #[error("model to write: a state without a month, expected one after a step")]
    StateMonth,
}

/// Advice for the likely case that a text file was given.
fn advice_on_text(found: [u8; 4]) -> &'static str {
    if found.iter().all(u8::is_ascii_graphic) {
        "; were the model and the levels swapped?"
    } else {
        ""
    }
}
