//! What a run is made from: wells, levelling and the fingerprint of both.

use std::{borrow::Cow, path::PathBuf};

use amlstm::{
    config::Config,
    geodesy::Position,
    levelling::{self, Comparison},
    ps,
    read::{ReadError, Sites, Well},
    run::{WELLS_IN_FULL, hash_of_folders, hash_of_wells},
    survey::{Survey, SurveyedWell},
    synth::{self, Truth},
};

use crate::command::{output::Output, progress};

/// What a run is made from.
pub struct Data {
    pub wells: Wells,
    /// True shares; empty for measured wells.
    pub truth: Vec<Truth>,
    /// Levelling benchmarks and the ps points around them; may be empty.
    pub levelling: Vec<Comparison>,
    /// Fingerprint of all of it.
    pub hash: String,
}

impl Data {
    /// The generated wells without folders, otherwise what these say.
    pub fn read(folders: &[PathBuf], config: &Config, output: &Output) -> anyhow::Result<Self> {
        if folders.is_empty() {
            let options = synth::Options::default();
            let made = synth::dataset(&options);
            let (benchmarks, points): (Vec<_>, Vec<_>) =
                synth::benchmarks(options.seed).into_iter().unzip();
            Ok(Self {
                hash: hash_of_wells(&made.dataset.wells),
                wells: Wells::Made(made.dataset.wells),
                truth: made.truth,
                levelling: levelling::compare(benchmarks, &points),
            })
        } else {
            let _busy = progress::spinner(output, "reading the site folders".to_owned());
            Ok(Self {
                hash: hash_of_folders(folders)?,
                wells: Wells::Read(Sites::open(folders, &config.data)?),
                truth: Vec::new(),
                levelling: read_levelling(folders, config)?,
            })
        }
    }
}

/// Where the wells come from.
pub enum Wells {
    /// The generator, in memory.
    Made(Vec<Well>),
    /// Files, read well by well.
    Read(Sites),
}

impl Wells {
    pub fn ids(&self) -> Vec<String> {
        match self {
            Self::Made(wells) => wells.iter().map(|well| well.id.clone()).collect(),
            Self::Read(sites) => sites.ids(),
        }
    }

    pub fn synthetic(&self) -> bool {
        match self {
            Self::Made(_) => true,
            Self::Read(sites) => sites.synthetic(),
        }
    }

    pub fn well(&self, number: usize) -> Result<Cow<'_, Well>, ReadError> {
        match self {
            Self::Made(wells) => Ok(Cow::Borrowed(&wells[number])),
            Self::Read(sites) => sites.well(number).map(Cow::Owned),
        }
    }

    /// What is to be said of a well's data, if the report shows it.
    pub fn survey(&self, number: usize, config: &Config) -> Result<Option<Survey>, ReadError> {
        if number >= WELLS_IN_FULL {
            return Ok(None);
        }
        Ok(Some(match self {
            Self::Made(wells) => Survey::of_monthly(&wells[number], &config.data),
            Self::Read(sites) => SurveyedWell::read(sites, number, &config.data)?.survey,
        }))
    }
}

/// `levelling.csv` of each folder against its `points.csv`, where both are there.
fn read_levelling(folders: &[PathBuf], config: &Config) -> anyhow::Result<Vec<Comparison>> {
    let mut all = Vec::new();
    for folder in folders {
        let (benchmarks, points) = (folder.join("levelling.csv"), folder.join("points.csv"));
        if benchmarks.is_file() && points.is_file() {
            let benchmarks = levelling::read_benchmarks(&benchmarks)?;
            let centres: Vec<Position> = benchmarks
                .iter()
                .map(|benchmark| benchmark.position)
                .collect();
            let conventions = config.data.conventions();
            let points = ps::read_points(&points, &centres, levelling::BUFFER_M, &conventions)?;
            all.extend(levelling::compare(benchmarks, &points));
        }
    }
    Ok(all)
}
