//! Files with any kind of damage.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// A kind of damage.
#[derive(Clone, Debug)]
enum Damage {
    Cut(Index),
    Lengthen(Vec<u8>),
    Flip(Vec<(Index, u8)>),
    Overwrite(Index, Vec<u8>),
    /// One byte near the beginning, where head and record are.
    Head(usize, u8),
    Format(u16),
    Random(Vec<u8>),
}

impl Damage {
    fn apply(self, file: &mut Vec<u8>) {
        match self {
            Self::Cut(at) => file.truncate(at.index(file.len())),
            Self::Lengthen(with) => file.extend(with),
            Self::Flip(bits) => {
                for (at, bit) in bits {
                    let at = at.index(file.len());
                    file[at] ^= 1 << bit;
                }
            }
            Self::Overwrite(at, with) => {
                let at = at.index(file.len());
                let end = file.len().min(at + with.len());
                file[at..end].copy_from_slice(&with[..end - at]);
            }
            Self::Head(at, with) => file[at] = with,
            Self::Format(format) => file[4..6].copy_from_slice(&format.to_le_bytes()),
            Self::Random(bytes) => *file = bytes,
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<Index>().prop_map(Damage::Cut),
        vec(any::<u8>(), 1..40).prop_map(Damage::Lengthen),
        vec((any::<Index>(), 0..8_u8), 1..4).prop_map(Damage::Flip),
        (any::<Index>(), vec(any::<u8>(), 1..12))
            .prop_map(|(at, with)| Damage::Overwrite(at, with)),
        (0..180_usize, any::<u8>()).prop_map(|(at, with)| Damage::Head(at, with)),
        any::<u16>().prop_map(Damage::Format),
        vec(any::<u8>(), 0..300).prop_map(Damage::Random),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120_000))]

    #[test]
    fn a_damaged_file_is_refused_and_never_panics(seed in 0..8_u64, damage in damage()) {
        let of = match seed % 4 {
            0 => example::file,
            1 => example::fixed_file,
            2 => example::change_file,
            _ => |sizes, kind, seed| example::fixed(&example::change_file(sizes, kind, seed)),
        };
        let whole = of(SMALL, AttentionKind::PerLayer, seed).bytes().to_vec();
        let mut damaged = whole.clone();
        damage.apply(&mut damaged);
        prop_assert_eq!(ModelFile::parse(Aligned::of(&damaged).bytes()).is_ok(), damaged == whole);
        // With a corrected checksum a changed file may still be a valid model: then that model must run.
        let resealed = Aligned::of(&resealed(damaged));
        if let Ok(file) = ModelFile::parse(resealed.bytes()) {
            let mut estimator = Estimator::at_start(&file);
            for level_m in [[Some(-9.0), Some(-21.0)], [None, Some(1e30)], [Some(f32::NAN), None]] {
                let estimate = estimator.step_across_gap(file.record().trained_until, &level_m);
                prop_assert!(estimate.increment_mm.is_finite());
            }
        }
    }
}
