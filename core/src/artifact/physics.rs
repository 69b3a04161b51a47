//! The physics section of a model file.

use core::iter::zip;

use super::check::check_increments;
use super::numbers::{Numbers, check_length};
use super::{ArtifactError, GOLDEN_MONTHS, SUBSIDENCE_LIMIT_MM, Tag};
use crate::basis::{COLUMNS, DECAY_MONTHS, LAYER_NUMBERS, LayerBeds};
use crate::bridge::{Bridges, CALENDAR_MONTHS};
use crate::estimate::Primary;
use crate::physics::{PhysicsState, PhysicsWeights};
use crate::sizes::MAX_INPUTS;

/// Numbers before those of the layers: primary, months, subsidence, interval, the weights of the decays.
const HEAD_WORDS: usize = 4 + DECAY_MONTHS.len();

/// The physics of a model: weights and the state that an estimator starts from.
#[derive(Clone, Debug, PartialEq)]
pub struct Physics<'a> {
    /// Which estimate is to be trusted: the better one in validation; physics, if the network is not clearly better.
    pub primary: Primary,
    /// The weights of the basis.
    pub weights: PhysicsWeights<'a>,
    /// What stands in for levels that were not measured; nothing where none is told by the others.
    pub bridges: Option<Bridges<'a>>,
    /// The state at the end of the start's month.
    pub state: PhysicsState,
    /// Cumulative subsidence by physics at that time, mm, down +.
    pub subsidence_mm: f32,
    /// Half the width of the 90 % interval around a month's increment by physics in mm, from validation; NaN where there is none.
    pub interval_half_width_mm: f32,
}

/// Bytes of the primary, which precedes months and subsidence of the start.
#[cfg(feature = "encode")]
pub(super) const PRIMARY_BYTES: usize = 4;

/// Where the layers' state begins in a section for this many inputs.
#[cfg(feature = "encode")]
pub(super) fn state_at(inputs: usize) -> usize {
    4 * (HEAD_WORDS + inputs * COLUMNS)
}

/// Bytes of the section for this many inputs.
fn section_bytes(inputs: usize) -> usize {
    4 * (HEAD_WORDS + inputs * (COLUMNS + 1 + LAYER_NUMBERS) + GOLDEN_MONTHS)
}

/// Reads and checks the section. Its golden months are those of the levels `golden_m`, one for each input.
pub(super) fn read<'a>(bytes: &'a [u8], golden_m: &[f32]) -> Result<Physics<'a>, ArtifactError> {
    let inputs = golden_m.len();
    check_length(Tag::PHYSICS, bytes, section_bytes(inputs))?;
    let mut numbers = Numbers { rest: bytes };
    let wrong = |number| ArtifactError::PhysicsNumber { number };
    let primary = match numbers.one::<u32>()? {
        0 => Primary::Network,
        1 => Primary::Physics,
        _ => return Err(wrong("primary")),
    };
    let months: i32 = numbers.one()?;
    let subsidence_mm: f32 = numbers.one()?;
    if subsidence_mm.is_nan() || subsidence_mm.abs() > SUBSIDENCE_LIMIT_MM {
        return Err(wrong("subsidence"));
    }
    let interval_half_width_mm: f32 = numbers.one()?;
    if interval_half_width_mm < 0.0 || interval_half_width_mm == f32::INFINITY {
        return Err(wrong("interval"));
    }
    let weights = PhysicsWeights {
        decay: numbers.one()?,
        layers: numbers.take(inputs)?,
    };
    let mut all = weights.layers.as_flattened().iter().chain(&weights.decay);
    if !all.all(|weight| (0.0..=SUBSIDENCE_LIMIT_MM).contains(weight)) {
        return Err(wrong("weight"));
    }
    let mut state = PhysicsState {
        layers: [None; MAX_INPUTS],
        months: u32::try_from(months).ok(),
    };
    for place in state.layers.iter_mut().take(inputs) {
        let has_begun: u32 = numbers.one()?;
        let beds = LayerBeds::from_numbers(numbers.take(LAYER_NUMBERS)?);
        let beds = beds.ok_or(wrong("state"))?;
        if has_begun > 1 {
            return Err(wrong("state"));
        }
        *place = (has_begun == 1).then_some(beds);
    }
    if !state.is_sound(inputs) {
        return Err(wrong("months"));
    }
    check_increments(
        &golden_months(&weights, golden_m),
        numbers.take(GOLDEN_MONTHS)?,
    )?;
    Ok(Physics {
        primary,
        weights,
        bridges: None,
        state,
        subsidence_mm,
        interval_half_width_mm,
    })
}

/// Reads and checks what stands in for missing levels of so many layers.
pub(super) fn bridges(bytes: &[u8], layers: usize) -> Result<Bridges<'_>, ArtifactError> {
    check_length(
        Tag::BRIDGES,
        bytes,
        size_of::<f32>() * layers * (CALENDAR_MONTHS + layers),
    )?;
    let mut numbers = Numbers { rest: bytes };
    let bridges = Bridges {
        of_month_m: numbers.take(layers)?,
        per_m: numbers.take(layers * layers)?,
    };
    if bridges.is_sound() {
        Ok(bridges)
    } else {
        Err(ArtifactError::Bridges)
    }
}

