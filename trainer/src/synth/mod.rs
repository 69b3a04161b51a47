//! SYNTHETIC wells: six after Cao et al. 2022 (doi:10.11834/jrs.20211297), whose data are not public, and variations.
//!
//! Water levels are drawn, clay beds compact under them, and ps points see the result with noise. What is published
//! about the six (numbers of points, medians and maxima of Table 3, layer shares of Fig. 9, scene counts) is met
//! exactly; everything else is assumed, and the noise is fitted. The data can show whether a method works as it should
//! and never what the ground at the real wells does.

mod calendar;
mod calibration;
mod file;
mod levelling;
mod ps_point;
mod water_level;
mod well;

pub use calendar::scene_dates;
pub use file::{FILES, SynthError, write};
pub use well::{AquiferLayer, LAYERS, TEMPLATES};

use crate::geodesy::Position;
use crate::level::MonthlyLevels;
use crate::levelling::Benchmark;
use crate::ps::{PsPoint, WellPoints, vertical_mm};
use crate::read::{Dataset, Ground, Well};
use amlstm_core::month::Month;
use amlstm_core::month_mean::MonthRule;
use calendar::SCENES;
use calibration::{CompactingLayer, calibrate};
use ps_point::{INCIDENCE_DEGREES, SyntheticPoint};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use rayon::prelude::*;
use water_level::WaterLevel;
use well::Parameters;

/// What the wells need to be trained as the paper trained its own, as TOML; [`write`] puts it beside them.
pub const CONFIG_TOML: &str = include_str!("amlstm.toml");

/// Seed of the default data set: the paper's date of publication, not chosen by any result.
pub const DEFAULT_SEED: u64 = 20_220_726;

/// How noisy the ps points are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// Fitted so that the attainable error is the paper's Table 3; implies a strongly smoothed stack.
    #[default]
    Paper,
    /// What an unsmoothed stack usually has.
    Field,
}

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Start of all random streams; a well depends on nothing else but its number and the profile.
    pub seed: u64,
    /// Number of wells: the first six are A-F, the others variations of them.
    pub wells: usize,
    /// Noise of the ps points.
    pub profile: Profile,
    /// Give this layer the largest share of the subsidence of every well, with the same levels and noise.
    pub dominating: Option<AquiferLayer>,
    /// Draw the ps points and their noise from this seed instead, with the same levels and clay.
    pub points_seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: DEFAULT_SEED,
            wells: TEMPLATES,
            profile: Profile::Paper,
            dominating: None,
            points_seed: None,
        }
    }
}

/// What is true of a synthetic well and unknown of a real one.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// Well id.
    pub well: String,
    /// Each layer's share of the subsidence from the first to the last scene, `[LAYERS]`; sums to one.
    pub share: [f64; LAYERS],
    /// Noise-free subsidence of each layer since the first scene, mm, down +, `[LAYERS][scenes]`.
    pub layer_subsidence_mm: [Vec<f64>; LAYERS],
    /// White noise of one observation, vertical mm.
    pub noise_sd_mm: f64,
}

impl Truth {
    /// Noise-free subsidence of the ground since the first scene, mm, down +, `[scenes]`.
    pub fn subsidence_mm(&self) -> Vec<f64> {
        (0..SCENES)
            .map(|scene| {
                self.layer_subsidence_mm
                    .iter()
                    .map(|layer| layer[scene])
                    .sum()
            })
            .collect()
    }
}

/// A data set whose truth is known.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticDataset {
    /// What `amlstm` reads from the written files, number by number.
    pub dataset: Dataset,
    /// One entry a well.
    pub truth: Vec<Truth>,
}

/// Generates a data set in memory. The same options give the same data, whatever the number of threads.
pub fn dataset(options: &Options) -> SyntheticDataset {
    let (wells, truth) = (0..options.wells)
        .into_par_iter()
        .map(|index| {
            let well = SyntheticWell::generate(index, options);
            (well.measured(), well.truth())
        })
        .unzip();
    SyntheticDataset {
        dataset: Dataset {
            synthetic: true,
            wells,
        },
        truth,
    }
}

/// The levelling benchmarks that [`write`] puts beside the wells, each with the ps points around it.
pub fn benchmarks(seed: u64) -> Vec<(Benchmark, WellPoints)> {
    let mut random = stream(seed, 0, Stream::Benchmarks);
    (1..)
        .zip(levelling::draw_benchmarks(&mut random))
        .map(|(number, drawn)| {
            let position = geographic(drawn.longitude, drawn.latitude);
            let points = well_points(&format!("BM{number}"), position, &drawn.points);
            let benchmark = Benchmark {
                name: drawn.name,
                position,
                rate_mm_per_year: drawn.rate_mm_per_year,
            };
            (benchmark, points)
        })
        .collect()
}

/// First month of the levels.
fn first_month() -> Month {
    Month::new(2010, 10).expect("October is a month")
}

/// Months of levels, to December 2016.
const LEVEL_MONTHS: usize = 75;

/// Decimals of a written level, m.
const LEVEL_DECIMALS: i32 = 3;

/// Decimals of a written line-of-sight value, mm.
const LOS_DECIMALS: i32 = 2;

/// Decimals of a written position, degrees: 0.1 m.
const DEGREE_DECIMALS: i32 = 6;

/// The number that remains when `value` is written with so many decimals.
fn rounded(value: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    // Adding zero turns -0.0, which would be written as "-0.00", into 0.0.
    (value * unit).round() / unit + 0.0
}

