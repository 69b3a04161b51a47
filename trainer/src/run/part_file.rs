//! What a run keeps of a finished well until it is finished itself: the rows of its tables, and fingerprints of its model files.
//!
//! The file is not synced to the disk, which would take longer than many a training. It is checked instead, whole and with its models, before a run relies on
//! it: a well whose files a power cut has spoiled is trained again.

use super::TABLES;

/// Bytes of a fingerprint.
const HASH: usize = blake3::OUT_LEN;

/// The file of a well: rows as CSV for each table, and fingerprints of its models.
pub fn encode(tables: &[Vec<u8>; TABLES.len()], models: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![models.len() as u8];
    for model in models {
        bytes.extend(blake3::hash(model).as_bytes());
    }
    for table in tables {
        bytes.extend((table.len() as u64).to_le_bytes());
        bytes.extend(table);
    }
    bytes.extend(*blake3::hash(&bytes).as_bytes());
    bytes
}

/// What such a file holds.
#[derive(Debug, PartialEq, Eq)]
pub struct PartFile<'a> {
    models: Vec<&'a [u8]>,
    /// Rows as CSV, in the order of [`TABLES`].
    pub tables: [&'a [u8]; TABLES.len()],
}

impl<'a> PartFile<'a> {
    /// Reads a file; nothing where it is not whole.
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (mut rest, hash) = bytes.split_last_chunk::<HASH>()?;
        if blake3::hash(rest).as_bytes() != hash {
            return None;
        }
        let count = *rest.split_off_first()?;
        let models = (0..count).map(|_| rest.split_off(..HASH));
        let models = models.collect::<Option<_>>()?;
        let mut tables = [&[][..]; TABLES.len()];
        for table in &mut tables {
            let length = rest.split_off(..size_of::<u64>())?;
            let length = u64::from_le_bytes(length.try_into().ok()?);
            *table = rest.split_off(..usize::try_from(length).ok()?)?;
        }
        Some(Self { models, tables })
    }

    /// Whether these are the models it was written with.
    pub fn has_models(&self, models: &[Vec<u8>]) -> bool {
        let is_of = |(hash, model): (&&[u8], &Vec<u8>)| blake3::hash(model).as_slice() == *hash;
        self.models.len() == models.len() && self.models.iter().zip(models).all(is_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_back_and_a_damaged_one_is_not() {
        let tables = std::array::from_fn(|table| vec![b'x'; table * 3]);
        let bytes = encode(&tables, &[b"one", b"two"]);
        let part = PartFile::decode(&bytes).unwrap();
        assert!(part.tables.iter().zip(&tables).all(|(a, b)| a == b));
        assert!(part.has_models(&[b"one".to_vec(), b"two".to_vec()]));
        assert!(!part.has_models(&[b"one".to_vec(), b"tw".to_vec()]));
        assert!(!part.has_models(&[b"one".to_vec()]));
        for length in 0..bytes.len() {
            assert_eq!(PartFile::decode(&bytes[..length]), None, "{length} bytes");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(PartFile::decode(&damaged), None, "byte {at}");
        }
    }
}
