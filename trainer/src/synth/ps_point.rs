//! The ps points of one well: its true subsidence seen by scattered, noisy points along the line of sight.

use super::calendar::{FIRST_SCENE, SCENES, scene_days};
use super::well::{Parameters, ScatterParameters};
use crate::ps::along_line_of_sight;
use crate::spread::median;
use jiff::ToSpan;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{PI, TAU};

/// Incidence angle of every synthetic point, degrees: with it the paper's published rates (line of sight) and
/// cumulative values (vertical) agree.
pub const INCIDENCE_DEGREES: f64 = 34.6;

/// Metres from the well within which the points of a well lie.
const REACH_M: f64 = 290.0;

/// Standard deviation of a point's own subsidence, relative to the well's.
const RELATIVE_SPREAD: f64 = 0.04;

/// Standard deviation of a point's own steady motion, mm a year.
const MOTION_SPREAD_MM: f64 = 1.9;

/// Both are cut off at this many standard deviations.
const CUT_OFF: f64 = 2.6;

/// One synthetic ps point.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticPoint {
    /// Metres east of its centre.
    pub east_m: f64,
    /// Metres north of its centre.
    pub north_m: f64,
    /// Vertical subsidence since the first scene, mm.
    pub subsidence_mm: [f64; SCENES],
}

impl SyntheticPoint {
    /// The same along the line of sight, mm, towards the satellite positive.
    pub fn los_mm(&self) -> [f64; SCENES] {
        self.subsidence_mm
            .map(|subsidence_mm| along_line_of_sight(subsidence_mm, INCIDENCE_DEGREES))
    }
}

/// Draws the points of a well whose noise-free subsidence is `truth_mm`.
///
/// The median of the points' final values is the well's, and so is the largest where one is published: the spread of
/// the points is scaled and a multiple of the truth added to every point.
pub fn draw_points(
    parameters: &Parameters,
    truth_mm: &[f64; SCENES],
    random: &mut impl Rng,
) -> Vec<SyntheticPoint> {
    let common_mm = common_error(&parameters.scatter, random);
    let drawn: Vec<Drawn> = (0..parameters.points)
        .map(|_| Drawn::draw(&parameters.scatter, &common_mm, random))
        .collect();
    let spread = match parameters.maximum_mm {
        Some(maximum_mm) => spread_for(&drawn, truth_mm, maximum_mm - parameters.median_mm),
        None => 1.0,
    };
    let missing_mm = parameters.median_mm - median(&finals(&drawn, truth_mm, spread));
    let years = scene_years();
    drawn
        .iter()
        .map(|point| SyntheticPoint {
            east_m: point.east_m,
            north_m: point.north_m,
            subsidence_mm: std::array::from_fn(|scene| {
                point.subsidence_mm(scene, truth_mm[scene], years[scene], spread)
                    + missing_mm * truth_mm[scene] / truth_mm[SCENES - 1]
            }),
        })
        .collect()
}

/// Random numbers of one point.
struct Drawn {
    east_m: f64,
    north_m: f64,
    relative: f64,
    motion_mm_per_year: f64,
    /// Thermal swing, common error and noise, mm, zero at the first scene.
    error_mm: [f64; SCENES],
}

impl Drawn {
    fn draw(scatter: &ScatterParameters, common_mm: &[f64; SCENES], random: &mut impl Rng) -> Self {
        let (east_m, north_m) = within(REACH_M, random);
        let relative = RELATIVE_SPREAD * normal(random).clamp(-CUT_OFF, CUT_OFF);
        let motion_mm_per_year = MOTION_SPREAD_MM * normal(random).clamp(-CUT_OFF, CUT_OFF);
        Self {
            east_m,
            north_m,
            relative,
            motion_mm_per_year,
            error_mm: point_error(scatter, common_mm, random),
        }
    }

    fn subsidence_mm(&self, scene: usize, truth_mm: f64, years: f64, spread: f64) -> f64 {
        let own_mm = self.relative * truth_mm + self.motion_mm_per_year * years;
        truth_mm + spread * own_mm + self.error_mm[scene]
    }
}

fn normal(random: &mut impl Rng) -> f64 {
    StandardNormal.sample(random)
}

/// A place, metres east and north, evenly distributed over a circle.
pub(super) fn within(reach_m: f64, random: &mut impl Rng) -> (f64, f64) {
    let distance_m = reach_m * random.random::<f64>().sqrt();
    let (sine, cosine) = (TAU * random.random::<f64>()).sin_cos();
    (distance_m * sine, distance_m * cosine)
}

/// Atmospheric error that all points of a buffer share, mm; the buffer is far smaller than the atmosphere's cells.
/// Zero at the first scene, which is the reference, and at the last, so that the final values stay exact.
pub(super) fn common_error(scatter: &ScatterParameters, random: &mut impl Rng) -> [f64; SCENES] {
    let mut error_mm = std::array::from_fn(|_| scatter.common_mm * normal(random));
    error_mm[0] = 0.0;
    error_mm[SCENES - 1] = 0.0;
    error_mm
}

/// A point's thermal swing and noise plus the common error, mm, relative to the first scene.
pub(super) fn point_error(
    scatter: &ScatterParameters,
    common_mm: &[f64; SCENES],
    random: &mut impl Rng,
) -> [f64; SCENES] {
    let thermal_mm = scatter.thermal_mm * normal(random).abs();
    let noise_mm: [f64; SCENES] = std::array::from_fn(|_| scatter.noise_mm * normal(random));
    let warmth = scene_warmth();
    std::array::from_fn(|scene| {
        common_mm[scene] + noise_mm[scene] - noise_mm[0] - thermal_mm * (warmth[scene] - warmth[0])
    })
}

/// Years of each scene since the first.
pub(super) fn scene_years() -> [f64; SCENES] {
    scene_days().map(|days| f64::from(days) / 365.25)
}

/// Season at each scene: -1 in the cold of 25 January, 1 half a year later.
fn scene_warmth() -> [f64; SCENES] {
    scene_days().map(|days| {
        let day = f64::from((FIRST_SCENE + days.days()).day_of_year());
        -(2.0 * PI * (day - 25.0) / 365.25).cos()
    })
}

/// Final values of all points, mm.
fn finals(drawn: &[Drawn], truth_mm: &[f64; SCENES], spread: f64) -> Vec<f64> {
    let last = SCENES - 1;
    let years = scene_years()[last];
    drawn
        .iter()
        .map(|point| point.subsidence_mm(last, truth_mm[last], years, spread))
        .collect()
}

/// The spread at which the largest final value lies `above_median_mm` above the median, by bisection.
fn spread_for(drawn: &[Drawn], truth_mm: &[f64; SCENES], above_median_mm: f64) -> f64 {
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..60 {
        let spread = f64::midpoint(low, high);
        let finals = finals(drawn, truth_mm, spread);
        let largest = finals.iter().copied().fold(f64::MIN, f64::max);
        if largest - median(&finals) < above_median_mm {
            low = spread;
        } else {
            high = spread;
        }
    }
    low
}
