//! Invalid records.

use super::*;

#[test]
fn a_record_that_makes_no_sense_has_its_own_error() {
    let (file, patched) = patching();
    let record = HEAD_BYTES + 8;
    let record_bytes = file[HEAD_BYTES + 4];
    assert!(matches!(
        patched(HEAD_BYTES + 4, &[4]),
        ArtifactError::SectionLength { .. }
            | ArtifactError::SectionUnknown { .. }
            | ArtifactError::Padding { .. }
    ));
    // The padding of the record is counted as content.
    assert!(!record_bytes.is_multiple_of(4));
    assert_eq!(
        patched(HEAD_BYTES + 4, &[record_bytes.next_multiple_of(4)]),
        ArtifactError::RecordRest {
            found: usize::from(record_bytes.next_multiple_of(4)),
            expected: usize::from(record_bytes)
        }
    );
    assert!(matches!(
        patched(record, &[255]),
        ArtifactError::Record { .. }
    ));
    // Not UTF-8.
    assert!(matches!(
        patched(record + 1, &[0xff]),
        ArtifactError::Record { .. }
    ));
    // Record: length 1, "A", 2 names (1 + 8, 1 + 9 bytes), then the sizes.
    let sizes_at = record + 2 + 1 + 9 + 10;
    assert_eq!(file[sizes_at..sizes_at + 3], [2, 3, 2]);
    assert_eq!(patched(sizes_at, &[0]), ArtifactError::Inputs { found: 0 });
    assert_eq!(patched(sizes_at, &[9]), ArtifactError::Inputs { found: 9 });
    assert_eq!(
        patched(sizes_at, &[1]),
        ArtifactError::Layers {
            found: 2,
            expected: 1
        }
    );
    assert_eq!(
        patched(sizes_at + 1, &[33]),
        ArtifactError::Hidden { found: 33 }
    );
    assert_eq!(
        patched(sizes_at + 2, &[33]),
        ArtifactError::Attention { found: 33 }
    );
    assert_eq!(
        patched(sizes_at + 3, &[0]),
        ArtifactError::AttentionWithout { found: 2 }
    );
    assert!(matches!(
        patched(sizes_at + 1, &[4]),
        ArtifactError::NumbersLength { .. }
    ));
    assert!(matches!(
        patched(sizes_at + 2, &[9]),
        ArtifactError::NumbersLength { .. }
    ));
}

#[test]
fn a_record_that_makes_no_sense_is_not_encoded() {
    let weights = example::weights(SMALL, AttentionKind::Shared, 3);
    let inputs = example::inputs(SMALL);
    let content = content(&inputs, &weights);
    let mut words = [0_u32; 1024];
    let mut refusal =
        |content: &Content| encode(content, bytemuck::cast_slice_mut(&mut words)).unwrap_err();
    let long = "a".repeat(MAX_NAME_BYTES + 1);
    let mut other = content.clone();
    other.record.well = &long;
    assert_eq!(refusal(&other), ArtifactError::Name { found_bytes: 49 });
    let mut other = content.clone();
    other.record.trained_from = other.record.trained_until.next();
    assert!(matches!(refusal(&other), ArtifactError::Months { .. }));
    let mut other = content.clone();
    other.record.scores.test_rmse_mm = -1.0;
    assert_eq!(refusal(&other), ArtifactError::Score { found_mm: -1.0 });
    let other = Content {
        inputs: &inputs[..1],
        ..content.clone()
    };
    assert_eq!(
        refusal(&other),
        ArtifactError::InputCount {
            found: 1,
            expected: 2
        }
    );
    let other = Content {
        start_state: &[],
        ..content.clone()
    };
    assert_eq!(
        refusal(&other),
        ArtifactError::StateCount {
            found: 0,
            expected: 3
        }
    );
    let other = Content {
        weights: &content.weights[4..],
        ..content.clone()
    };
    assert!(matches!(refusal(&other), ArtifactError::WeightBytes { .. }));
    assert!(matches!(
        encode(&content, &mut [0; 40]).unwrap_err(),
        ArtifactError::Room { found: 40, .. }
    ));
}
