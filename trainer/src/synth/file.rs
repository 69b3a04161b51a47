//! Writes a synthetic data set as the files that `amlstm` reads, plus the truth.
//!
//! Every row is marked SYNTHETIC: in the well's name, the point's and benchmark's id, or a column `source`.

use super::levelling::{SyntheticBenchmark, draw_benchmarks};
use super::ps_point::{INCIDENCE_DEGREES, SyntheticPoint};
use super::{
    AquiferLayer, CONFIG_TOML, DEGREE_DECIMALS, LEVEL_DECIMALS, LOS_DECIMALS, Options, Stream,
    SyntheticWell, first_month, geographic, point_id, point_position, scene_dates, stream,
    written_los_mm,
};
use crate::config::SITE_CONFIG;
use crate::geodesy::Position;
use crate::whole_file::unnamed;
use rayon::prelude::*;
use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Why a synthetic data set was not written.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// One of the files is there already.
    #[error("{path}: found a file, expected none; name another folder or delete it first")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The folder or a file in it cannot be written.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Names of the files that [`write`] makes: those of [`Rows`] in its order, then the configuration.
pub const FILES: [&str; 6] = [
    "wells.csv",
    "levels.csv",
    "points.csv",
    "levelling.csv",
    "truth.csv",
    SITE_CONFIG,
];

/// Rows of the tables, in the order of [`FILES`].
type Rows = [String; 5];

/// Wells generated between two writes: bounds the memory whatever the number of wells.
const BLOCK: usize = 64;

