//! The six wells A-F and seeded variations of them: what is put into the simulation.
//!
//! Names, layers, screens, numbers of ps points and Table 3 values after Cao et al. 2022 (doi:10.11834/jrs.20211297);
//! level parameters are assumed, noise levels fitted so that the attainable error is that of the paper.

use super::Profile;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Aquifer layers of every synthetic well.
pub const LAYERS: usize = 3;

/// An aquifer layer, from the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AquiferLayer {
    /// Phreatic, P in the paper.
    Phreatic,
    /// First confined, C1.
    Confined1,
    /// Second confined, C2.
    Confined2,
}

impl AquiferLayer {
    /// All layers from the top.
    pub const ALL: [Self; LAYERS] = [Self::Phreatic, Self::Confined1, Self::Confined2];

    /// Name in the data files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phreatic => "phreatic",
            Self::Confined1 => "confined1",
            Self::Confined2 => "confined2",
        }
    }
}

/// What drives one layer's water level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelParameters {
    /// Level in October 2010, m above sea level.
    pub level_2010_m: f64,
    /// Decline 1970-1999, m.
    pub decline_to_1999_m: f64,
    /// Decline 1999-2010, m.
    pub decline_to_2010_m: f64,
    /// Trend 2010-10 to 2014-12, m a year, up positive.
    pub trend_m_per_year: f64,
    /// Trend after the arrival of transferred water, m a year, up positive.
    pub late_trend_m_per_year: f64,
    /// Half the yearly swing, m.
    pub amplitude_m: f64,
    /// Month of the lowest level, 1.0 = start of January.
    pub lowest_month: f64,
    /// Half the half-yearly swing, m.
    pub half_year_amplitude_m: f64,
    /// Standard deviation of the weather's part, m.
    pub weather_sd_m: f64,
}

/// Clay of one layer before the well's thickness factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClayParameters {
    /// Beds without delay, m in all.
    pub no_delay_m: f64,
    /// Thickness of one bed with delay, m.
    pub bed_m: f64,
    /// Number of beds with delay.
    pub beds: f64,
    /// Time constant of a bed with delay, years.
    pub tau_years: f64,
    /// Coarse, elastic part, m; not scaled.
    pub coarse_m: f64,
    /// Virgin over elastic storage.
    pub storage_ratio: f64,
    /// How far the preconsolidation level lay below the level of 1970, m.
    pub margin_m: f64,
}

const CLAY: [ClayParameters; LAYERS] = [
    ClayParameters {
        no_delay_m: 2.5,
        bed_m: 3.2,
        beds: 5.5,
        tau_years: 3.0,
        coarse_m: 12.0,
        storage_ratio: 15.0,
        margin_m: 1.0,
    },
    ClayParameters {
        no_delay_m: 3.0,
        bed_m: 4.5,
        beds: 5.0,
        tau_years: 6.0,
        coarse_m: 22.0,
        storage_ratio: 20.0,
        margin_m: 2.0,
    },
    ClayParameters {
        no_delay_m: 5.0,
        bed_m: 6.0,
        beds: 6.0,
        tau_years: 8.0,
        coarse_m: 32.0,
        storage_ratio: 25.0,
        margin_m: 2.0,
    },
];

/// Scatter of the ps points of one well: standard deviations, vertical mm.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(clippy::struct_field_names, reason = "each name carries its unit")]
pub struct ScatterParameters {
    /// White noise of one observation.
    pub noise_mm: f64,
    /// Error common to all points of the well in one scene (atmosphere).
    pub common_mm: f64,
    /// Thermal swing of a point.
    pub thermal_mm: f64,
}

/// Everything that defines one synthetic well.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// Identifier, `A`..`F` or `V00006` and up.
    pub well: String,
    /// Name, marked SYNTHETIC.
    pub name: String,
    /// Geographic position, degrees.
    pub longitude: f64,
    /// Geographic position, degrees.
    pub latitude: f64,
    /// Layers from the top.
    pub level: [LevelParameters; LAYERS],
    /// Layers from the top, scaled to this well.
    pub clay: [ClayParameters; LAYERS],
    /// Each layer's share of the subsidence from the first to the last scene; they sum to one.
    pub share: [f64; LAYERS],
    /// Points in the buffer.
    pub points: usize,
    /// Median subsidence of the points, first to last scene, mm.
    pub median_mm: f64,
    /// Largest subsidence of a point, mm, where published.
    pub maximum_mm: Option<f64>,
    /// Scatter of the points.
    pub scatter: ScatterParameters,
}