/// The increments of the golden months: from rest under the golden levels, which fall by 1 m per month.
pub(super) fn golden_months(weights: &PhysicsWeights, level_m: &[f32]) -> [f32; GOLDEN_MONTHS] {
    let mut state = PhysicsState::default();
    let mut fall_m = 0.0;
    [(); GOLDEN_MONTHS].map(|()| {
        let mut fallen_m = [None; MAX_INPUTS];
        for (fallen_m, level_m) in zip(&mut fallen_m, level_m) {
            *fallen_m = Some(*level_m - fall_m);
        }
        fall_m += 1.0;
        let output = state.step(weights, &fallen_m);
        output.map_or(0.0, |output| output.increment_mm)
    })
}

#[cfg(test)]
mod tests {
    use crate::artifact::{ArtifactError, ModelFile, Tag};
    use crate::checksum::CRC32;
    use crate::estimate::Primary;
    use crate::example::{self, Aligned, BRIDGES, PHYSICS_WEIGHTS};
    use crate::sizes::AttentionKind;

    /// Where the content of a section begins.
    fn content_at(bytes: &[u8], tag: Tag) -> usize {
        let tag = bytes.windows(4).rposition(|bytes| bytes == tag.0);
        tag.unwrap() + 8
    }

    /// The error of a file in which one word of a section was replaced.
    fn refusal_in(tag: Tag, word: usize, value: u32) -> ArtifactError {
        let mut file = example::bridged_file(Primary::Physics);
        let at = content_at(file.bytes(), tag) + 4 * word;
        let content = file.bytes().len() - 4;
        file.bytes_mut()[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let crc = CRC32.checksum(&file.bytes()[..content]);
        file.bytes_mut()[content..].copy_from_slice(&crc.to_le_bytes());
        ModelFile::parse(file.bytes()).unwrap_err()
    }

    fn refusal(word: usize, value: u32) -> ArtifactError {
        refusal_in(Tag::PHYSICS, word, value)
    }

    #[test]
    fn what_stands_in_for_missing_levels_comes_back_or_is_refused() {
        let file = example::bridged_file(Primary::Physics);
        let read = ModelFile::parse(file.bytes()).unwrap();
        let found = read.physics().unwrap().bridges.unwrap();
        assert_eq!(found, BRIDGES);
        assert_eq!(
            [0, 1, 2].map(|layer| found.has(layer)),
            [true, false, false]
        );
        let without = example::physics_file(AttentionKind::Shared, Primary::Physics);
        let without = ModelFile::parse(without.bytes()).unwrap();
        assert_eq!(without.physics().unwrap().bridges, None);
        // A month of the first layer; its coefficient of itself, after three years of months; that of the second.
        for (word, number) in [(7, f32::NAN), (36, 0.5), (37, f32::INFINITY)] {
            let refused = refusal_in(Tag::BRIDGES, word, number.to_bits());
            assert_eq!(refused, ArtifactError::Bridges, "word {word}");
        }
        // A reader of before knows the tag as little as this one knows another, and what it does not know is required.
        let tag_at = content_at(file.bytes(), Tag::BRIDGES) - 8;
        assert!(Tag(*file.bytes()[tag_at..].first_chunk().unwrap()).is_required());
    }

    #[test]
    fn weights_and_state_come_back_as_they_went_in() {
        let file = example::physics_file(AttentionKind::Shared, Primary::Physics);
        let file = ModelFile::parse(file.bytes()).unwrap();
        let physics = file.physics().unwrap();
        assert_eq!(physics.weights, PHYSICS_WEIGHTS);
        assert_eq!(physics.subsidence_mm, 80.0);
        assert_eq!(physics.state.months, Some(29));
        let again = example::file_with(example::PAPER, AttentionKind::Shared, 5, Some(physics));
        assert_eq!(
            Aligned::of(again.bytes()).bytes(),
            example::physics_file(AttentionKind::Shared, Primary::Physics).bytes()
        );
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused_by_name() {
        let nan = f32::NAN.to_bits();
        for (word, value, number) in [
            (0, 2, "primary"),
            (2, nan, "subsidence"),
            (2, 2e6_f32.to_bits(), "subsidence"),
            (3, (-1.0_f32).to_bits(), "interval"),
            (4, nan, "weight"),
            (6, (-1.0_f32).to_bits(), "weight"),
            // Three layers of six weights precede the state.
            (6 + 18, 2, "state"),
            (6 + 18, 0, "months"),
            (6 + 18 + 1, nan, "state"),
            (6 + 18 + 2, 2e4_f32.to_bits(), "state"),
        ] {
            assert_eq!(
                refusal(word, value),
                ArtifactError::PhysicsNumber { number },
                "word {word}"
            );
        }
    }

    #[test]
    fn golden_months_must_be_those_that_this_machine_computes() {
        // A weight that affects the golden months.
        assert!(matches!(
            refusal(6, 2.5_f32.to_bits()),
            ArtifactError::Golden { .. }
        ));
    }
}