/// One generated well.
struct SyntheticWell {
    parameters: Parameters,
    position: Position,
    /// Observed levels, m, `[LAYERS][LEVEL_MONTHS]`, as written.
    level_m: [Vec<f64>; LAYERS],
    layers: [CompactingLayer; LAYERS],
    points: Vec<SyntheticPoint>,
}

/// What a random stream is for, so that a change in one leaves the others alone.
#[derive(Clone, Copy)]
enum Stream {
    Variation,
    Levels,
    Readings,
    Points,
    Benchmarks,
}

fn stream(seed: u64, well: usize, stream: Stream) -> ChaCha12Rng {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    random.set_stream((well as u64) << 8 | stream as u64);
    random
}

impl SyntheticWell {
    fn generate(index: usize, options: &Options) -> Self {
        let mut parameters = if index < TEMPLATES {
            Parameters::of_template(index, options.profile)
        } else {
            let mut random = stream(options.seed, index, Stream::Variation);
            Parameters::varied(index, options.profile, &mut random)
        };
        if let Some(layer) = options.dominating {
            parameters = parameters.dominated_by(layer);
        }
        let mut random = stream(options.seed, index, Stream::Levels);
        let levels = AquiferLayer::ALL
            .map(|layer| WaterLevel::draw(&parameters.level[layer as usize], layer, &mut random));
        let mut random = stream(options.seed, index, Stream::Readings);
        let level_m = [0, 1, 2].map(|layer: usize| readings(&levels[layer], &mut random));
        let layers = [0, 1, 2].map(|layer: usize| {
            let target_mm = parameters.share[layer] * parameters.median_mm;
            calibrate(&parameters.clay[layer], &levels[layer], target_mm)
        });
        let truth_mm = std::array::from_fn(|scene| {
            layers.iter().map(|layer| layer.subsidence_mm[scene]).sum()
        });
        let points_seed = options.points_seed.unwrap_or(options.seed);
        let mut random = stream(points_seed, index, Stream::Points);
        let points = ps_point::draw_points(&parameters, &truth_mm, &mut random);
        let position = geographic(parameters.longitude, parameters.latitude);
        Self {
            parameters,
            position,
            level_m,
            layers,
            points,
        }
    }

    /// The well as the reader would give it.
    fn measured(&self) -> Well {
        let levels = AquiferLayer::ALL
            .into_iter()
            .zip(&self.level_m)
            .map(|(layer, level_m)| MonthlyLevels {
                aquifer_layer: layer.name().to_owned(),
                start: first_month(),
                level_m: level_m
                    .iter()
                    .map(|level_m| Some(*level_m as f32))
                    .collect(),
                rule: MonthRule::AnyDay,
            })
            .collect();
        Well {
            id: self.parameters.well.clone(),
            name: self.parameters.name.clone(),
            position: Some(self.position),
            levels,
            ground: Ground::Points(well_points(
                &self.parameters.well,
                self.position,
                &self.points,
            )),
        }
    }

    fn truth(&self) -> Truth {
        Truth {
            well: self.parameters.well.clone(),
            share: self.parameters.share,
            layer_subsidence_mm: [0, 1, 2]
                .map(|layer: usize| self.layers[layer].subsidence_mm.to_vec()),
            noise_sd_mm: self.parameters.scatter.noise_mm,
        }
    }
}

/// The points of a well or benchmark as the reader would give them.
fn well_points(centre: &str, position: Position, points: &[SyntheticPoint]) -> WellPoints {
    let points = (1..)
        .zip(points)
        .map(|(number, point)| ps_point(centre, position, number, point));
    WellPoints {
        scenes: scene_dates().to_vec(),
        points: points.collect(),
    }
}

fn ps_point(centre: &str, position: Position, number: usize, point: &SyntheticPoint) -> PsPoint {
    let place = point_position(position, point);
    let distance_m = position.distance_m(place).expect("both are geographic");
    PsPoint {
        id: point_id(centre, number),
        position: place,
        distance_m: distance_m as f32,
        incidence_degrees: Some(INCIDENCE_DEGREES as f32),
        subsidence_mm: written_los_mm(point)
            .map(|los_mm| Some(vertical_mm(los_mm, INCIDENCE_DEGREES) as f32))
            .to_vec(),
    }
}

/// Monthly readings of one layer as written, m.
fn readings(level: &WaterLevel, random: &mut ChaCha12Rng) -> Vec<f64> {
    (0..LEVEL_MONTHS)
        .map(|month| {
            let month = first_month().offset(month as i32);
            rounded(
                level.reading(month.year(), month.month(), random),
                LEVEL_DECIMALS,
            )
        })
        .collect()
}

fn geographic(longitude: f64, latitude: f64) -> Position {
    Position::Geographic {
        longitude: rounded(longitude, DEGREE_DECIMALS),
        latitude: rounded(latitude, DEGREE_DECIMALS),
    }
}

/// Written position of a point that belongs to a well or benchmark.
fn point_position(centre: Position, point: &SyntheticPoint) -> Position {
    match centre.moved(point.east_m, point.north_m) {
        Position::Geographic {
            longitude,
            latitude,
        } => geographic(longitude, latitude),
        planar @ Position::Planar { .. } => planar,
    }
}

/// `pid` of a point, marked.
fn point_id(centre: &str, number: usize) -> String {
    format!("SYNTHETIC-{centre}-{number:04}")
}

/// Line-of-sight values of a point as written, mm.
fn written_los_mm(point: &SyntheticPoint) -> [f64; SCENES] {
    point.los_mm().map(|los_mm| rounded(los_mm, LOS_DECIMALS))
}

#[cfg(test)]
mod tests;
