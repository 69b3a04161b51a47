//! Files of networks that see monthly changes beside the levels.

use super::*;

const CHANGING: Sizes = Sizes {
    inputs: 6,
    hidden: 9,
    attention: 5,
};

fn file() -> Vec<u8> {
    example::change_file(CHANGING, AttentionKind::PerLayer, 4)
        .bytes()
        .to_vec()
}

#[test]
fn changes_last_levels_and_skip_are_read_back() {
    let file = file();
    let file = ModelFile::parse(Aligned::of(&file).bytes())
        .map(|file| {
            let Network::F32(weights) = file.model().network else {
                panic!("not an f32 model");
            };
            let skip: Vec<f32> = weights.skip.iter().flatten().copied().collect();
            assert_eq!(skip[..6], example::skip(6, 4)[..]);
            assert_eq!(skip[6..], [0.0; 2]);
            let start_m = file.start().level_m;
            assert!(start_m[0].is_nan());
            assert_eq!(start_m[1..], [-19.0, -29.0]);
            assert_eq!(file.model().inputs().len(), 3);
            let changes = file.model().changes().map(Input::to_numbers);
            changes.collect::<Vec<_>>()
        })
        .unwrap();
    let of_scale = |scale| [0.0, scale, -2.0, 1.0];
    assert_eq!(file, [0.5, 1.0, 1.5].map(of_scale));
}

#[test]
fn levels_alone_need_no_section_that_an_older_program_does_not_know() {
    let levels = example::file(CHANGING, AttentionKind::PerLayer, 4);
    let has_section = |bytes: &[u8]| bytes.windows(4).any(|tag| tag == Tag::CHANGES.0);
    assert!(!has_section(levels.bytes()));
    assert!(has_section(&file()) && Tag::CHANGES.is_required());
}

#[test]
fn numbers_that_make_no_sense_are_refused_by_place() {
    let file = file();
    let at = section_at(&file, Tag::CHANGES);
    let patched = |at: usize, number: f32| {
        let mut file = file.clone();
        file[at..at + 4].copy_from_slice(&number.to_le_bytes());
        ModelFile::parse(sealed(file).bytes()).unwrap_err()
    };
    // After the three levels, the change of the second layer is the fifth input.
    for scale in [0.0, -1.0, f32::INFINITY] {
        assert_eq!(
            patched(at + 16 + 4, scale),
            ArtifactError::InputScaler {
                input: 4,
                offset: 0.0,
                scale
            }
        );
    }
    assert_eq!(
        patched(at + 8, 1.5),
        ArtifactError::TrainedRange {
            input: 3,
            lowest_m: 1.5,
            highest_m: 1.0
        }
    );
    assert_eq!(
        patched(at + 3 * 16 + 8, f32::NEG_INFINITY),
        ArtifactError::StartLevel { layer: 2 }
    );
    // The last two of the eight numbers of the skip are padding, the one before is of the last layer's change.
    let skip = section_at(&file, Tag::NETWORK) - 8;
    let length = u32::from_le_bytes(file[skip + 4..skip + 8].try_into().unwrap());
    let end = skip + 8 + length as usize;
    assert!(matches!(
        patched(end - 12, 0.75),
        ArtifactError::Golden { month: 1, .. }
    ));
}

#[test]
fn a_file_without_its_changes_or_with_those_of_another_is_refused() {
    let file = file();
    let at = section_at(&file, Tag::CHANGES);
    let mut without = file.clone();
    without.drain(at - 8..at + 60);
    assert_eq!(
        refusal(&resealed(without)),
        ArtifactError::NumbersLength {
            tag: Tag::CHANGES,
            found: 0,
            expected: 60
        }
    );
    let levels = example::file(CHANGING, AttentionKind::PerLayer, 4);
    let mut with = levels.bytes().to_vec();
    with.splice(HEAD_BYTES..HEAD_BYTES, file[at - 8..at + 60].to_vec());
    assert_eq!(
        refusal(&resealed(with)),
        ArtifactError::NumbersLength {
            tag: Tag::CHANGES,
            found: 60,
            expected: 0
        }
    );
}