/// One line of the table of the six wells.
pub(super) struct Template {
    letter: char,
    longitude: f64,
    latitude: f64,
    pub(super) level: [LevelParameters; LAYERS],
    thickness: f64,
    share: [f64; LAYERS],
    points: usize,
    median_mm: f64,
    maximum_mm: Option<f64>,
    noise_paper_mm: f64,
    noise_field_mm: f64,
    common: f64,
    thermal: f64,
}

/// Number of wells in the table.
pub const TEMPLATES: usize = 6;

const fn level(values: [f64; 9]) -> LevelParameters {
    LevelParameters {
        level_2010_m: values[0],
        decline_to_1999_m: values[1],
        decline_to_2010_m: values[2],
        trend_m_per_year: values[3],
        late_trend_m_per_year: values[4],
        amplitude_m: values[5],
        lowest_month: values[6],
        half_year_amplitude_m: values[7],
        weather_sd_m: values[8],
    }
}

#[rustfmt::skip]
const TABLE: [Template; TEMPLATES] = [
    Template {
        letter: 'A', longitude: 116.50, latitude: 40.12,
        level: [
            level([22.0, 4.0, 6.0, -0.55, -0.15, 0.15, 6.5, 0.04, 0.08]),
            level([9.0, 7.0, 10.0, -1.00, -0.25, 0.50, 5.6, 0.12, 0.18]),
            level([3.0, 8.0, 13.0, -1.35, -0.20, 1.30, 7.8, 0.20, 0.35]),
        ],
        thickness: 0.85, share: [0.27, 0.34, 0.39], points: 15, median_mm: 351.0, maximum_mm: None,
        noise_paper_mm: 1.28, noise_field_mm: 2.0, common: 1.0, thermal: 1.0,
    },
    Template {
        letter: 'B', longitude: 116.54, latitude: 39.97,
        level: [
            level([14.0, 4.0, 6.0, -0.50, -0.05, 0.25, 6.5, 0.06, 0.12]),
            level([-4.0, 8.0, 12.0, -1.30, -0.40, 0.80, 5.5, 0.20, 0.25]),
            level([-14.0, 12.0, 18.0, -2.10, -0.55, 1.10, 7.9, 0.20, 0.40]),
        ],
        thickness: 1.15, share: [0.17, 0.29, 0.54], points: 120, median_mm: 696.0, maximum_mm: Some(768.0),
        noise_paper_mm: 0.74, noise_field_mm: 1.5, common: 1.0, thermal: 1.0,
    },
    Template {
        letter: 'C', longitude: 116.60, latitude: 39.92,
        level: [
            level([12.0, 5.0, 7.0, -0.60, -0.10, 0.25, 6.6, 0.06, 0.12]),
            level([-8.0, 10.0, 13.0, -1.40, -0.50, 0.80, 5.6, 0.20, 0.25]),
            level([-19.0, 14.0, 20.0, -2.60, -0.70, 1.20, 7.8, 0.20, 0.45]),
        ],
        thickness: 1.3, share: [0.14, 0.27, 0.59], points: 40, median_mm: 780.0, maximum_mm: Some(870.0),
        noise_paper_mm: 1.73, noise_field_mm: 2.5, common: 1.0, thermal: 1.0,
    },
    Template {
        letter: 'D', longitude: 116.68, latitude: 39.86,
        level: [
            level([16.0, 3.0, 5.0, -0.35, -0.05, 0.30, 6.8, 0.08, 0.12]),
            level([1.0, 7.0, 9.0, -0.95, -0.30, 0.90, 5.5, 0.25, 0.25]),
            level([-9.0, 10.0, 15.0, -1.75, -0.40, 1.10, 7.6, 0.20, 0.40]),
        ],
        thickness: 1.05, share: [0.13, 0.26, 0.61], points: 25, median_mm: 398.0, maximum_mm: None,
        noise_paper_mm: 1.11, noise_field_mm: 2.0, common: 1.0, thermal: 1.0,
    },
    Template {
        letter: 'E', longitude: 116.44, latitude: 39.88,
        level: [
            level([13.0, 2.0, 3.0, -0.18, -0.02, 0.30, 6.8, 0.08, 0.10]),
            level([6.0, 4.0, 6.0, -0.45, -0.15, 0.60, 5.6, 0.20, 0.18]),
            level([0.0, 6.0, 9.0, -0.85, -0.25, 0.75, 7.7, 0.15, 0.28]),
        ],
        thickness: 0.7, share: [0.13, 0.25, 0.62], points: 151, median_mm: 80.0, maximum_mm: Some(112.0),
        noise_paper_mm: 0.21, noise_field_mm: 1.2, common: 0.3, thermal: 0.35,
    },
    Template {
        letter: 'F', longitude: 116.72, latitude: 40.05,
        level: [
            level([15.0, 3.0, 4.0, -0.40, -0.10, 0.18, 6.6, 0.05, 0.08]),
            level([7.0, 5.0, 7.0, -0.75, -0.25, 0.50, 5.5, 0.12, 0.18]),
            level([2.0, 6.0, 9.0, -0.95, -0.20, 1.20, 7.8, 0.15, 0.30]),
        ],
        thickness: 0.75, share: [0.23, 0.34, 0.43], points: 185, median_mm: 158.0, maximum_mm: Some(199.0),
        noise_paper_mm: 0.92, noise_field_mm: 1.5, common: 1.0, thermal: 1.0,
    },
];

