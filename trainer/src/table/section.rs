//! A large file in sections that all threads read at once.

use std::{
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use rayon::prelude::*;

/// Bytes of a section: large enough that opening the file for each costs nothing beside reading it, small enough that the threads of a machine share a
/// file of some dozen megabytes evenly.
const SECTION_BYTES: u64 = 1 << 21;

/// Bytes read at a time to count lines.
const CHUNK: usize = 1 << 16;

/// Rows that follow each other in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Where they lie, with the empty lines before them.
    pub bytes: Range<u64>,
    /// Lines of the file before them.
    pub lines_before: u64,
}

impl Section {
    /// Takes in the rows of another section if they follow without a gap; says whether they do.
    pub fn join(&mut self, next: &Self) -> bool {
        let follows = self.bytes.end == next.bytes.start;
        if follows {
            self.bytes.end = next.bytes.end;
        }
        follows
    }

    /// The rest of a file from a byte on, cut at line ends; the file is read once to count them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn cut(path: &Path, start: u64, lines_before: u64) -> io::Result<Vec<Self>> {
        Self::cut_every(SECTION_BYTES, path, start, lines_before)
    }

    fn cut_every(length: u64, path: &Path, start: u64, lines_before: u64) -> io::Result<Vec<Self>> {
        let end = fs_err::metadata(path)?.len();
        // Column names without a line end are followed by nothing.
        let start = start.min(end);
        let blocks: Vec<u64> = (start..end).step_by(length as usize).collect();
        let line_ends: Vec<LineEnds> = blocks
            .par_iter()
            .map(|block| LineEnds::of(path, *block, length))
            .collect::<io::Result<_>>()?;
        let mut lines_before = lines_before;
        let mut cuts = vec![(start, lines_before)];
        for (block, ends) in blocks.iter().zip(line_ends) {
            if let Some(first) = ends.first
                && *block > start
            {
                cuts.push((first, lines_before + 1));
            }
            lines_before += ends.count;
        }
        let ends = cuts.iter().skip(1).map(|(byte, _)| *byte).chain([end]);
        let section = |(&(start, lines_before), end)| Self {
            bytes: start..end,
            lines_before,
        };
        Ok(cuts.iter().zip(ends).map(section).collect())
    }
}

/// Line ends of a part of a file.
struct LineEnds {
    count: u64,
    /// Byte after the first.
    first: Option<u64>,
}

impl LineEnds {
    fn of(path: &Path, start: u64, length: u64) -> io::Result<Self> {
        let mut file = fs_err::File::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        let mut file = file.take(length);
        let mut chunk = vec![0; CHUNK];
        let mut at = start;
        let mut found = Self {
            count: 0,
            first: None,
        };
        loop {
            let read = file.read(&mut chunk)?;
            if read == 0 {
                return Ok(found);
            }
            let is_end = |byte: &u8| *byte == b'\n';
            if found.first.is_none() {
                let first = chunk[..read].iter().position(is_end);
                found.first = first.map(|first| at + first as u64 + 1);
            }
            found.count += chunk[..read].iter().filter(|byte| is_end(byte)).count() as u64;
            at += read as u64;
        }
    }
}

/// Scans each section of a file by all threads at once; the results come in the order of the file.
///
/// A section after the first one that `scan` refuses need not begin with a row: a quoted field may lie across the border. So from the first refused one on,
/// the rest of the file is scanned once more as one section.
///
/// # Errors
/// The first in the order of the file, whatever the number of threads.
pub fn scan_sections<T: Send, E>(
    sections: &[Section],
    scan: impl Fn(&Section) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let first_refused = AtomicUsize::new(sections.len());
    let results: Vec<Option<T>> = sections
        .par_iter()
        .enumerate()
        .map(|(number, section)| {
            if number > first_refused.load(Ordering::Relaxed) {
                return None;
            }
            let result = scan(section).ok();
            if result.is_none() {
                first_refused.fetch_min(number, Ordering::Relaxed);
            }
            result
        })
        .collect();
    let mut results: Vec<T> = results.into_iter().map_while(|result| result).collect();
    if let ([first, ..], Some(last)) = (&sections[results.len()..], sections.last()) {
        let rest = Section {
            bytes: first.bytes.start..last.bytes.end,
            lines_before: first.lines_before,
        };
        results.push(scan(&rest)?);
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn sections_end_with_lines_and_make_up_the_file() {
        let text = "head\none\n\ntwo two two two two\nthree\nfour";
        let (_folder, path) = written(text);
        for length in 1..text.len() as u64 {
            let sections = Section::cut_every(length, &path, 5, 1).unwrap();
            let mut next = 5;
            for section in &sections {
                assert_eq!(section.bytes.start, next);
                let before = &text[..next as usize];
                assert!(before.ends_with('\n'), "{length}: {before}");
                assert_eq!(section.lines_before, before.matches('\n').count() as u64);
                next = section.bytes.end;
            }
            assert_eq!(next, text.len() as u64);
            assert!(length > 1 || sections.len() == 5, "{sections:?}");
        }
    }

    /// The words of a section; the word "bad" is refused with its place, and "open" wants a next line.
    fn words(text: &str, section: &Section) -> Result<Vec<String>, usize> {
        let [start, end] = [section.bytes.start, section.bytes.end].map(|byte| byte as usize);
        let of_section = text[start..end].replace("open\n", "open-");
        match of_section.find("bad") {
            Some(bad) => Err(start + bad),
            None if of_section.ends_with("open-") => Err(end),
            None => Ok(of_section.lines().map(str::to_owned).collect()),
        }
    }

    fn scan(text: &str) -> Result<Vec<String>, usize> {
        let (_folder, path) = written(text);
        let sections = Section::cut_every(3, &path, 0, 0).unwrap();
        Ok(scan_sections(&sections, |section| words(text, section))?.concat())
    }

    #[test]
    fn what_is_found_comes_in_the_order_of_the_file() {
        assert_eq!(
            scan("a\nb\nc\nd\ne\nf\n").unwrap(),
            ["a", "b", "c", "d", "e", "f"]
        );
        assert_eq!(scan("").unwrap(), [""; 0]);
    }

    #[test]
    fn a_row_across_a_cut_is_read_in_one_piece() {
        assert_eq!(
            scan("a\nopen\nb\nopen\nd\ne").unwrap(),
            ["a", "open-b", "open-d", "e"]
        );
    }

    #[test]
    fn the_first_refusal_of_the_file_is_the_one_returned() {
        assert_eq!(scan("one\ntwo\nbad\nsix\nbad\n"), Err(8));
        assert_eq!(scan("one\nopen\nbad\nbad\n"), Err(9));
    }
}
