//! Files of more than one network.

use super::*;
use crate::artifact::FurtherContent;

/// A file of so many networks, and where the numbers of each begin.
fn ensemble(members: u64) -> (Vec<u8>, Vec<usize>) {
    let seeds: Vec<u64> = (1..=members).collect();
    let file = example::ensemble_file(SMALL, AttentionKind::Shared, &seeds, None);
    let file = file.bytes().to_vec();
    let first = section_at(&file, Tag::NETWORK);
    let length = u32::from_le_bytes(file[first - 4..first].try_into().unwrap()) as usize;
    let at = (0..members as usize).map(|member| first + member * (length + 8));
    let at = at.collect();
    (file, at)
}

#[test]
fn further_networks_lie_behind_the_first_as_they_do_alone() {
    let (file, at) = ensemble(4);
    let parsed = Aligned::of(&file);
    let parsed = ModelFile::parse(parsed.bytes()).unwrap();
    assert_eq!(parsed.member_count(), 4);
    for (member, (seed, at)) in parsed.members().zip((1..).zip(&at)) {
        let alone = example::file(SMALL, AttentionKind::Shared, seed);
        let network = section_at(alone.bytes(), Tag::NETWORK);
        let length = alone.bytes().len() - 4 - network;
        assert_eq!(
            file[*at..at + length],
            alone.bytes()[network..network + length]
        );
        let alone = ModelFile::parse(alone.bytes()).unwrap();
        assert_eq!(
            format!("{member:?}"),
            format!("{:?}", alone.members().next().unwrap())
        );
    }
    let tags = at.iter().map(|at| &file[at - 8..at - 4]);
    assert_eq!(
        tags.collect::<Vec<_>>(),
        [b"NETW", b"MEMB", b"MEMB", b"MEMB"]
    );
    // What comes before the numbers of the first is that of a file of one.
    let one = example::file(SMALL, AttentionKind::Shared, 1);
    assert_eq!(
        file[HEAD_BYTES..at[1] - 8],
        one.bytes()[HEAD_BYTES..one.bytes().len() - 4]
    );
}

#[test]
fn a_network_too_many_is_refused_when_read_and_when_written() {
    let (mut file, at) = ensemble(4);
    let section = file[at[3] - 8..file.len() - 4].to_vec();
    let end = file.len() - 4;
    file.splice(end..end, section);
    assert_eq!(
        ModelFile::parse(Aligned::of(&resealed(file)).bytes()).unwrap_err(),
        ArtifactError::Members
    );
    let inputs = example::inputs(SMALL);
    let weights = example::weights(SMALL, AttentionKind::Shared, 3);
    let further = FurtherContent {
        start_state: &[(0, 0); 3],
        weights: bytemuck::cast_slice(&weights),
    };
    let mut out = Aligned::of(&[0; MAX_FILE_BYTES]);
    let mut written = |further: &[FurtherContent]| {
        let content = Content {
            further,
            ..content(&inputs, &weights)
        };
        encode(&content, out.bytes_mut())
    };
    assert!(written(&[further; 3]).is_ok());
    assert_eq!(written(&[further; 4]), Err(ArtifactError::Members));
    let short = FurtherContent {
        weights: &further.weights[4..],
        ..further
    };
    assert!(matches!(
        written(&[further, short]),
        Err(ArtifactError::WeightBytes { .. })
    ));
}

#[test]
fn every_network_is_checked_and_agrees_with_the_first() {
    let (file, at) = ensemble(3);
    // Offset and scale of the target, month, subsidence, h and C of 3 units, 2 levels, 3 increments, the digest, weights.
    let patched = |place: usize, bytes: &[u8]| {
        let mut file = file.clone();
        let place = at[2] + place;
        file[place..place + bytes.len()].copy_from_slice(bytes);
        ModelFile::parse(sealed(file).bytes()).unwrap_err()
    };
    let differs = |number| ArtifactError::MemberNumber { network: 3, number };
    assert_eq!(patched(0, &2.5_f32.to_le_bytes()), differs("target"));
    let later = example::record(SMALL, AttentionKind::Shared)
        .trained_until
        .next();
    assert_eq!(
        patched(8, &later.index().to_le_bytes()),
        differs("start month")
    );
    assert_eq!(
        patched(12, &1.0_f32.to_le_bytes()),
        differs("subsidence at the start")
    );
    assert_eq!(
        patched(16, &1.5_f32.to_le_bytes()),
        ArtifactError::StartState { unit: 0 }
    );
    assert_eq!(
        patched(40, &(-12.0_f32).to_le_bytes()),
        differs("golden levels")
    );
    assert!(matches!(
        patched(48, &[1]),
        ArtifactError::Golden { month: 0, .. }
    ));
    assert!(matches!(
        patched(60, &[0; 4]),
        ArtifactError::GoldenDigest { .. }
    ));
    assert!(matches!(
        patched(64, &f32::NAN.to_le_bytes()),
        ArtifactError::Weight { index: 0, .. }
    ));
    let mut short = file.clone();
    let length = file.len() - 4 - at[2];
    short[at[2] - 4..at[2]].copy_from_slice(&(length as u32 - 4).to_le_bytes());
    short.drain(file.len() - 8..file.len() - 4);
    assert_eq!(
        ModelFile::parse(Aligned::of(&resealed(short)).bytes()).unwrap_err(),
        ArtifactError::NumbersLength {
            tag: Tag::MEMBER,
            found: length - 4,
            expected: length
        }
    );
}
