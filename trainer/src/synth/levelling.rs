//! Six levelling benchmarks with ps points around them, for the check of Fig. 5.

use super::calendar::SCENES;
use super::ps_point::{SyntheticPoint, common_error, point_error, scene_years, within};
use super::well::ScatterParameters;
use crate::ps::rate_mm_per_year;
use rand::Rng;

/// A synthetic benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticBenchmark {
    /// Name, marked SYNTHETIC.
    pub name: String,
    /// Geographic position, degrees.
    pub longitude: f64,
    /// Geographic position, degrees.
    pub latitude: f64,
    /// Levelled rate of height change, mm a year, up positive.
    pub rate_mm_per_year: f64,
    /// ps points around it, which move on average at [`PS_RATE_MM_PER_YEAR`].
    pub points: Vec<SyntheticPoint>,
}

/// Number of benchmarks.
const BENCHMARKS: usize = 6;

/// Levelled rates of height change, mm a year, fitted to the statistics that the paper states for 2012.
const LEVELLED_RATE_MM_PER_YEAR: [f64; BENCHMARKS] = [-4.6, -14.8, -26.5, -38.9, -51.2, -63.0];

/// What the ps points around them show, mm a year, up positive.
const PS_RATE_MM_PER_YEAR: [f64; BENCHMARKS] = [-1.70, -17.00, -24.26, -39.37, -46.05, -66.60];

const POSITIONS: [(f64, f64); BENCHMARKS] = [
    (116.40, 40.02),
    (116.47, 40.05),
    (116.52, 39.90),
    (116.58, 40.01),
    (116.64, 39.96),
    (116.62, 39.88),
];

/// Metres from a benchmark within which its points lie.
const REACH_M: f64 = 180.0;

/// Points around one benchmark.
const POINTS: usize = 12;

const SCATTER: ScatterParameters = ScatterParameters {
    noise_mm: 1.0,
    common_mm: 0.35,
    thermal_mm: 0.25,
};

/// Draws the benchmarks; the mean of the rates around each is exact.
pub fn draw_benchmarks(random: &mut impl Rng) -> Vec<SyntheticBenchmark> {
    (0..BENCHMARKS)
        .map(|index| SyntheticBenchmark {
            name: format!("SYNTHETIC BM{}", index + 1),
            longitude: POSITIONS[index].0,
            latitude: POSITIONS[index].1,
            rate_mm_per_year: LEVELLED_RATE_MM_PER_YEAR[index],
            points: draw_points(-PS_RATE_MM_PER_YEAR[index], random),
        })
        .collect()
}

fn draw_points(subsidence_mm_per_year: f64, random: &mut impl Rng) -> Vec<SyntheticPoint> {
    let years = scene_years();
    let common_mm = common_error(&SCATTER, random);
    let mut points: Vec<SyntheticPoint> = (0..POINTS)
        .map(|_| {
            let (east_m, north_m) = within(REACH_M, random);
            let error_mm = point_error(&SCATTER, &common_mm, random);
            SyntheticPoint {
                east_m,
                north_m,
                subsidence_mm: std::array::from_fn(|scene| {
                    subsidence_mm_per_year * years[scene] + error_mm[scene]
                }),
            }
        })
        .collect();
    let found = points.iter().map(|point| rate(&years, point)).sum::<f64>() / POINTS as f64;
    for point in &mut points {
        for (value_mm, years) in point.subsidence_mm.iter_mut().zip(years) {
            *value_mm += (subsidence_mm_per_year - found) * years;
        }
    }
    points
}

fn rate(years: &[f64; SCENES], point: &SyntheticPoint) -> f64 {
    let values = point.subsidence_mm.map(|value| Some(value as f32));
    rate_mm_per_year(years, &values).expect("every scene is observed")
}
