//! Compaction of one aquifer layer scaled to the subsidence that the paper's tables state.
//!
//! If storage and conductivity of all clay of a layer are multiplied by one factor, time constants stay and the clay's
//! compaction is multiplied by just that factor. So one simulation with unit clay gives the factor without iteration.

use super::calendar::{FIRST_SCENE, SCENES, scene_days};
use super::water_level::{FIRST_YEAR, WaterLevel, decimal_year};
use super::well::ClayParameters;
use amlstm_core::bed::{Boundary, Column, DelayBed, NoDelayBeds, Storage};

/// Cells in half a bed: the degree of consolidation is then within 0.1 % for a falling level.
const CELLS: usize = 20;

/// Time step, days; divides the days between two scenes.
const STEP_DAYS: i32 = 6;

/// Days in a year.
const YEAR_DAYS: f64 = 365.25;

/// Elastic storage of sand, 1/m (Holly site, MODFLOW 6 example ex-gwf-csub-p03: 5.4e-6).
const COARSE_STORAGE_PER_M: f64 = 4e-6;

/// Storage of unit clay, 1/m.
const UNIT_STORAGE_PER_M: f64 = 1e-3;

/// One aquifer layer that compacts as wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct CompactingLayer {
    /// Storage that calibration found.
    pub storage: Storage<f64>,
    /// Vertical conductivity of the delay beds, m/d.
    pub conductivity_m_per_day: f64,
    /// Compaction since the first scene, mm, at each scene.
    pub subsidence_mm: [f64; SCENES],
}

/// Simulates a layer and scales its clay so that it compacts by `target_mm` from the first to the last scene.
pub fn calibrate(clay: &ClayParameters, level: &WaterLevel, target_mm: f64) -> CompactingLayer {
    let (unit_mm, coarse_mm) = simulate(clay, level);
    let factor = (target_mm - coarse_mm[SCENES - 1]) / unit_mm[SCENES - 1];
    let virgin_per_m = factor * UNIT_STORAGE_PER_M;
    CompactingLayer {
        storage: Storage {
            virgin_per_m,
            elastic_per_m: virgin_per_m / clay.storage_ratio,
        },
        conductivity_m_per_day: factor * unit_conductivity(clay),
        subsidence_mm: std::array::from_fn(|scene| factor * unit_mm[scene] + coarse_mm[scene]),
    }
}

/// Conductivity that gives unit clay its time constant, m/d.
fn unit_conductivity(clay: &ClayParameters) -> f64 {
    (clay.bed_m / 2.0).powi(2) * UNIT_STORAGE_PER_M / (clay.tau_years * YEAR_DAYS)
}

/// Elastic compaction of the coarse part of an aquifer layer, m.
fn coarse_compaction_m(elastic_storage_per_m: f64, thickness_m: f64, decline_m: f64) -> f64 {
    elastic_storage_per_m * thickness_m * decline_m
}

/// Compaction, mm, since the first scene of unit clay and of the coarse part.
fn simulate(clay: &ClayParameters, level: &WaterLevel) -> ([f64; SCENES], [f64; SCENES]) {
    let first_scene_year = decimal_year(FIRST_SCENE);
    let year = |step: i32| first_scene_year + f64::from(step * STEP_DAYS) / YEAR_DAYS;
    let spin_up = ((first_scene_year - f64::from(FIRST_YEAR)) * YEAR_DAYS) as i32 / STEP_DAYS;
    let scene_steps = scene_days().map(|days| days / STEP_DAYS);
    let storage = Storage {
        virgin_per_m: UNIT_STORAGE_PER_M,
        elastic_per_m: UNIT_STORAGE_PER_M / clay.storage_ratio,
    };
    let half_bed = Column::new(
        storage,
        unit_conductivity(clay),
        clay.bed_m / 2.0,
        CELLS as u8,
        f64::from(STEP_DAYS),
    );
    let start_m = level.at(year(-spin_up));
    let mut slow = DelayBed::<f64, CELLS>::at_rest(start_m, clay.margin_m);
    let mut fast = NoDelayBeds::at_rest(storage, clay.no_delay_m, start_m, clay.margin_m);
    let first_scene_m = level.at(first_scene_year);

    let mut unit_m = 0.0;
    let mut unit_mm = [0.0; SCENES];
    let mut coarse_mm = [0.0; SCENES];
    let mut scene = 0;
    for step in 1 - spin_up..=scene_steps[SCENES - 1] {
        let level_m = level.at(year(step));
        let boundary = Boundary {
            top_m: level_m,
            bottom_m: None,
        };
        let compaction_m = fast.step(level_m) + 2.0 * clay.beds * slow.step(&half_bed, boundary);
        if step > 0 {
            unit_m += compaction_m;
        }
        if step == scene_steps[scene] {
            unit_mm[scene] = 1e3 * unit_m;
            let decline_m = first_scene_m - level_m;
            coarse_mm[scene] =
                1e3 * coarse_compaction_m(COARSE_STORAGE_PER_M, clay.coarse_m, decline_m);
            scene += 1;
        }
    }
    (unit_mm, coarse_mm)
}

#[cfg(test)]
mod tests {
    use super::super::Profile;
    use super::super::well::{AquiferLayer, Parameters};
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha12Rng;

    /// Well C's layer `layer` with its subsidence of Table 3 and Fig. 9.
    fn layer_of_c(layer: AquiferLayer) -> CompactingLayer {
        let parameters = Parameters::of_template(2, Profile::Paper);
        let index = layer as usize;
        let mut random = ChaCha12Rng::seed_from_u64(3);
        let level = WaterLevel::draw(&parameters.level[index], layer, &mut random);
        calibrate(
            &parameters.clay[index],
            &level,
            parameters.share[index] * parameters.median_mm,
        )
    }

    #[test]
    fn coarse_layers_answer_in_proportion_to_the_decline() {
        assert!((coarse_compaction_m(4e-6, 32.0, 10.0) - 1.28e-3).abs() < 1e-12);
    }

    #[test]
    fn a_layer_compacts_by_exactly_what_was_asked() {
        let layer = layer_of_c(AquiferLayer::Confined2);
        assert_eq!(layer.subsidence_mm[0], 0.0);
        assert!((layer.subsidence_mm[SCENES - 1] - 0.59 * 780.0).abs() < 1e-9);
    }

    #[test]
    fn calibrated_clay_has_the_storage_of_clay() {
        // Reference realisation: 1.39e-3, 8.9e-4 and 7.3e-4 1/m; another draw of the levels moves them by some per cent.
        for (layer, expected) in AquiferLayer::ALL
            .into_iter()
            .zip([1.39e-3, 8.93e-4, 7.29e-4])
        {
            let found = layer_of_c(layer).storage.virgin_per_m;
            assert!((found / expected - 1.0).abs() < 0.2, "{layer:?} {found}");
        }
    }
}
