//! What a run is made from: kept in its folder, so that it is never continued with anything else.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{RunError, Shard, write_atomically};
use crate::read::{Well, site_files};

/// The wells of a run and a fingerprint of their data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunIdentity {
    /// Which wells of them the folder holds; all where it is no shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// BLAKE3 of the measurements, see [`hash_of_folders`].
    pub data: String,
    /// Ids of all wells, in their order.
    pub wells: Vec<String>,
}

impl RunIdentity {
    /// Where it lies in a run folder.
    const FILE: &str = "run.json";

    /// Numbers of the wells that the folder holds or will hold.
    pub fn wanted(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.wells.len()).filter(|number| self.shard.is_none_or(|shard| shard.has(*number)))
    }

    /// That of the run which the shards of this one make.
    pub(super) fn whole(&self) -> Self {
        Self {
            shard: None,
            ..self.clone()
        }
    }

    /// That of a run folder; nothing where there is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, RunError> {
        let path = folder.join(Self::FILE);
        let failed = |source| RunError::file(&path, source);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(failed)?,
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| failed(error.into()))
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), RunError> {
        let json = serde_json::to_vec_pretty(self).expect("names are JSON");
        write_atomically(&folder.join(Self::FILE), &json)
    }

    /// Why a run of this identity cannot go on with `other`, if it cannot.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let shard = |identity: &Self| {
            identity
                .shard
                .map_or_else(|| "no shard".to_owned(), |shard| format!("shard {shard}"))
        };
        if self.wells != other.wells {
            let pairs = self.wells.iter().zip(&other.wells);
            let same = pairs.take_while(|(one, other)| one == other).count();
            let at = |identity: &Self| {
                let well = identity.wells.get(same);
                well.map_or_else(|| "no more".to_owned(), |well| format!("\"{well}\""))
            };
            let (number, mine, others) = (same + 1, at(self), at(other));
            Some(format!(
                "its wells are others: found {others} as well {number}, expected {mine}"
            ))
        } else if self.data != other.data {
            Some("the data of its wells have changed".to_owned())
        } else if self.shard != other.shard {
            Some(format!("it is {}, asked for {}", shard(self), shard(other)))
        } else {
            None
        }
    }
}

/// Fingerprint of all files of site folders that measurements are read from: of their contents, not of where they lie.
///
/// # Errors
/// When a file cannot be read.
pub fn hash_of_folders(folders: &[PathBuf]) -> Result<String, RunError> {
    let mut hasher = blake3::Hasher::new();
    for folder in folders {
        for path in site_files(folder)? {
            let failed = |source| RunError::file(&path, source);
            let file = std::fs::File::open(&path).map_err(failed)?;
            // The hash of a file has a fixed length, so that no two lists of files give the same bytes.
            let mut of_file = blake3::Hasher::new();
            of_file.update_reader(file).map_err(failed)?;
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            hasher.update(blake3::hash(name).as_bytes());
            hasher.update(of_file.finalize().as_bytes());
        }
    }
    Ok(hasher.finalize().to_string())
}

/// Fingerprint of wells in memory.
pub fn hash_of_wells(wells: &[Well]) -> String {
    // The debug form of a number has all its digits.
    blake3::hash(format!("{wells:?}").as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(wells: &[&str], data: &str) -> RunIdentity {
        RunIdentity {
            shard: None,
            data: data.into(),
            wells: wells.iter().map(|&well| well.to_owned()).collect(),
        }
    }

    #[test]
    fn what_differs_is_named() {
        let run = identity(&["A", "B"], "1");
        let said = |other: &RunIdentity| run.difference(other).unwrap();
        assert_eq!(run.difference(&run), None);
        assert!(
            said(&identity(&["A", "N", "B"], "1"))
                .ends_with("found \"N\" as well 2, expected \"B\"")
        );
        assert!(said(&identity(&["A"], "1")).ends_with("found no more as well 2, expected \"B\""));
        assert!(said(&identity(&["A", "B"], "2")).contains("data of its wells have changed"));
        let shard = RunIdentity {
            shard: "2/3".parse().ok(),
            ..run.clone()
        };
        assert_eq!(said(&shard), "it is no shard, asked for shard 2/3");
    }

    #[test]
    fn the_data_of_a_folder_are_its_files_and_not_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let site = |name: &str, levels: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join("levels.csv"), levels).unwrap();
            std::fs::write(path.join("notes.txt"), name).unwrap();
            hash_of_folders(&[path]).unwrap()
        };
        assert_eq!(site("one", "1"), site("two", "1"));
        assert_ne!(site("three", "1"), site("four", "2"));
    }
}
