//! Unknown, missing and truncated sections.

use super::*;

/// Where the content of a section begins.
pub fn section_at(file: &[u8], tag: Tag) -> usize {
    let mut at = HEAD_BYTES;
    while file[at..at + 4] != tag.0 {
        let length = u32::from_le_bytes(file[at + 4..at + 8].try_into().unwrap());
        at += 8 + (length as usize).next_multiple_of(4);
    }
    at + 8
}

/// A file with one more section, before all others or after them.
fn with_section(file: &[u8], tag: [u8; 4], content: &[u8], first: bool) -> Aligned {
    let mut section = tag.to_vec();
    section.extend((content.len() as u32).to_le_bytes());
    section.extend(content);
    section.resize(section.len().next_multiple_of(4), 0);
    let mut file = file.to_vec();
    let at = if first { HEAD_BYTES } else { file.len() - 4 };
    file.splice(at..at, section);
    Aligned::of(&resealed(file))
}

#[test]
fn sections_to_come_are_skipped_or_refused_by_their_first_letter() {
    let file = example::file(SMALL, AttentionKind::Shared, 2);
    let whole = ModelFile::parse(file.bytes()).unwrap();
    for (content, first) in [(&b"12345"[..], true), (b"", true), (b"1", false)] {
        let longer = with_section(file.bytes(), *b"beds", content, first);
        let read = ModelFile::parse(longer.bytes()).unwrap();
        assert_eq!(
            format!("{:?}", read.record()),
            format!("{:?}", whole.record())
        );
        let longer = with_section(file.bytes(), *b"BEDS", content, first);
        assert_eq!(
            ModelFile::parse(longer.bytes()).unwrap_err(),
            ArtifactError::SectionUnknown { tag: Tag(*b"BEDS") }
        );
    }
    let twice = with_section(file.bytes(), *b"INPT", &[], true);
    assert_eq!(
        ModelFile::parse(twice.bytes()).unwrap_err(),
        ArtifactError::SectionTwice { tag: Tag::INPUTS }
    );
}

#[test]
fn sections_that_are_missing_or_cut_have_their_own_error() {
    let (file, patched) = patching();
    for tag in [Tag::RECORD, Tag::INPUTS, Tag::NETWORK] {
        let at = section_at(&file, tag);
        assert_eq!(
            patched(at - 8, b"none"),
            ArtifactError::SectionMissing { tag }
        );
        assert_eq!(
            patched(at - 1, &[1]),
            ArtifactError::SectionLength {
                tag,
                found: u32::from_le_bytes([file[at - 4], file[at - 3], file[at - 2], 1]),
                room: file.len() - 4 - at
            }
        );
    }
    let mut cut = file.clone();
    cut.splice(file.len() - 4..file.len() - 4, *b"beds");
    assert_eq!(
        ModelFile::parse(Aligned::of(&resealed(cut)).bytes()).unwrap_err(),
        ArtifactError::SectionHead { found: 4 }
    );
    let end_of_record = section_at(&file, Tag::INPUTS) - 9;
    assert_eq!(
        patched(end_of_record, &[7]),
        ArtifactError::Padding { found: 7 }
    );
    assert_eq!(patched(6, &[7]), ArtifactError::Padding { found: 7 });
}