#[cfg(test)]
pub(super) fn template(index: usize) -> &'static Template {
    &TABLE[index]
}

impl Parameters {
    /// One of the six wells, `index` 0..6.
    pub fn of_template(index: usize, profile: Profile) -> Self {
        let template = &TABLE[index];
        Self {
            well: template.letter.to_string(),
            name: format!("SYNTHETIC well {}", template.letter),
            longitude: template.longitude,
            latitude: template.latitude,
            level: template.level,
            clay: scaled_clay(template.thickness),
            share: template.share,
            points: template.points,
            median_mm: template.median_mm,
            maximum_mm: template.maximum_mm,
            scatter: scatter(template, profile),
        }
    }

    /// A seeded variation of one of the six, for data sets of any size; `index` 6 and up.
    ///
    /// Lies on a grid north of the six, about two kilometres apart, so that no two buffers meet.
    pub fn varied(index: usize, profile: Profile, random: &mut impl Rng) -> Self {
        let template = &TABLE[index % TEMPLATES];
        let mut normal =
            || -> f64 { Distribution::<f64>::sample(&StandardNormal, random).clamp(-2.5, 2.5) };
        let mut factor = |spread: f64| (spread * normal()).exp();
        let (row, column) = (index / GRID_COLUMNS, index % GRID_COLUMNS);
        let decline = factor(0.2);
        let level = template.level.map(|level| LevelParameters {
            level_2010_m: level.level_2010_m + 3.0 * factor(0.5).ln(),
            decline_to_1999_m: level.decline_to_1999_m * factor(0.1),
            decline_to_2010_m: level.decline_to_2010_m * factor(0.1),
            trend_m_per_year: level.trend_m_per_year * decline * factor(0.1),
            late_trend_m_per_year: level.late_trend_m_per_year * factor(0.3),
            amplitude_m: level.amplitude_m * factor(0.2),
            lowest_month: level.lowest_month + factor(0.3).ln(),
            half_year_amplitude_m: level.half_year_amplitude_m * factor(0.2),
            weather_sd_m: level.weather_sd_m * factor(0.1),
        });
        let share = template.share.map(|share| share * factor(0.2));
        let sum: f64 = share.iter().sum();
        let thickness = template.thickness * factor(0.1);
        Self {
            well: format!("V{index:05}"),
            name: format!("SYNTHETIC variation of well {}", template.letter),
            longitude: 114.5 + 0.025 * column as f64,
            latitude: 40.3 + 0.02 * row as f64,
            level,
            clay: scaled_clay(thickness),
            share: share.map(|share| share / sum),
            points: ((template.points as f64 * factor(0.3)) as usize).max(10),
            median_mm: template.median_mm * decline * factor(0.1),
            maximum_mm: None,
            scatter: scatter(template, profile),
        }
    }

    /// The same well with the largest share given to `layer` and that layer's share to the one that had the largest.
    pub fn dominated_by(mut self, layer: AquiferLayer) -> Self {
        let largest = (0..LAYERS)
            .max_by(|a, b| self.share[*a].total_cmp(&self.share[*b]))
            .expect("a well has layers");
        self.share.swap(largest, layer as usize);
        self
    }
}

/// Wells in one row of the grid of variations.
const GRID_COLUMNS: usize = 200;

/// Beds of a well with `thickness` times the usual clay; a bed's time constant goes with its thickness squared.
fn scaled_clay(thickness: f64) -> [ClayParameters; LAYERS] {
    let root = thickness.sqrt();
    CLAY.map(|clay| ClayParameters {
        no_delay_m: clay.no_delay_m * thickness,
        bed_m: clay.bed_m * root,
        beds: clay.beds * root,
        tau_years: clay.tau_years * thickness,
        ..clay
    })
}

/// Point-to-point thermal swing and common atmospheric error; E's stack must have been strongly smoothed.
fn scatter(template: &Template, profile: Profile) -> ScatterParameters {
    let (noise_mm, common_mm) = match profile {
        Profile::Paper => (template.noise_paper_mm, 0.35),
        Profile::Field => (template.noise_field_mm, 1.0),
    };
    ScatterParameters {
        noise_mm,
        common_mm: common_mm * template.common,
        thermal_mm: 0.25 * template.thermal,
    }
}