/// Writes `wells.csv`, `levels.csv`, `points.csv`, `levelling.csv`, `truth.csv` and `amlstm.toml` into `folder`, which is made if it is
/// missing. `progress` is told the number of wells done.
///
/// # Errors
///
/// When a file of that name exists or cannot be written; then none of the six is left behind.
pub fn write(
    folder: &Path,
    options: &Options,
    mut progress: impl FnMut(usize),
) -> Result<(), SynthError> {
    let failed = |source| SynthError::Io {
        path: folder.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    for name in FILES {
        let path = folder.join(name);
        if path.exists() {
            return Err(SynthError::Exists { path });
        }
    }
    let mut files = Vec::with_capacity(FILES.len());
    for (header, name) in headers().into_iter().zip(FILES) {
        let mut file = BufWriter::new(unnamed(&folder.join(name)).map_err(failed)?);
        file.write_all(header.as_bytes()).map_err(failed)?;
        files.push(file);
    }
    let mut append = |rows: &Rows| -> Result<(), SynthError> {
        files
            .iter_mut()
            .zip(rows)
            .try_for_each(|(file, rows)| file.write_all(rows.as_bytes()))
            .map_err(failed)
    };
    append(&benchmark_rows(options.seed))?;
    for start in (0..options.wells).step_by(BLOCK) {
        let end = (start + BLOCK).min(options.wells);
        let block: Vec<Rows> = (start..end)
            .into_par_iter()
            .map(|index| well_rows(&SyntheticWell::generate(index, options)))
            .collect();
        block.iter().try_for_each(&mut append)?;
        progress(end);
    }
    finish(folder, files)
}

/// Gives the files their names; takes back those already named when one fails.
fn finish(folder: &Path, files: Vec<BufWriter<NamedTempFile>>) -> Result<(), SynthError> {
    let mut named = Vec::with_capacity(files.len());
    for (file, name) in files.into_iter().zip(FILES) {
        let path = folder.join(name);
        let result = file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .and_then(|file| file.persist_noclobber(&path).map_err(|error| error.error));
        if let Err(source) = result {
            for path in named {
                // The first error is the one to report; what cannot be removed now stays.
                let _ = std::fs::remove_file(path);
            }
            return Err(SynthError::Io { path, source });
        }
        named.push(path);
    }
    Ok(())
}

/// How each file begins.
fn headers() -> [String; FILES.len()] {
    let mut points = "pid,longitude,latitude,incidence_angle".to_owned();
    for scene in scene_dates() {
        write!(points, ",{}", scene.strftime("%Y%m%d")).expect("writing to a string");
    }
    points.push('\n');
    [
        "well,name,longitude,latitude\n".into(),
        "well,layer,date,level_m,source\n".into(),
        points,
        "benchmark,longitude,latitude,rate_mm_per_year\n".into(),
        "well,layer,share,date,subsidence_mm,noise_sd_mm,source\n".into(),
        CONFIG_TOML.into(),
    ]
}

fn benchmark_rows(seed: u64) -> Rows {
    let mut random = stream(seed, 0, Stream::Benchmarks);
    let mut levelling = String::new();
    let mut points = String::new();
    for (number, benchmark) in (1..).zip(draw_benchmarks(&mut random)) {
        let position = geographic(benchmark.longitude, benchmark.latitude);
        let SyntheticBenchmark {
            name,
            rate_mm_per_year,
            ..
        } = &benchmark;
        writeln!(levelling, "{name},{},{rate_mm_per_year}", degrees(position))
            .expect("writing to a string");
        points += &point_rows(&format!("BM{number}"), position, &benchmark.points);
    }
    [
        String::new(),
        String::new(),
        points,
        levelling,
        String::new(),
    ]
}

fn well_rows(well: &SyntheticWell) -> Rows {
    let id = &well.parameters.well;
    let wells = format!("{id},{},{}\n", well.parameters.name, degrees(well.position));
    let points = point_rows(id, well.position, &well.points);
    [
        wells,
        level_rows(well),
        points,
        String::new(),
        truth_rows(well),
    ]
}

fn level_rows(well: &SyntheticWell) -> String {
    let mut rows = String::new();
    for (layer, level_m) in AquiferLayer::ALL.iter().zip(&well.level_m) {
        for (month, level_m) in level_m.iter().enumerate() {
            writeln!(
                rows,
                "{},{},{}-15,{level_m:.decimals$},SYNTHETIC",
                well.parameters.well,
                layer.name(),
                first_month().offset(month as i32),
                decimals = LEVEL_DECIMALS as usize,
            )
            .expect("writing to a string");
        }
    }
    rows
}

fn point_rows(centre: &str, position: Position, points: &[SyntheticPoint]) -> String {
    let mut rows = String::new();
    for (number, point) in (1..).zip(points) {
        let place = degrees(point_position(position, point));
        write!(
            rows,
            "{},{place},{INCIDENCE_DEGREES}",
            point_id(centre, number)
        )
        .expect("writing to a string");
        for los_mm in written_los_mm(point) {
            write!(
                rows,
                ",{los_mm:.decimals$}",
                decimals = LOS_DECIMALS as usize
            )
            .expect("writing to a string");
        }
        rows.push('\n');
    }
    rows
}

fn truth_rows(well: &SyntheticWell) -> String {
    let mut rows = String::new();
    let truth = well.truth();
    for (layer, share) in AquiferLayer::ALL.into_iter().zip(truth.share) {
        for (date, subsidence_mm) in scene_dates()
            .iter()
            .zip(&truth.layer_subsidence_mm[layer as usize])
        {
            writeln!(
                rows,
                "{},{},{share:.4},{date},{subsidence_mm:.3},{},SYNTHETIC",
                truth.well,
                layer.name(),
                truth.noise_sd_mm,
            )
            .expect("writing to a string");
        }
    }
    rows
}

/// `longitude,latitude`.
fn degrees(position: Position) -> String {
    match position {
        Position::Geographic {
            longitude: x,
            latitude: y,
        }
        | Position::Planar {
            easting: x,
            northing: y,
        } => {
            format!(
                "{x:.decimals$},{y:.decimals$}",
                decimals = DEGREE_DECIMALS as usize
            )
        }
    }
}
